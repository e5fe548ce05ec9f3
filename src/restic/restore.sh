#!/bin/sh
# The restore of an instance with `repository`: fills MARINA_RESTORE_DIR with what the run's directory held, or lists the points.
# It needs sh, restic, and the small tools that BusyBox has.
set -u
umask 077
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export RESTIC_CACHE_DIR="${RESTIC_CACHE_DIR-/tmp/restic-cache}"

# The instance's snapshots, oldest first, one a line. Time is the first field of restic's JSON.
restic snapshots --json --host "$MARINA_HOSTNAME" --tag "instance:$MARINA_INSTANCE_ID" --tag "partial:$MARINA_INSTANCE_ID" >"$work/json" || {
  code=$?
  echo "the snapshots of instance $MARINA_INSTANCE_ID and host $MARINA_HOSTNAME could not be listed" >&2
  exit "$code"
}
sed 's/{"time":"/\
&/g' <"$work/json" | sed -n 's/^{"time":"\([^"]*\)".*"tags":\[\([^]]*\)\].*"short_id":"\([0-9a-f]*\)".*/\3 \1 \2/p' |
  sed 's/"instance:[^"]*",*//; s/"partial:[^"]*",*/partial /; s/"//g; s/,/ /g' >"$work/points"

if [ -n "${MARINA_RESTORE_LIST-}" ]; then
  cat "$work/points"
  exit 0
fi

point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(tail -n 1 "$work/points" | cut -d ' ' -f 1)
grep -q "^${point:-none} " "$work/points" || {
  echo "instance $MARINA_INSTANCE_ID has no snapshot ${point:-at all} of host $MARINA_HOSTNAME in this repository" >&2
  exit 1
}
restic restore "$point" --target "$MARINA_RESTORE_DIR" >&2
