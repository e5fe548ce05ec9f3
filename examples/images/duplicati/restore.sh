#!/bin/sh
# Brings back what backup.sh stored by Duplicati, or lists it. It needs no local database.
set -eu
umask 077
target=${DUPLICATI_TARGET:?is missing in env: the address of the storage, as Duplicati writes it (file:///archive/shop, s3://…)}
export PASSPHRASE="${DUPLICATI_PASSPHRASE:?is missing in env: the passphrase that encrypts the backups}" PATH="$PATH:/opt/duplicati" TZ=UTC
work=$(mktemp -d)
fail() { echo "$*" >&2 && exit 1; }

# Duplicati counts versions from the newest, 0: "0 : 11/27/2026 2:17:00 AM (12 files, 1.2 MB)". Their numbers change every night, so the time is the id.
code=0
duplicati-cli find "$target" --no-local-db=true --disable-module=console-password-input >"$work/said" || code=$?
if [ "$code" -gt 1 ]; then
  cat "$work/said" >&2
  fail "Duplicati cannot list what is stored; it says why above."
fi
awk '$1 ~ /^[0-9]+$/ && $2 == ":" && split($3, day, "/") == 3 && split($4, time, ":") == 3 {
  hour = time[1] % 12 + ($5 == "PM" ? 12 : 0); if ($5 != "AM" && $5 != "PM") hour = time[1]
  printf "%04d%02d%02d-%02d%02d%02d %04d-%02d-%02dT%02d:%02d:%02dZ version %d\n", day[3], day[1], day[2], hour, time[2], time[3], day[3], day[1], day[2], hour, time[2], time[3], $1
}' "$work/said" | sort >"$work/points"
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  cat "$work/points"
  exit
fi

version=0
if [ "$MARINA_RESTORE_POINT" != latest ]; then
  version=$(awk -v point="$MARINA_RESTORE_POINT" '$1 == point { print $4 }' "$work/points")
  [ -n "$version" ] || fail "There is no backup \"$MARINA_RESTORE_POINT\". There are: $(cut -d ' ' -f 1 "$work/points" | tr '\n' ' ')"
fi
code=0
duplicati-cli restore "$target" "*" --restore-path="$MARINA_RESTORE_DIR" --restore-permissions=true --version="$version" --no-local-db=true \
  --disable-module=console-password-input >&2 || code=$?
[ "$code" -le 1 ] || fail "Duplicati ended with $code and says why above: not everything came back."
