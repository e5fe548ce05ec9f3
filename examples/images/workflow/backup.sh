#!/bin/sh
# Runs the steps of /steps/before, stores one archive in /archive, runs those of /steps/after, and tells NOTIFY_URL how it ended.
set -eu
umask 077
folder=/archive/$MARINA_INSTANCE_ID
point=$MARINA_TIMESTAMP${MARINA_PARTIAL:+.partial}
said='It failed; its log says why.' child=''
plain() { printf %s "$1" | tr '"\\\n\t' "'/  "; } # without what JSON would have to escape
fail() { said=$* && echo "$*" >&2 && exit 1; }

# Runs a program in the background, since the shell heeds a signal only while it waits. Its input is empty.
run() {
  "$@" &
  child=$!
  wait "$child"
}

# Runs each program of a folder, in the order of their names. The first that fails ends it.
steps() {
  for step in "/steps/$1"/*; do
    [ -x "$step" ] || continue
    echo "Step ${step#/steps/}"
    run "$step" || fail "The step ${step#/steps/} failed; it says why above."
  done
}

# A watcher that cannot be reached fails no backup. The address is a secret: curl prints none, and gets it by its input, since everybody on
# the host sees its arguments.
notify() {
  [ -n "${NOTIFY_URL-}" ] || return 0
  body=$(printf '{"instance":"%s","host":"%s","time":"%s","result":"%s","text":"%s","run":"%s"}' \
    "$MARINA_INSTANCE_ID" "$(plain "$MARINA_HOSTNAME")" "$MARINA_TIMESTAMP" "$1" "$(plain "$2")" "${MARINA_RUN_URL-}")
  printf 'url = "%s"\n' "$(printf %s "$NOTIFY_URL" | sed 's/["\\]/\\&/g')" |
    curl -K - -fsS -g -o /dev/null -m 20 --retry 2 -H 'content-type: application/json' --data-binary "$body" 2>/dev/null ||
    echo "NOTIFY_URL could not be told: curl ended with $?." >&2
}

# However this script ends, the steps of /steps/after run, and the watcher is told. After a stop, the runner waits 3 seconds for both.
end() {
  code=$?
  trap - EXIT
  trap '' TERM INT
  rm -f "$folder/$point.part"
  export BACKUP_RESULT=success
  [ "$code" = 0 ] || BACKUP_RESULT=failure
  after=0
  (steps after) || after=1
  [ "$after" = 0 ] || [ "$code" != 0 ] || { code=1 BACKUP_RESULT=failure said='The backup is stored, but a step of /steps/after failed.'; }
  notify "$BACKUP_RESULT" "$said"
  exit "$code"
}
trap end EXIT
trap 'said="It was stopped."; [ -z "$child" ] || kill "$child" 2>/dev/null || true; exit 143' TERM INT

steps before
mkdir -p "$folder"
rm -f "$folder"/*.part # of runs that were killed
run tar --xattrs --acls --numeric-owner -C "$MARINA_BACKUP_DIR" -czf "$folder/$point.part" . || fail "tar failed; it says why above."
run sync "$folder/$point.part"
mv "$folder/$point.part" "$folder/$point.tar.gz"
said="$point.tar.gz: $(wc -c <"$folder/$point.tar.gz") bytes${MARINA_PARTIAL:+, without: ${MARINA_FAILED_TARGETS-}}"
echo "Stored $said"
[ -z "${MARINA_RESULT-}" ] || printf '{"added_bytes":%s,"snapshot":"%s"}\n' "$(wc -c <"$folder/$point.tar.gz")" "$point" >"$MARINA_RESULT" || true
