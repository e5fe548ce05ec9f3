#!/bin/sh
# Stores this run as one archive on another machine, by ssh alone: FOLDER/INSTANCE/TIME.tar.gz, and its checksum.
set -eu
umask 077

host=${SSH_HOST:?is missing in env: user and name of the other machine (backup@nas.example.com)}
folder=${SSH_FOLDER:-marina}/$MARINA_INSTANCE_ID point=$MARINA_TIMESTAMP${MARINA_PARTIAL:+.partial} work=$(mktemp -d)
fail() { echo "$*" >&2 && exit 1; }
case $folder in *[!A-Za-z0-9_./-]*) fail "SSH_FOLDER may hold letters, digits and _./- only." ;; esac
printf '%s\n' "${SSH_KEY:?is missing in env: a private key without a passphrase}" >"$work/key"
printf '%s\n' "${SSH_KNOWN_HOSTS:?is missing in env: the line that ssh-keyscan prints for the other machine}" >"$work/hosts"
there() { ssh -i "$work/key" -p "${SSH_PORT:-22}" -o UserKnownHostsFile="$work/hosts" -o BatchMode=yes -o ConnectTimeout=15 -o ServerAliveInterval=15 "$host" "set -eu; $*"; }

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

there "umask 077; mkdir -p '$folder'; rm -f '$folder'/*.part" || fail "$host cannot be reached, or lets nothing be written; ssh says why above. Nothing was stored."

# The other machine computes the checksum of what it wrote to its disk. Only then does the archive get its name, and the checksum last.
mkfifo "$work/copy"
sha256sum <"$work/copy" >"$work/sum" &
summing=$!
{ tar --xattrs --acls --numeric-owner -C "$MARINA_BACKUP_DIR" -czf - . && touch "$work/read"; } |
  { tee "$work/copy" && touch "$work/sent"; } | there "umask 077; cat >'$folder/$point.part'; sync '$folder/$point.part'" ||
  fail "The archive could not be sent to $host, or written there; the reason stands above. Nothing counts as stored."
{ [ -e "$work/read" ] && [ -e "$work/sent" ]; } || fail "tar failed; it says why above. Nothing was stored."
wait "$summing"
sum=$(cut -c 1-64 "$work/sum")
there "cd '$folder'; echo '$sum  $point.part' | sha256sum -c >/dev/null; mv '$point.part' '$point.tar.gz'
  echo '$sum  $point.tar.gz' >'$point.sha256.part'; mv '$point.sha256.part' '$point.sha256'; ls; wc -c <'$point.tar.gz'" >"$work/names" ||
  fail "What $host has written is not what was sent (or it cannot be asked); the reason stands above. Nothing counts as stored."
added=$(tail -n 1 "$work/names" | tr -d ' ')
echo "Stored $host:$folder/$point.tar.gz ($added bytes)."

if [ -n "${MARINA_PARTIAL-}" ]; then
  echo "Nothing old is deleted, since this backup lacks: ${MARINA_FAILED_TARGETS-}"
else
  sed -nE 's/^([0-9]{8}-[0-9]{6}(\.partial)?)\.sha256$/\1/p' "$work/names" | kept >"$work/kept" || fail "The new backup is stored; which old ones to keep cannot be told, so none is deleted."
  echo "$point" >>"$work/kept"
  grep -E '^[0-9]{8}-[0-9]{6}(\.partial)?\.(sha256|tar\.gz)$' "$work/names" | sort | grep -vFf "$work/kept" >"$work/old" || true
  # shellcheck disable=SC2046 # names without blanks
  [ ! -s "$work/old" ] || there "cd '$folder'; rm -f" $(cat "$work/old") || fail "The new backup is stored, but old ones cannot be deleted; ssh says why above."
fi
[ -z "${MARINA_RESULT-}" ] || find "$MARINA_BACKUP_DIR" -type f -printf '%s\n' | awk -v added="$added" -v point="$point" -v place="$host:$folder" '
  { bytes += $1 } END { printf "{\"bytes\":%.0f,\"files\":%d,\"added_bytes\":%s,\"snapshot\":\"%s\",\"text\":\"in %s\"}\n", bytes, NR, added, point, place }' >"$MARINA_RESULT" || true
