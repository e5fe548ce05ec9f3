#!/bin/sh
# Brings back an archive that backup.sh stored in /archive, or lists them.
set -eu
folder=/archive/$MARINA_INSTANCE_ID
points=$(find "$folder" -maxdepth 1 -type f 2>/dev/null | sed -nE 's|.*/([0-9]{8}-[0-9]{6}(\.partial)?)\.tar\.gz$|\1|p' | sort)
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  [ -d /archive ] || { echo "/archive is not mounted." >&2 && exit 1; }
  printf '%s' "${points:+$points
}" | sed -E "s|^(....)(..)(..)-(..)(..)(..)(.*)|& \1-\2-\3T\4:\5:\6Z\7 in $folder|; s|Z\.partial |Z partial |"
  exit
fi
point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(printf '%s\n' "$points" | grep -v partial | tail -n 1)
printf '%s\n' "$points" | grep -xF -e "${point:-none}" >/dev/null || {
  echo "$folder has no backup \"$MARINA_RESTORE_POINT\". It has: $points" >&2
  exit 1
}
tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf "$folder/$point.tar.gz" -C "$MARINA_RESTORE_DIR"
echo "Restored $folder/$point.tar.gz." >&2
