/**
 * MongoDB through the built action, by hand: `node test/bench/mongodb.ts FOLDER`, where FOLDER holds static `mongodump`, `mongorestore` and
 * `ferretdb` (1.24, with its SQLite backend). No package registry that the tests may count on has MongoDB's tools.
 *
 * A server under write load is dumped, restored into an empty one, and the documents are compared; then the tool is killed half way.
 */

import assert from 'node:assert/strict'
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runAction } from '../../examples/demo/action.ts'
import { startEngine } from '../../examples/demo/engine.ts'
import { shell, toldImage } from '../support/run.ts'

const DOCUMENTS = 5000
const SERVER =
  'mkdir -p /state && exec ferretdb --handler=sqlite --sqlite-url=file:/state/ --state-dir=/state --telemetry=disable --listen-addr=0.0.0.0:27017'
/** Restores the seed into ever new databases. */
const LOAD = `i=0; while :; do i=$((i+1)); mkdir -p /load/load$i; cp /seed/app/rows.bson /load/load$i/
  mongorestore /load >/dev/null 2>&1; rm -rf /load; done`
const KILL = `while :; do for p in $(pidof mongodump); do
  tr '\\0' ' ' </proc/$p/cmdline | grep -q archive && { sleep 0.3; kill -9 $p && exit 0; }; done; done`
const SUM = 'mongodump --db=app --collection=rows --out=/tmp/d >/dev/null 2>&1; sha256sum </tmp/d/app/rows.bson'

const [programs = ''] = process.argv.slice(2)
const engine = await startEngine({ prefix: 'marina-mongodb' })
const temp = await mkdtemp(join(tmpdir(), 'marina-mongodb-'))
try {
  await main()
} finally {
  await engine.stop()
  await rm(temp, { recursive: true, force: true })
}

async function main(): Promise<void> {
  await buildServer()
  await start('source')
  await engine.ok(['exec', '-i', 'source', 'sh', '-c', 'mkdir -p /seed/app && cat >/seed/app/rows.bson'], {
    input: documents(),
  })
  await engine.ok(['exec', 'source', 'mongorestore', '/seed'])
  await engine.ok(['exec', '-d', 'source', 'sh', '-c', LOAD])
  const good = await backUp('cp -r $MARINA_BACKUP_DIR/. /out')
  assert.equal(good?.status, 'success', good?.error ?? '')
  await start('target', ['-v', 'out:/out:ro'])
  await engine.ok(['exec', 'target', 'mongorestore', '--archive=/out/db/source/dump.archive'], { timeoutMs: 300_000 })
  const sums = await Promise.all(['source', 'target'].map((name) => engine.ok(['exec', name, 'sh', '-c', SUM])))
  assert.equal(sums[0], sums[1])
  console.log(
    `${DOCUMENTS} documents, dumped under write load in ${good?.seconds} s, are the same when restored: ${sums[0]}`,
  )
  const [killed] = await Promise.all([backUp('true'), engine.ok(['exec', 'source', 'sh', '-c', KILL])])
  assert.equal(killed?.status, 'failed')
  console.log(`killed half way: ${killed?.error}`)
}

async function buildServer(): Promise<void> {
  const context = join(temp, 'context')
  await mkdir(context)
  for (const name of ['mongodump', 'mongorestore', 'ferretdb'])
    await copyFile(join(programs, name), join(context, name))
  const copy = 'COPY mongodump mongorestore ferretdb /bin/'
  await writeFile(join(context, 'Dockerfile'), `FROM ${engine.baseImage}\n${copy}\n`)
  await engine.ok(['build', '-q', '-t', 'mongo:7', context], { timeoutMs: 300_000 })
}

async function start(name: string, more: readonly string[] = []): Promise<void> {
  await engine.ok(['run', '-d', '--name', name, ...more, 'mongo:7', 'sh', '-c', SERVER])
  const answers = async () => (await engine.docker(['exec', name, 'mongodump', '--archive=/dev/null'])).code === 0
  while (!(await answers())) await delay(500)
}

async function backUp(text: string) {
  const workspace = join(temp, 'repository')
  await mkdir(workspace, { recursive: true })
  const instance = {
    id: 'mongodb',
    customImage: await toldImage(engine),
    pull: 'never',
    mounts: ['out:/out'],
    targets: [{ db: 'source' }],
    env: { DO: shell(text) },
  }
  await engine.ok(['volume', 'create', 'out'])
  const config = { instances: [instance] }
  await writeFile(join(workspace, 'config.yml'), JSON.stringify(config))
  const ran = await runAction({ docker: engine, workspace, inputs: { 'upload-logs': 'false' } })
  return ran.report?.instances[0]
}

/** Documents of `_id` and a text, as `mongodump` writes them. */
function documents(): Buffer {
  return Buffer.concat(
    Array.from({ length: DOCUMENTS }, (_, index) => {
      const text = Buffer.from(`row ${index} ${'x'.repeat(index % 300)}\0`)
      const id = Buffer.concat([Buffer.from('\x10_id\0'), int32(index)])
      const body = Buffer.concat([id, Buffer.from('\x02t\0'), int32(text.length), text, Buffer.from('\0')])
      return Buffer.concat([int32(body.length + 4), body])
    }),
  )
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}
