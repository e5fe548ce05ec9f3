#!/bin/sh
# restic on the staged data; MARINA_RETENTION is not parsed here, this script has a rule of its own.
set -eu
restic snapshots >/dev/null 2>&1 || restic init
restic backup --host "$MARINA_HOSTNAME" --tag "$MARINA_INSTANCE_ID" "$MARINA_BACKUP_DIR"
restic forget --tag "$MARINA_INSTANCE_ID" --keep-daily 14 --keep-weekly 8 --keep-monthly 12 --prune
