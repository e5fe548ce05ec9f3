#!/bin/sh
# Brings back what backup.sh stored encrypted, or lists it. A list needs no private key.
set -eu
umask 077

store=${DESTINATION:?is missing in env: a remote of RCLONE_CONF and a folder there (cloud:my-bucket/marina), or a mounted folder (/archive)}
work=$(mktemp -d)
export RCLONE_CONFIG="$work/rclone.conf" RCLONE_CONTIMEOUT=15s RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES=5
printf '%s\n' "${RCLONE_CONF-}" >"$RCLONE_CONFIG"
case $store in *:) folder=$store$MARINA_INSTANCE_ID ;; *) folder=${store%/}/$MARINA_INSTANCE_ID ;; esac
fail() { echo "$*" >&2 && exit 1; }

# A backup is there when its checksum is: that is stored last. (rclone ends with 3 where the folder is not there yet.)
timeout 120 rclone lsf "$folder" >"$work/names" || { [ $? = 3 ] && rclone lsf "$store" >"$work/top"; } || fail "The backups of $MARINA_INSTANCE_ID in $store cannot be listed; rclone says why above."
sed -nE 's/^([0-9]{8}-[0-9]{6}(\.partial)?)\.sha256$/\1/p' "$work/names" | sort >"$work/points"
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  sed -E "s|^(....)(..)(..)-(..)(..)(..)(.*)|& \1-\2-\3T\4:\5:\6Z\7 in $store|; s|Z\.partial |Z partial |" "$work/points"
  exit
fi

point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(grep -v partial "$work/points" | tail -n 1)
grep -qxF -e "$point" "$work/points" || fail "$store has no backup \"$MARINA_RESTORE_POINT\" of $MARINA_INSTANCE_ID. It has: $(tr '\n' ' ' <"$work/points")"
printf '%s\n' "${AGE_IDENTITY:?is missing in env: the private key, AGE-SECRET-KEY-1… Only a restore needs it}" >"$work/identity"
mkfifo "$work/copy"
sha256sum <"$work/copy" >"$work/sum" &
summing=$!
{ rclone cat "$folder/$point.tar.gz.age" && touch "$work/read"; } | { tee "$work/copy" && touch "$work/sent"; } |
  { age -d -i "$work/identity" && touch "$work/opened"; } | tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf - -C "$MARINA_RESTORE_DIR" || fail "$point.tar.gz.age cannot be unpacked; the reason stands above."
{ [ -e "$work/read" ] && [ -e "$work/sent" ] && [ -e "$work/opened" ]; } || fail "$point.tar.gz.age cannot be read to its end; the reason stands above."
wait "$summing"
rclone cat "$folder/$point.sha256" | cut -c 1-64 >"$work/stored"
[ "$(cut -c 1-64 "$work/sum")" = "$(cat "$work/stored")" ] || fail "$point.tar.gz.age is not what was stored: its checksum differs."
echo "Restored $store/$MARINA_INSTANCE_ID/$point.tar.gz.age." >&2
