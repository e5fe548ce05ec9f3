#!/bin/sh
# The restore of an instance with `repository`: fills MARINA_RESTORE_DIR with what the run's directory held, or lists the points.
# It needs sh, restic, and the small tools that BusyBox has.
set -u
umask 077
export TZ=UTC
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export RESTIC_CACHE_DIR="${RESTIC_CACHE_DIR-/tmp/restic-cache}"

main() {
  write_ssh_files
  list_points
  if [ -n "${MARINA_RESTORE_LIST-}" ]; then
    cat "$work/points"
    return
  fi
  choose_point
  restore_point || give_up "$?" "point $point could not be restored"
}

# A lock keeps others from removing data that is being read. Where there can be none (the storage is read-only, or another process has held an
# exclusive lock for 5 minutes, such as one that died), restic reads without: what it does not find is a failure.
restore_point() {
  is_locked=
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    run restore "$point" --target "$MARINA_RESTORE_DIR" >&2 && return
    code=$?
    if [ -e "$work/stopped" ]; then return "$code"; fi
    if [ "$code" -ne 11 ] && ! grep -q 'repository is already locked' "$work/errors"; then
      grep -q 'unable to create lock' "$work/errors" || return "$code"
      is_locked=
      break
    fi
    is_locked=1
    seconds=15
    while [ "$seconds" -gt 0 ] && ! [ -e "$work/stopped" ]; do
      seconds=$((seconds - 1))
      sleep 1
    done
  done
  printf '%s\n' 'no lock can be had in the repository: it is read without' >&2
  run restore "$point" --no-lock --target "$MARINA_RESTORE_DIR" >&2 && return
  code=$?
  # the other process may have moved the data meanwhile: a drill does not blame the backup
  [ -z "$is_locked" ] || fail 75 "point $point could not be restored while another process has locked the repository"
  return "$code"
}

fail() {
  code=$1
  shift
  printf '%s\n' "$*" >&2
  exit "$code"
}

# Fails after restic did. Exit code 75 says that the store could not be reached, and a drill then does not blame the backup.
give_up() {
  if grep -qi 'connection refused\|connection reset\|connection timed out\|broken pipe\|i/o timeout\|handshake timeout\|deadline exceeded\|no such host\|no route to host\|unreachable\|name resolution\|could not resolve\|server misbehaving\|unexpected HTTP response (5[0-9][0-9])' "$work/errors"; then
    shift
    fail 75 "$* since the store could not be reached"
  fi
  fail "$1" "$2$(restore_trouble)"
}

# Writes the first trouble of a restore, and what it means: restic's last words only count the troubles.
restore_trouble() {
  first=$(sed -n 's/^ignoring error for //p' "$work/errors" | head -n 1 | cut -c 1-200)
  printf '%s' "${first:+: $first}"
  if grep -q 'ciphertext verification failed\|wrong hash\|wrong data returned\|invalid data returned' "$work/errors"; then
    printf '%s' '. The repository is damaged there: try an older point, and see `restic check --read-data`'
  fi
}

# Runs restic. With --json it says its last words in JSON, too.
run() {
  if [ -e "$work/stopped" ]; then return 130; fi
  restic "$@" 2>"$work/errors"
  code=$?
  sed 's/^{"message_type":"exit_error".*"message":"\(.*\)"}$/\1/; s/\\n/ /g; s/\\"/"/g' "$work/errors" >&2
  return "$code"
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

# Writes one line a point, oldest first: id, time, `partial` if it lacks something, host and what is in it. Those of this host; if it has none, as a new machine, those of all.
list_points() {
  list --host "$MARINA_HOSTNAME" >"$work/points"
  cp "$work/points" "$work/own"
  [ -s "$work/points" ] || list >"$work/points"
}

# A list needs no lock.
list() {
  run snapshots --no-lock --json "$@" --tag "instance:$MARINA_INSTANCE_ID" --tag "partial:$MARINA_INSTANCE_ID" >"$work/json" || {
    code=$?
    # without a repository nothing was backed up yet
    if is_missing "$code"; then return; fi
    give_up "$code" "the snapshots of instance $MARINA_INSTANCE_ID could not be listed"
  }
  # one snapshot a line: time is the first field, short_id the last
  sed 's/{"time":"/\
&/g' "$work/json" |
    sed -n 's/^{"time":"\([^"]*\)".*"hostname":"\([^"]*\)".*"tags":\[\([^]]*\)\].*"short_id":"\([0-9a-f]*\)".*/\4 \1 host \2 \3/p' |
    sed 's/^\([^ ]* [^ ]*\)\.[0-9]*/\1/; s/"instance:[^"]*",*//; s/^\([^ ]* [^ ]*\) \(host .*\)"partial:[^"]*",*/\1 partial \2/; s/"//g; s/,/ /g; s/ *$//'
}

# Tells by restic's code, and for restic before 0.17 by its words, that there is no repository: not that it cannot be reached.
is_missing() {
  [ "$1" -ne 10 ] || return 0
  [ "$1" -eq 1 ] || return 1
  # this line alone: the ones below it hold the repository's name, in which anything may stand
  grep '^Fatal: unable to open config file: ' "$work/errors" | grep -v 'bucket does not exist\|executable file not found' |
    grep -q "no such file or directory\$\|does not exist[.]*\$\|doesn't exist\$\|NoSuchKey\|[Oo]bject [Nn]ot [Ff]ound\$"
}

choose_point() {
  point=$MARINA_RESTORE_POINT
  if [ "$point" = latest ]; then
    [ -s "$work/points" ] || fail 1 "this repository has no snapshot of instance $MARINA_INSTANCE_ID"
    [ -s "$work/own" ] ||
      fail 1 "this repository has no snapshot of instance $MARINA_INSTANCE_ID and host $MARINA_HOSTNAME, but $(wc -l <"$work/points") of other hosts: name one by its id, or set nodeName"
    newest=$(tail -n 1 "$work/own" | cut -d ' ' -f 1)
    point=$(grep -v '^[^ ]* [^ ]* partial ' "$work/own" | tail -n 1 | cut -d ' ' -f 1)
    [ -n "$point" ] || fail 1 "each snapshot of instance $MARINA_INSTANCE_ID lacks something, and latest takes whole ones: name one by its id, such as $newest"
    [ "$point" = "$newest" ] || printf '%s\n' "the newest snapshot $newest lacks something: $point is the newest whole one" >&2
  fi
  grep -q "^$point " "$work/points" || fail 1 "this repository has no snapshot $point of instance $MARINA_INSTANCE_ID"
}

# In the background, so that a stop of the container reaches restic, which removes its lock then. See backup.sh.
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
