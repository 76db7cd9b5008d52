#!/bin/sh
# Brings Temporal's two databases to the schema of this version of its tools. Safe to run again: a schema that is
# there already is only updated. The databases exist and belong to SQL_USER; the tool reads SQL_PASSWORD by itself.
set -eu
: "${SQL_HOST:?}" "${SQL_PORT:?}" "${SQL_USER:?}" "${SQL_PASSWORD:?}"

# set_up DATABASE SCHEMA
set_up() {
    for step in "setup-schema -v 0.0" "update-schema -d /etc/temporal/schema/postgresql/v12/$2/versioned"; do
        # shellcheck disable=SC2086 # a step is several words
        temporal-sql-tool --plugin postgres12 --ep "$SQL_HOST" -p "$SQL_PORT" -u "$SQL_USER" --db "$1" $step
    done
}

set_up temporal temporal
set_up temporal_visibility visibility
