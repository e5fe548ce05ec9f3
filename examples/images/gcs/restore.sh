#!/bin/sh
# Brings back what backup.sh stored in a bucket of Google Cloud Storage, or lists it.
set -eu
umask 077

bucket=${GCS_BUCKET:?is missing in env: the bucket, and a folder in it if you like (my-bucket/marina)}
export RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_CREDENTIALS="${GCS_KEY:?is missing in env: the JSON key of a service account that may read, write and delete objects there}"
export RCLONE_CONFIG_STORE_TYPE='google cloud storage' RCLONE_CONFIG_STORE_ENDPOINT="${GCS_ENDPOINT-}"
export RCLONE_GCS_BUCKET_POLICY_ONLY=true RCLONE_GCS_NO_CHECK_BUCKET=true

# From here on the scripts of s3, gcs and azure-blob are the same.
export RCLONE_CONFIG='' RCLONE_CONTIMEOUT=15s RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES="${tries:-3}"
folder=store:$bucket/$MARINA_INSTANCE_ID work=$(mktemp -d)
fail() { echo "$*" >&2 && exit 1; }

# A backup is there when its checksum is: that is stored last.
timeout 120 rclone lsf "$folder" >"$work/names" || fail "The backups of $MARINA_INSTANCE_ID in $bucket cannot be listed; rclone says why above."
sed -nE 's/^([0-9]{8}-[0-9]{6}(\.partial)?)\.sha256$/\1/p' "$work/names" | sort >"$work/points"
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  sed -E "s|^(....)(..)(..)-(..)(..)(..)(.*)|& \1-\2-\3T\4:\5:\6Z\7 in $bucket|; s|Z\.partial |Z partial |" "$work/points"
  exit
fi

point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(grep -v partial "$work/points" | tail -n 1)
grep -qxF -e "$point" "$work/points" || fail "$bucket has no backup \"$MARINA_RESTORE_POINT\" of $MARINA_INSTANCE_ID. It has: $(tr '\n' ' ' <"$work/points")"
mkfifo "$work/copy"
sha256sum <"$work/copy" >"$work/sum" &
summing=$!
{ rclone cat "$folder/$point.tar.gz" && touch "$work/read"; } | { tee "$work/copy" && touch "$work/sent"; } |
  tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf - -C "$MARINA_RESTORE_DIR" || fail "$point.tar.gz cannot be unpacked; the reason stands above."
{ [ -e "$work/read" ] && [ -e "$work/sent" ]; } || fail "$point.tar.gz cannot be read to its end; the reason stands above."
wait "$summing"
rclone cat "$folder/$point.sha256" | cut -c 1-64 >"$work/stored"
[ "$(cut -c 1-64 "$work/sum")" = "$(cat "$work/stored")" ] || fail "$point.tar.gz is not what was stored: its checksum differs."
echo "Restored $bucket/$MARINA_INSTANCE_ID/$point.tar.gz." >&2
