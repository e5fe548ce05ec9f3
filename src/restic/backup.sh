#!/bin/sh
# The backup of an instance with `repository`: restic's init, backup, forget and check, and what they say in plain words.
# It needs sh, restic, and the small tools that BusyBox has. docs/restic.md says what it does and why.
set -u
umask 077

# An instance's snapshots carry its tag. One that lacks something carries the other tag, so that it never takes the place of a whole one.
whole=instance:$MARINA_INSTANCE_ID
partial=partial:$MARINA_INSTANCE_ID

# days are those of UTC, whatever TZ says
export TZ=UTC

# `restic unlock` removes the lock of a dead process 30 minutes after its last sign of life. This is a little longer, seconds.
lock_patience=2100

work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
: >"$work/errors"
export RESTIC_CACHE_DIR="${RESTIC_CACHE_DIR-/tmp/restic-cache}"
# a line of progress every 30 seconds
export RESTIC_PROGRESS_FPS="${RESTIC_PROGRESS_FPS-0.0333}"

# restic's words before a lock that it met
no_lock='unable to create lock in backend'

say() { printf '%s\n' "$*"; }

# fail CODE WORDS: the last line of stderr is what the summary shows as the cause.
fail() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}

main() {
  write_ssh_files
  list_snapshots || create_repository
  take_backup
  restic_code=$?
  [ "$restic_code" -eq 0 ] || [ "$restic_code" -eq 3 ] || fail_by "$restic_code" 'nothing was stored'
  read_summary
  if [ "$restic_code" -eq 3 ]; then
    mark_partial
    write_result "some files could not be read"
    fail 3 "some files could not be read: snapshot $snapshot lacks them, and no old snapshot was removed. The lines above name the files"
  fi
  write_result ''
  if [ -n "${MARINA_PARTIAL-}" ]; then
    say 'a target failed: no old snapshot is removed'
  else
    forget_old "$whole"
    grep -q "\"$partial\"" "$work/snapshots" && forget_old "$partial"
  fi
  check_today
  write_result ''
}

# `sftp:` needs a key. It comes as a file (mounts) or as text in SSH_KEY and SSH_KNOWN_HOSTS.
write_ssh_files() {
  [ -n "${SSH_KEY-}${SSH_KNOWN_HOSTS-}" ] || return 0
  # ssh looks into the home folder of /etc/passwd, and not into $HOME
  home=$(awk -F: -v id="$(id -u)" '$3 == id { print $6; exit }' /etc/passwd)
  [ -n "$home" ] || fail 1 'SSH_KEY needs a user that stands in /etc/passwd of the image: ssh looks there for its folder'
  mkdir -p "$home/.ssh" || exit 1
  [ -z "${SSH_KEY-}" ] || printf '%s\n' "$SSH_KEY" >"$home/.ssh/id_marina" || exit 1
  [ -z "${SSH_KEY-}" ] || printf 'IdentityFile %s\n' "$home/.ssh/id_marina" >>"$home/.ssh/config" || exit 1
  [ -z "${SSH_KNOWN_HOSTS-}" ] || printf '%s\n' "$SSH_KNOWN_HOSTS" >>"$home/.ssh/known_hosts" || exit 1
}

# Writes the instance's snapshots to a file, oldest first. Returns 1 if there is no repository. Every other failure ends it all.
list_snapshots() {
  when_unlocked run snapshots --json --host "$MARINA_HOSTNAME" --tag "$whole" --tag "$partial" >"$work/snapshots"
  code=$?
  [ "$code" -ne 0 ] || return 0
  if is_missing "$code"; then return 1; fi
  show_fatal
  fail_by "$code" 'nothing was stored'
}

# Tells by restic's code, and for restic before 0.17 by its words, that there is no repository: not that it cannot be reached.
is_missing() {
  [ "$1" -ne 10 ] || return 0
  [ "$1" -eq 1 ] || return 1
  # this line alone: the ones below it hold the repository's name, in which anything may stand
  grep '^Fatal: unable to open config file: ' "$work/errors" | grep -v 'bucket does not exist\|executable file not found' |
    grep -q "no such file or directory\$\|does not exist[.]*\$\|doesn't exist\$\|NoSuchKey\|[Oo]bject [Nn]ot [Ff]ound\$"
}

create_repository() {
  say 'there is no repository yet: it is created'
  run init || {
    code=$?
    show_fatal
    fail_by "$code" 'the repository could not be created'
  }
  : >"$work/snapshots"
  : >"$work/created"
}

