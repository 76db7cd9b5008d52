#!/bin/sh
# Runs once, when PostgreSQL starts on an empty volume: two owners, each with its own databases and nothing else.
set -eu
: "${DATABASE_PASSWORD:?}" "${TEMPORAL_DATABASE_PASSWORD:?}"

psql --no-psqlrc --set ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv dunwell_password DATABASE_PASSWORD
\getenv temporal_password TEMPORAL_DATABASE_PASSWORD
CREATE ROLE dunwell LOGIN PASSWORD :'dunwell_password';
CREATE ROLE temporal LOGIN PASSWORD :'temporal_password';
CREATE DATABASE dunwell OWNER dunwell;
CREATE DATABASE temporal OWNER temporal;
CREATE DATABASE temporal_visibility OWNER temporal;
REVOKE ALL ON DATABASE dunwell, temporal, temporal_visibility FROM PUBLIC;
SQL
