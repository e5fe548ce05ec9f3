#!/bin/sh
# An example of a backup: waits, lists what it was given, and fails one time in four.
#
#   WAIT_SECONDS   how long the "work" takes      (default 10)
#   FAIL_PERCENT   how often it fails, 0 to 100   (default 25)
set -eu

wait_seconds=${WAIT_SECONDS:-10}
fail_percent=${FAIL_PERCENT:-25}

echo "Instance:  ${MARINA_INSTANCE_ID:-unknown}"
echo "Host:      ${MARINA_HOSTNAME:-unknown}"
echo "Directory: ${MARINA_BACKUP_DIR:-/backup}"
echo "Retention: ${MARINA_RETENTION:-not given}"
# Your own variables arrive too. A secret is never printed: only whether it is there.
echo "Endpoint:  ${BACKUP_ENDPOINT:-not given}"
echo "Token:     ${BACKUP_TOKEN:+given}"

if [ ! -d /backup ]; then
  echo "there is no /backup: start me through Marina, or mount something there" >&2
  exit 1
fi
if [ "${MARINA_PARTIAL:-}" ]; then
  echo "not everything could be staged, these are missing: ${MARINA_FAILED_TARGETS:-}" >&2
fi

echo
echo "What is to be backed up:"
ls -lAR /backup

echo
echo "Working for $wait_seconds seconds ..."
second=0
while [ "$second" -lt "$wait_seconds" ]; do
  sleep 1
  second=$((second + 1))
  echo "  $second of $wait_seconds"
done

dice=$(od -An -N2 -tu2 /dev/urandom | tr -d ' \n')
if [ $((dice % 100)) -lt "$fail_percent" ]; then
  echo "The backup failed (on purpose: FAIL_PERCENT=$fail_percent)." >&2
  exit 1
fi
echo "The backup succeeded."