# when_unlocked COMMAND…: runs it, again and again while the repository is locked. `restic unlock` removes locks of dead processes only.
when_unlocked() {
  since=$(date +%s)
  is_waiting=
  while :; do
    "$@"
    code=$?
    is_locked "$code" && [ $(($(date +%s) - since)) -lt "$lock_patience" ] || return "$code"
    [ -n "$is_waiting" ] || { show_fatal; say 'the repository is locked: waiting' >&2; }
    is_same_host || restic unlock >/dev/null 2>&1
    is_waiting=1
    seconds=15
    while [ "$seconds" -gt 0 ] && ! is_stopped; do
      seconds=$((seconds - 1))
      sleep 1
    done
  done
}

# Tells whether the container was stopped. Nothing more is begun then: what is killed leaves its lock.
is_stopped() { [ -e "$work/stopped" ]; }

# Tells whether the lock is of a host with our name. restic would look for its process here, not find it (it has processes of its own, as
# with `network: host`), and take a live one for dead.
is_same_host() { grep -qF " on $(uname -n) by " "$work/errors"; }

# Runs restic. Its warnings are shown at once; the fatal error, and what follows it, only goes into a file: see show_fatal. So does the lock of
# another process, which is found again every 15 seconds.
# shellcheck disable=SC2317 # called by when_unlocked, as store is
run() {
  : >"$work/errors"
  ! is_stopped || return 130
  {
    {
      restic "$@" 2>&1 >&3 3>&-
      printf 'marina-ends-with %s\n' "$?"
    } | read_errors
  } 3>&1
}

# shellcheck disable=SC2317
read_errors() {
  is_fatal=
  while IFS= read -r line; do
    case $line in
      'marina-ends-with '*) return "${line##* }" ;;
      '{"message_type":"exit_error"'*) line=$(message "$line") ;;
    esac
    separate_fatal
    case $line in Fatal:* | "$no_lock"* | 'repo already locked'*) is_fatal=1 ;; esac
    printf '%s\n' "$line" >>"$work/errors"
    [ -n "$is_fatal" ] || printf '%s\n' "$line" >&2
  done
  return 1
}

# If a lock cannot be given back, restic 0.14 writes that without a line's end, and the fatal error behind it.
# shellcheck disable=SC2317
separate_fatal() {
  case $line in
    'error while unlocking: '*'Fatal: '*)
      printf '%s\n' "${line%%Fatal: *}" >&2
      line="Fatal: ${line#*Fatal: }"
      ;;
  esac
}

show_fatal() { awk -v no_lock="$no_lock" '/^Fatal:/ || index($0, no_lock) == 1 { is_on = 1 } is_on' "$work/errors" >&2; }

# message JSON: what restic says before it ends, in its own lines
message() {
  printf '%s\n' "$1" | sed 's/.*"message":"\(.*\)"}$/\1/; s/\\n/\
/g; s/\\"/"/g'
}

is_locked() {
  [ "$1" -eq 11 ] || { [ "$1" -ne 0 ] && grep -q 'repository is already locked' "$work/errors"; }
}

# Stores the run's directory. Each volume and dump gives a tag, as in Marina 0.9.
take_backup() {
  set -- --host "$MARINA_HOSTNAME" --tag "$whole"
  [ -z "${MARINA_PARTIAL-}" ] || set -- --host "$MARINA_HOSTNAME" --tag "$partial"
  for kind in volume db; do
    for one in "$MARINA_BACKUP_DIR/$kind"/*; do
      [ ! -e "$one" ] || set -- "$@" --tag "$kind:${one##*/}"
    done
  done
  # restic itself would look by host and path, and take that of another instance
  parent=$(snapshot_ids <"$work/snapshots" | tail -n 1)
  [ -z "$parent" ] || set -- "$@" --parent "$parent"
  cd "$MARINA_BACKUP_DIR" || exit 1
  when_unlocked store "$@"
}

# shellcheck disable=SC2317
store() {
  : >"$work/errors"
  ! is_stopped || return 130
  {
    restic backup --json "$@" . 2>&1
    say "marina-ends-with $?"
  } | read_messages
}

snapshot_ids() {
  split_snapshots | sed -n 's/.*"short_id":"\([0-9a-f]*\)".*/\1/p'
}

# One snapshot a line. Time is the first field of restic's JSON.
split_snapshots() {
  sed 's/{"time":"/\
&/g'
}

