#!/bin/sh
# Stores this run as one archive in a bucket of Google Cloud Storage: INSTANCE/TIME.tar.gz, and its checksum.
set -eu
umask 077

bucket=${GCS_BUCKET:?is missing in env: the bucket, and a folder in it if you like (my-bucket/marina)}
export RCLONE_CONFIG_STORE_SERVICE_ACCOUNT_CREDENTIALS="${GCS_KEY:?is missing in env: the JSON key of a service account that may read, write and delete objects there}"
export RCLONE_CONFIG_STORE_TYPE='google cloud storage' RCLONE_CONFIG_STORE_ENDPOINT="${GCS_ENDPOINT-}"
export RCLONE_GCS_BUCKET_POLICY_ONLY=true RCLONE_GCS_NO_CHECK_BUCKET=true

# From here on the scripts of s3, gcs and azure-blob are the same.
export RCLONE_CONFIG='' RCLONE_CONTIMEOUT=15s RCLONE_RETRIES=1 RCLONE_LOW_LEVEL_RETRIES="${tries:-3}"
folder=store:$bucket/$MARINA_INSTANCE_ID point=$MARINA_TIMESTAMP${MARINA_PARTIAL:+.partial} work=$(mktemp -d)
fail() { echo "$*" >&2 && exit 1; }

# Prints which of the times on stdin MARINA_RETENTION keeps: 7d:4w:6m is the last backup of each of the 7 last days, 4 weeks, 6 months.
# Partial ones (TIME.partial) are counted apart, so that none takes the place of a whole one.
kept() {
  sort -ru | awk -v rule="$MARINA_RETENTION" '
    function week(t,  m) { m = substr(t, 5, 2) + 9; t = (substr(t, 1, 4) - (m < 12)) " " m % 12 " " substr(t, 7, 2); split(t, at, " ")
      return int((365 * at[1] + int(at[1] / 4) - int(at[1] / 100) + int(at[1] / 400) + int((153 * at[2] + 2) / 5) + at[3] + 1) / 7) }
    BEGIN { rules = split(rule, part, ":") }
    { keep = 0; kind = substr($0, 16)
      for (i = 1; i <= rules; i++) {
        unit = part[i] ~ /[a-z]$/ ? substr(part[i], length(part[i])) : substr("dwm", i, 1)
        span = unit == "w" ? week($0) : substr($0, 1, unit == "h" ? 11 : unit == "d" ? 8 : unit == "m" ? 6 : 4)
        if (!((i, kind, span) in seen)) { seen[i, kind, span]; if (++count[i, kind] <= part[i] + 0) keep = 1 }
      }
      if (keep) print }
    END { exit !NR }'
}

timeout 120 rclone lsf "store:$bucket" >"$work/top" || fail "$bucket cannot be listed within 2 minutes; rclone says why above. Nothing was stored."

# An archive without its checksum is incomplete: the checksum is stored last. The marks tell that the left sides of the pipe succeeded.
mkfifo "$work/copy"
sha256sum <"$work/copy" >"$work/sum" &
summing=$!
{ tar --xattrs --acls --numeric-owner -C "$MARINA_BACKUP_DIR" -czf - . && touch "$work/read"; } |
  { tee "$work/copy" && touch "$work/sent"; } | rclone rcat "$folder/$point.tar.gz" ||
  fail "The upload of $point.tar.gz to $bucket failed; rclone says why above. It has no checksum, so it does not count as a backup."
if ! [ -e "$work/read" ] || ! [ -e "$work/sent" ]; then
  rclone deletefile "$folder/$point.tar.gz" || true
  fail "tar failed; it says why above. Nothing was stored."
fi
wait "$summing"
added=$(rclone lsf --format s "$folder/$point.tar.gz" | grep .) || fail "$point.tar.gz cannot be found where it was stored; rclone says why above. It has no checksum, so it does not count as a backup."
sed "s/-/$point.tar.gz/" "$work/sum" | rclone rcat "$folder/$point.sha256" || fail "The checksum of $point.tar.gz could not be stored; rclone says why above."
echo "Stored $bucket/$MARINA_INSTANCE_ID/$point.tar.gz ($added bytes)."

if [ -n "${MARINA_PARTIAL-}" ]; then
  echo "Nothing old is deleted, since this backup lacks: ${MARINA_FAILED_TARGETS-}"
else
  rclone lsf "$folder" >"$work/names" || fail "The new backup is stored, but the old ones cannot be listed; rclone says why above."
  sed -nE 's/^([0-9]{8}-[0-9]{6}(\.partial)?)\.sha256$/\1/p' "$work/names" | kept >"$work/kept" || fail "The new backup is stored; which old ones to keep cannot be told, so none is deleted."
  echo "$point" >>"$work/kept"
  grep -E '^[0-9]{8}-[0-9]{6}(\.partial)?\.(sha256|tar\.gz)$' "$work/names" | sort | grep -vFf "$work/kept" >"$work/old" || true
  while read -r old; do rclone deletefile "$folder/$old" || fail "The new backup is stored, but $old cannot be deleted."; done <"$work/old"
fi
[ -z "${MARINA_RESULT-}" ] || find "$MARINA_BACKUP_DIR" -type f -printf '%s\n' | awk -v added="$added" -v point="$point" -v url="$bucket/$MARINA_INSTANCE_ID" '
  { bytes += $1 } END { printf "{\"bytes\":%.0f,\"files\":%d,\"added_bytes\":%s,\"snapshot\":\"%s\",\"text\":\"in %s\"}\n", bytes, NR, added, point, url }' >"$MARINA_RESULT" || true
