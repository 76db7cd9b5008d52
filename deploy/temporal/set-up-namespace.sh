#!/bin/sh
# Makes the namespace, sets how long closed runs are kept and registers the search attributes. Safe to run again.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where; SEARCH_ATTRIBUTES holds pairs such as "Stage=Keyword DueOn=Datetime".
set -eu
: "${TEMPORAL_ADDRESS:?}" "${TEMPORAL_NAMESPACE:?}" "${RETENTION:?}" "${SEARCH_ATTRIBUTES:?}"
export TEMPORAL_ADDRESS

# Tries a command for a minute: the server needs some seconds to start, and to see a new namespace.
try() {
    attempt=1
    until output=$("$@" 2>&1); do
        if [ "$attempt" -ge 30 ]; then
            printf '%s\n' "$output" >&2
            exit 1
        fi
        attempt=$((attempt + 1))
        sleep 2
    done
}

try temporal operator cluster health
if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" >/dev/null 2>&1; then
    try temporal operator namespace update --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
else
    try temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
fi

for pair in $SEARCH_ATTRIBUTES; do
    try temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" --name "${pair%%=*}" --type "${pair#*=}"
done
echo "Namespace $TEMPORAL_NAMESPACE is ready."