# Turns restic's JSON into lines for people, and its exit code into the function's.
# shellcheck disable=SC2317
read_messages() {
  is_fatal=
  while IFS= read -r line; do
    separate_fatal
    case $line in
      'marina-ends-with '*) return "${line##* }" ;;
      '{"message_type":"status"'*) progress "$line" ;;
      '{"message_type":"summary"'*) printf '%s\n' "$line" >"$work/summary" ;;
      '{"message_type":"error"'*) unreadable "$line" >&2 ;;
      '{"message_type":"exit_error"'*) write_error "$(message "$line")" ;;
      '{'*) ;;
      *) write_error "$line" ;;
    esac
  done
  return 1
}

# shellcheck disable=SC2317
write_error() {
  case $1 in "$no_lock"* | "Fatal: $no_lock"* | 'repo already locked'*) is_fatal=1 ;; esac
  printf '%s\n' "$1" >>"$work/errors"
  [ -n "$is_fatal" ] || printf '%s\n' "$1" >&2
}

# number NAME JSON, text NAME JSON: a field's value, empty without it
number() {
  printf '%s' "$2" | sed -n "s/.*\"$1\":\([0-9][0-9.]*\).*/\1/p"
}
text() {
  printf '%s' "$2" | sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

# shellcheck disable=SC2317
progress() {
  done_part=$(number percent_done "$1")
  [ -z "$(number bytes_done "$1")" ] || say "$(printf '%s' "$done_part" | awk '{ printf "%d", $1 * 100 }') % of $(number total_files "$1") files stored"
}

# shellcheck disable=SC2317
unreadable() {
  why=$(printf '%s' "$1" | sed -n 's/.*"error":{"message":"\([^"]*\)".*/\1/p')
  say "cannot be read: $(printf '%s' "$1" | sed 's/.*"item":"\(.*\)"}$/\1/')${why:+ ($why)}"
}

read_summary() {
  summary=$(cat "$work/summary" 2>/dev/null)
  snapshot=$(text snapshot_id "$summary" | cut -c 1-8)
  [ -n "$snapshot" ] || fail 1 'restic ended well and names no snapshot: nothing proves that the backup was stored'
  say "snapshot $snapshot: $(number files_new "$summary") new and $(number files_changed "$summary") changed files, $(number data_added "$summary") bytes added"
}

# Takes the instance's tag from a snapshot that lacks files.
mark_partial() {
  tag "$partial" --remove "$whole" --add "$partial" "$snapshot" && return 0
  say "snapshot $snapshot lacks files, but could not be marked with the tag $partial: remove it, or the next run takes it for whole" >&2
}

# tag TAG OPTIONS…: changes tags. That gives a snapshot a new id, which is read: TAG is one that it has now.
tag() {
  now=$1
  shift
  when_unlocked run tag "$@" >"$work/out" || {
    show_fatal
    return 1
  }
  new=$(run snapshots --json --host "$MARINA_HOSTNAME" --tag "$now" | snapshot_ids | tail -n 1)
  snapshot=${new:-$snapshot}
}

# forget_old TAG: removes what `retention` does not keep, of this instance and host alone.
forget_old() {
  # shellcheck disable=SC2046 # options without blanks
  when_unlocked run forget --host "$MARINA_HOSTNAME" --tag "$1" --group-by host $(keep_options) --prune
  code=$?
  [ "$code" -ne 0 ] || return 0
  show_fatal
  fail_by "$code" "snapshot $snapshot is stored, but old ones could not be removed"
}

# 7d:4w:6m → --keep-daily 7 --keep-weekly 4 --keep-monthly 6. Bare numbers are days, weeks and months.
keep_options() {
  printf '%s\n' "$MARINA_RETENTION" | tr ':' '\n' | awk '
    BEGIN { split("d w m", bare, " "); split("hourly daily weekly monthly yearly", word, " ") }
    { unit = substr($0, length($0)); if (unit !~ /[hdwmy]/) unit = bare[NR] }
    $0 + 0 > 0 { printf "--keep-%s %d\n", word[index("hdwmy", unit)], $0 + 0 }'
}

# The first backup of a day reads a hundredth of the repository's data and compares it with its checksums. A part that was not sound is read
# again by every backup until it is: a snapshot with the tag unsound:PART remembers it.
check_today() {
  unsound=$(split_snapshots <"$work/snapshots" | sed -n 's/.*"unsound:\([0-9]*\)".*/\1/p' | tail -n 1)
  if [ -z "$unsound" ]; then
    today=$(date -u +%Y-%m-%d)
    ! split_snapshots <"$work/snapshots" | tail -n 1 | grep -q "^{\"time\":\"$today" || return 0
  fi
  # every part comes about, also for backups that run every tenth day
  day=$(($(date -u +%s) / 86400))
  part=${unsound:-$(((day + day / 100) % 100 + 1))}
  when_unlocked run check --with-cache --read-data-subset="$part/100" >"$work/out"
  check_code=$?
  if [ "$check_code" -eq 0 ]; then
    say "part $part of 100 of the repository was read and is sound"
    [ -z "$unsound" ] || when_unlocked run tag --tag "unsound:$part" --remove "unsound:$part" >"$work/out" || show_fatal
    return 0
  fi
  if is_locked "$check_code"; then
    say 'the repository is still locked: it is not checked today'
    return 0
  fi
  cat "$work/out" >&2
  show_fatal
  cp "$work/errors" "$work/why"
  tag "unsound:$part" --add "unsound:$part" "$snapshot" || say "the next run of today will not check this part again" >&2
  cp "$work/why" "$work/errors"
  write_result 'the repository is damaged'
  fail_by "$check_code" "snapshot $snapshot is stored, but restic's check found the repository damaged or could not read it"
}

# fail_by CODE WORDS: ends with the cause, which restic's code or words tell.
fail_by() {
  code=$1
  cause=$(sed -n 's/^Fatal: //p' "$work/errors" | head -n 1)
  if [ -z "$cause" ]; then
    # before a trace of the stack, restic says the cause first
    cause=$(grep -v '^unable to open cache\|^$' "$work/errors" | head -n 1 | cut -c 1-300)
    cause="${cause:+$cause, }restic ended with code $code"
  fi
  if is_stopped; then
    cause='it was stopped'
  elif is_locked "$code"; then
    code=11 cause='the repository is locked by another process, which the lines above name. If it is dead, its lock is removed by itself 30 minutes after its death'
  elif [ "$code" -eq 12 ] || grep -q 'wrong password or no key found' "$work/errors"; then
    code=12 cause='the password does not open the repository: see env.RESTIC_PASSWORD'
  elif grep -q 'empty password\|no password\|password from stdin\|open password' "$work/errors"; then
    cause='restic has no password: set env.RESTIC_PASSWORD'
  elif grep -qi 'no space left on device\|disk quota exceeded' "$work/errors"; then
    cause=$(sed -n 's/^Fatal: //; /[Nn]o space left on device/p; /[Qq]uota exceeded/p' "$work/errors" | head -n 1)
    case $cause in
      */restic-temp-*) cause="$cause (the disk of the Docker host is full)" ;;
      *) cause="$cause (the disk of the repository is full: make room there, or let \`retention\` keep less)" ;;
    esac
  elif grep -q '413 Request Entity Too Large\|(413)\|507 Insufficient Storage' "$work/errors"; then
    cause="$cause (the server takes no more: its quota is used up, or a proxy before it bounds the size of a request)"
  elif grep -q 'SSH_FX_FAILURE' "$work/errors"; then
    cause="$cause (SFTP does not say why: is the disk there full?)"
  fi
  fail "$code" "$cause: $2"
}

# write_result WORDS: what the summary shows (MARINA_RESULT).
write_result() {
  [ -n "${MARINA_RESULT-}" ] || return 0
  words=$1
  [ ! -e "$work/created" ] || words="a new repository was created${words:+, }$words"
  cat >"$MARINA_RESULT" <<END
{
  "bytes": $(number total_bytes_processed "$summary"),
  "files": $(number total_files_processed "$summary"),
  "added_bytes": $(number data_added "$summary"),
  "snapshot": "$snapshot",
  "text": "$words",
  "metrics": {
    "files_new": $(number files_new "$summary"),
    "files_changed": $(number files_changed "$summary"),
    "files_unmodified": $(number files_unmodified "$summary")
  }
}
END
}

# In the background, so that a stop of the container reaches restic. It removes its lock if it ends what it is storing within the seconds that
# a stop leaves; else the lock is one of a dead process. A restic that has just begun does not hear the first signal.
trap 'trap "" INT; : >"$work/stopped"; kill -INT 0; sleep 1; kill -INT 0' TERM INT
main &
child=$!
wait "$child"
code=$?
if kill -0 "$child" 2>/dev/null; then
  wait "$child"
  code=$?
fi
exit "$code"
