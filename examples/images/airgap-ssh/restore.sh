#!/bin/sh
# Brings back what backup.sh stored on another machine, or lists it.
set -eu
umask 077

host=${SSH_HOST:?is missing in env: user and name of the other machine (backup@nas.example.com)}
folder=${SSH_FOLDER:-marina}/$MARINA_INSTANCE_ID work=$(mktemp -d)
fail() { echo "$*" >&2 && exit 1; }
case $folder in *[!A-Za-z0-9_./-]*) fail "SSH_FOLDER may hold letters, digits and _./- only." ;; esac
printf '%s\n' "${SSH_KEY:?is missing in env: a private key without a passphrase}" >"$work/key"
printf '%s\n' "${SSH_KNOWN_HOSTS:?is missing in env: the line that ssh-keyscan prints for the other machine}" >"$work/hosts"
there() { ssh -i "$work/key" -p "${SSH_PORT:-22}" -o UserKnownHostsFile="$work/hosts" -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 "$host" "set -eu; $*"; }

# A backup is there when its checksum is: that is stored last.
there "! test -d '$folder' || ls '$folder'" >"$work/names" || fail "$host cannot be asked for its backups; ssh says why above."
sed -nE 's/^([0-9]{8}-[0-9]{6}(\.partial)?)\.sha256$/\1/p' "$work/names" | sort >"$work/points"
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  sed -E "s|^(....)(..)(..)-(..)(..)(..)(.*)|& \1-\2-\3T\4:\5:\6Z\7 on $host|; s|Z\.partial |Z partial |" "$work/points"
  exit
fi

point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(grep -v partial "$work/points" | tail -n 1)
grep -qxF -e "$point" "$work/points" || fail "$host has no backup \"$MARINA_RESTORE_POINT\" of $MARINA_INSTANCE_ID. It has: $(tr '\n' ' ' <"$work/points")"
mkfifo "$work/copy"
sha256sum <"$work/copy" >"$work/sum" &
summing=$!
{ there "cat '$folder/$point.tar.gz'" && touch "$work/read"; } | { tee "$work/copy" && touch "$work/sent"; } |
  tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf - -C "$MARINA_RESTORE_DIR" || fail "$point.tar.gz cannot be unpacked; the reason stands above."
{ [ -e "$work/read" ] && [ -e "$work/sent" ]; } || fail "$point.tar.gz cannot be read to its end; the reason stands above."
wait "$summing"
[ "$(cut -c 1-64 "$work/sum")" = "$(there "cut -c 1-64 '$folder/$point.sha256'")" ] || fail "$point.tar.gz is not what was stored: its checksum differs."
echo "Restored $host:$folder/$point.tar.gz." >&2
