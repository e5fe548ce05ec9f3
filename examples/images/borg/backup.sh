#!/bin/sh
# Stores this run as an archive of a Borg repository, by ssh: INSTANCE-TIME. Only what changed is sent.
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
# The cache is this instance's alone, which never runs twice at a time: a lock in it is one of a run that was killed.
export BORG_CACHE_DIR="${HOME:-/root}/.cache/borg/$name"
rm -rf "$BORG_CACHE_DIR"/*/lock.exclusive "$BORG_CACHE_DIR"/*/lock.roster
point=$MARINA_TIMESTAMP${MARINA_PARTIAL:+.partial}

# Only a repository that is not there is made: a wrong passphrase or a machine that does not answer is another matter.
if ! borg info >/dev/null 2>"$work/said"; then
  if ! grep -q '^Repository .* does not exist\.$' "$work/said"; then
    cat "$work/said" >&2
    ! grep -q 'Failed to create/acquire the lock' "$work/said" || fail "The repository $BORG_REPO is locked: another run uses it, and has not ended within ${BORG_LOCK_WAIT:-600} seconds. Nothing was stored."
    fail "The repository $BORG_REPO cannot be opened; Borg says why above. Nothing was stored."
  fi
  borg init -e repokey-blake2 || fail "The repository $BORG_REPO cannot be made; Borg says why above."
fi

# Borg ends with 1 where it could not read a file, or a file changed meanwhile. So the archive gets the name of a backup only after code 0.
cd "$MARINA_BACKUP_DIR"
code=0
borg create --json --numeric-ids "::$name-$point.unfinished" . >"$work/stats" || code=$?
if [ "$code" = 1 ]; then borg delete "::$name-$point.unfinished" || true; fi
[ "$code" = 0 ] || fail "Borg ended with $code and says why above. Nothing counts as stored."
borg rename "::$name-$point.unfinished" "$name-$point" || fail "The archive is complete, but cannot be renamed to $name-$point; Borg says why above. It does not count."
number() { sed -nE "s/^ *\"$1\": ([0-9]+),?$/\1/p" "$work/stats" | head -n 1; }
echo "Stored $name-$point: $(number nfiles) files, $(number original_size) bytes, $(number deduplicated_size) of them new."

if [ -n "${MARINA_PARTIAL-}" ]; then
  echo "Nothing old is deleted, since this backup lacks: ${MARINA_FAILED_TARGETS-}"
else
  # 7d:4w:6m becomes --keep-daily 7 --keep-weekly 4 --keep-monthly 6
  keep=$(echo "$MARINA_RETENTION" | awk -F: '{ for (i = 1; i <= NF; i++) { unit = $i ~ /[a-z]$/ ? substr($i, length($i)) : substr("dwm", i, 1)
    if ($i + 0 > 0) printf "--keep-%s %d ", unit == "h" ? "hourly" : unit == "d" ? "daily" : unit == "w" ? "weekly" : unit == "m" ? "monthly" : "yearly", $i } }')
  day='[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]' time='[0-9][0-9][0-9][0-9][0-9][0-9]'
  for kind in '' .partial; do # apart, so that no partial backup takes the place of a whole one
    # shellcheck disable=SC2086 # words
    borg prune --glob-archives "$name-$day-$time$kind" $keep || fail "The new backup is stored, but the old ones cannot be pruned; Borg says why above."
  done
  borg list --consider-checkpoints --short --glob-archives "$name-$day-$time*.unfinished*" >"$work/unfinished" || fail "The new backup is stored, but the archives cannot be listed; Borg says why above."
  while read -r old; do borg delete "::$old" || fail "The new backup is stored, but $old cannot be deleted."; done <"$work/unfinished"
  borg compact || fail "The new backup is stored, but the repository cannot be compacted; Borg says why above."
fi
[ -z "${MARINA_RESULT-}" ] || printf '{"bytes":%s,"files":%s,"added_bytes":%s,"snapshot":"%s"}\n' "$(number original_size)" "$(number nfiles)" \
  "$(number deduplicated_size)" "$name-$point" >"$MARINA_RESULT" || true
