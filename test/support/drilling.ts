/** What the tests of drills share: an image that stores archives in a volume and brings them back, with lies on demand. */
import { readFileSync } from 'node:fs'
import { expect } from 'vitest'
import type { Engine } from '../../examples/demo/engine.ts'
import { builtImage, filledVolume, leftOf, runJob, shell, writeFile } from './run.ts'

const HAND = { GITHUB_EVENT_NAME: 'workflow_dispatch' }

/** Stores each backup as an archive in the volume at /store, lists and restores; `LIE` runs after a restore, `LIST_LIE` before a list. */
const BACKUP = `#!/bin/sh
set -e
tar --numeric-owner -C "$MARINA_BACKUP_DIR" -cf "/store/$MARINA_TIMESTAMP.part" .
mv "/store/$MARINA_TIMESTAMP.part" "/store/$MARINA_TIMESTAMP.tar"
`
const RESTORE = `#!/bin/sh
cd /store
if [ -n "$MARINA_RESTORE_LIST" ]; then
  eval "$LIST_LIE"
  for f in *.tar; do [ -e "$f" ] || continue; t=\${f%.tar}; echo "$t $(echo "$t" | sed 's/\\(....\\)\\(..\\)\\(..\\)-\\(..\\)\\(..\\)\\(..\\)/\\1-\\2-\\3T\\4:\\5:\\6Z/') stored"; done
  exit 0
fi
# changes a stored dump by a command that reads and writes it, and the manifest with it: only its content tells then
tamper() {
  old=$(sha256sum <"$1"); old=\${old%% *}; size=$(stat -c %s "$1")
  sh -c "$2" <"$1" >"$1.new" || exit 9
  if [ "$old" = "$(sha256sum <"$1.new" | cut -d' ' -f1)" ]; then echo "nothing was changed" >&2; exit 8; fi
  cat "$1.new" >"$1"; rm "$1.new"
  new=$(sha256sum <"$1"); new=\${new%% *}
  sed -i -e "s/$old/$new/" -e "s/\\"bytes\\": $size\\b/\\"bytes\\": $(stat -c %s "$1")/" manifest.json
}
eval "$BEFORE"
f=\${POINT:-$(ls *.tar | tail -n 1)}
tar --numeric-owner -xpf "$f" -C "$MARINA_RESTORE_DIR"
cd "$MARINA_RESTORE_DIR"
eval "$LIE"
`

/** Shell text that the image runs: after a restore, before a list, before a restore. */
export interface Lies {
  readonly lie?: string
  readonly listLie?: string
  readonly before?: string
}

type Keys = Readonly<Record<string, unknown>>

/** Makes an instance of these targets, with a store of its own, that can be backed up and drilled. */
export async function drilled(engine: Engine, name: string, targets: readonly Keys[], more: Keys = {}) {
  const customImage = await builtImage(engine, 'drilled', [
    writeFile('/backup.sh', BACKUP),
    writeFile('/restore.sh', RESTORE),
    'RUN chmod 755 /backup.sh /restore.sh',
  ])
  const store = await filledVolume(engine, `${name}-store`, '')
  const id = engine.name(name)
  const instance = { id, customImage, pull: 'never', targets, mounts: [`${store}:/store`] }
  const backUp = async () => {
    const ran = await runJob(engine, { instances: [instance] })
    expect(ran.outputs.result, ran.stdout).toBe('success')
  }
  const configOf = ({ lie = '', listLie = '', before = '' }: Lies, keys: Keys) => ({
    instances: [
      { ...instance, ...more, ...keys, env: { LIE: shell(lie), LIST_LIE: shell(listLie), BEFORE: shell(before) } },
    ],
  })
  const options = (env: Readonly<Record<string, string>> = HAND) => ({
    inputs: { command: 'drill', instances: id },
    env,
  })
  const drill = async (lies: Lies = {}, keys: Keys = {}, env: Readonly<Record<string, string>> = HAND) => {
    const ran = await runJob(engine, configOf(lies, keys), options(env))
    expect(await leftOf(engine, id)).toEqual([])
    const report = ran.outputs.report ? JSON.parse(readFileSync(ran.outputs.report, 'utf8')) : null
    return { ...ran, report, one: report?.instances[0] }
  }
  return { store, id, backUp, drill, configOf, options }
}
