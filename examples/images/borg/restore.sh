#!/bin/sh
# Brings back what backup.sh stored in a Borg repository, or lists it.
set -eu
umask 077

name=$MARINA_INSTANCE_ID work=$(mktemp -d)
# Borg can miss the last words of ssh, so ssh writes them to a file.
fail() {
  [ ! -e "$work/ssh" ] || cat "$work/ssh" >&2
  echo "$*" >&2 && exit 1
}
export BORG_REPO="${BORG_REPO:?is missing in env: the repository (ssh://backup@nas.example.com/./shop.borg)}"
: "${BORG_PASSPHRASE:?is missing in env: the passphrase of the repository}"
printf '%s\n' "${SSH_KEY:?is missing in env: a private key without a passphrase}" >"$work/key"
printf '%s\n' "${SSH_KNOWN_HOSTS:?is missing in env: the line that ssh-keyscan prints for the other machine}" >"$work/hosts"
export BORG_RSH="ssh -E $work/ssh -i $work/key -o UserKnownHostsFile=$work/hosts -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15"
export BORG_RELOCATED_REPO_ACCESS_IS_OK=yes BORG_EXIT_CODES=legacy
# A repository that another run uses is waited for. Its lock ends with that run's connection, also if the run was killed.
borg() { what=$1 && shift && command borg "$what" --lock-wait "${BORG_LOCK_WAIT:-600}" "$@"; }

# A repository that is not there yet gives an empty list.
if ! borg list --short >"$work/names" 2>"$work/said" && ! grep -q '^Repository .* does not exist\.$' "$work/said"; then
  cat "$work/said" >&2
  ! grep -q 'Failed to create/acquire the lock' "$work/said" || fail "The repository $BORG_REPO is locked: another run uses it, and has not ended within ${BORG_LOCK_WAIT:-600} seconds."
  fail "The repository $BORG_REPO cannot be opened; Borg says why above."
fi
sed -nE "s/^$(echo "$name" | sed 's/\./\\./g')-([0-9]{8}-[0-9]{6}(\.partial)?)$/\1/p" "$work/names" | sort >"$work/points"
if [ "${MARINA_RESTORE_LIST-}" = 1 ]; then
  sed -E "s|^(....)(..)(..)-(..)(..)(..)(.*)|& \1-\2-\3T\4:\5:\6Z\7 archive $name-&|; s|Z\.partial |Z partial |" "$work/points"
  exit
fi

point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(grep -v partial "$work/points" | tail -n 1)
grep -qxF -e "$point" "$work/points" || fail "$BORG_REPO has no backup \"$MARINA_RESTORE_POINT\" of $name. It has: $(tr '\n' ' ' <"$work/points")"
cd "$MARINA_RESTORE_DIR"
borg extract --numeric-ids "::$name-$point" || fail "$name-$point cannot be brought back as it was; Borg says why above."
echo "Restored $name-$point." >&2
