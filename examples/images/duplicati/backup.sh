#!/bin/sh
# Stores this run by Duplicati's command line. Only what changed is sent, encrypted by DUPLICATI_PASSPHRASE.
set -eu
umask 077
target=${DUPLICATI_TARGET:?is missing in env: the address of the storage, as Duplicati writes it (file:///archive/shop, s3://…)}
# Duplicati reads PASSPHRASE, AUTH_USERNAME and AUTH_PASSWORD by itself; in its arguments everybody on the host would see them
export PASSPHRASE="${DUPLICATI_PASSPHRASE:?is missing in env: the passphrase that encrypts the backups}" PATH="$PATH:/opt/duplicati"
database=/database/$MARINA_INSTANCE_ID.sqlite
fail() { echo "$*" >&2 && exit 1; }
[ "$MARINA_BACKUP_DIR" = /backup ] || fail "Duplicati must meet the same paths every night: give the instance layout: stable."
[ -d /database ] || fail "/database is missing: mount a volume there, where Duplicati keeps what it knows of the storage."

# The exit codes of duplicati-cli: 0 good; 1 good, and nothing had changed; 2 warnings (a file could not be read); 50 unfinished; 100 an
# error; 200 wrong arguments. A backup with warnings lacks something, so it is no good one.
duplicati() {
  code=0
  duplicati-cli "$@" --dbpath="$database" --disable-module=console-password-input || code=$?
  [ "$code" -le 1 ]
}

if ! [ -e "$database" ]; then
  echo "$database is not there: Duplicati makes it from what is stored, if anything is."
  duplicati repair "$target" || rm -f "$database" # of a storage that is in use, the backup below then says so
fi
# 7d:4w:6m becomes 7D:1D,4W:1W,6M:1M: of the last 7 days one backup a day, of the last 4 weeks one a week, of the last 6 months one a month
keep=
if [ -n "${MARINA_PARTIAL-}" ]; then
  echo "Nothing old is deleted, since this backup lacks: ${MARINA_FAILED_TARGETS-}"
else
  keep=$(echo "$MARINA_RETENTION" | awk -F: '{ for (i = 1; i <= NF; i++) { unit = $i ~ /[a-z]$/ ? substr($i, length($i)) : substr("dwm", i, 1)
    if (unit != "h") unit = toupper(unit)
    if ($i + 0 > 0) { printf "%s%d%s:1%s", comma, $i, unit, unit; comma = "," } } }')
fi
duplicati backup "$target" /backup/ --backup-name="$MARINA_INSTANCE_ID" ${keep:+"--retention-policy=$keep"} ||
  fail "Duplicati ended with $code and says why above. This backup does not count."
[ -z "${MARINA_RESULT-}" ] || find /backup -type f -printf '%s\n' | awk '{ bytes += $1 } END { printf "{\"bytes\":%.0f,\"files\":%d}\n", bytes, NR }' >"$MARINA_RESULT" || true
