/**
 * Makes the README's picture of a summary, `docs/summary.png`, from a real run: `npm run picture`. With a folder as argument it
 * makes pictures of all kinds of summaries there (or of the kinds that are named behind it), as a phone and a desk show them, light and
 * dark, and ends with 1 where one of them is wider than its place. Wants root on Linux (for an engine of its own), Chromium, and the npm registry.
 */
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runAction } from '../examples/demo/action.ts'
import { type Engine, startPrivateEngine } from '../examples/demo/engine.ts'
import { openPainter } from './githubPage.ts'

const ROOT = join(import.meta.dirname, '..')

const GOOD = '#!/bin/sh\nset -eu\nfind /backup -type f | wc -l\n'
const BAD = `#!/bin/sh
i=1; while [ $i -le 40 ]; do echo "processed volume/nb-docs/2026/11/IMG_$i.jpg"; i=$((i+1)); done
echo 'Fatal: unable to open repository at sftp:backup@nas:/restic: dial tcp 10.0.0.9:22: connect: no route to host' >&2
exit 1
`

/** Stores archives in the volume at /store, and brings them back. */
const STORE = '#!/bin/sh\nset -eu\ntar -C "$MARINA_BACKUP_DIR" -cf "/store/$MARINA_TIMESTAMP.tar" .\n'
const RESTORE = `#!/bin/sh
set -eu
cd /store
list() { ls | sed -n 's/^\\(....\\)\\(..\\)\\(..\\)-\\(..\\)\\(..\\)\\(..\\)\\.tar$/\\1\\2\\3-\\4\\5\\6 \\1-\\2-\\3T\\4:\\5:\\6Z stored on the nas/p'; }
[ -z "\${MARINA_RESTORE_LIST-}" ] || { list; exit; }
point=$MARINA_RESTORE_POINT
[ "$point" != latest ] || point=$(list | tail -n 1 | cut -d ' ' -f 1)
tar -C "$MARINA_RESTORE_DIR" -xf "$point.tar"
`

interface Scene {
  readonly name: string
  readonly config: string
  readonly inputs?: Readonly<Record<string, string>>
  /** Inputs of runs that come before the one whose summary is shown. */
  readonly before?: readonly Readonly<Record<string, string>>[]
  readonly event?: string
  /** The configuration of the branch that a pull request goes to. */
  readonly base?: string
  /** Names of scenes whose reports are joined, each as one of a host of that name. */
  readonly joins?: readonly string[]
}

function instanceOf(engine: Engine, id: string, script: 'good' | 'bad', ...targets: readonly string[]): string {
  const list = targets.map((target) => `      - ${target}\n`).join('')
  return `  - id: ${id}\n    customImage: ${engine.baseImage}\n    pull: never\n    script: ${script}.sh\n    schedule: "17 2 * * *"\n    targets:\n${list}`
}

function scenes(engine: Engine): readonly Scene[] {
  const of = (id: string, script: 'good' | 'bad', ...targets: readonly string[]) =>
    instanceOf(engine, id, script, ...targets)
  const config = (...instances: readonly string[]) => `nodeName: vm\ncoverage: off\ninstances:\n${instances.join('')}`
  const shop = of('shop', 'good', '{volume: nb-uploads, stopAttached: true}')
  const archive = of('archive', 'good', '{volume: nb-archive, staging: copy}')
  const partial = of('shop', 'good', '{volume: nb-uploads, stopAttached: true}', '{volume: nb-arhcive}')
  const stored = (checks: string) =>
    config(
      `${of('shop', 'good', '{volume: nb-uploads, staging: copy}').replace('good.sh', 'store.sh')}    restoreScript: restore.sh\n    mounts: [nb-store:/store]\n    drill: {schedule: "0 4 * * 0", maxAge: 26h, maxDuration: 30m, checks: [${checks}]}\n`,
    )
  const drilled = { before: [{}, { command: 'drill' }, { command: 'drill' }], inputs: { command: 'drill' } }
  const many = Array.from({ length: 48 }, (_, i) =>
    of(`service-${String(i + 1).padStart(2, '0')}`, 'good', '{volume: nb-docs}'),
  )
  const long = of(
    'a-backup-with-a-name-that-is-as-long-as-such-a-name-may-ever-be',
    'bad',
    '{volume: a_project_with_a_long_name_and_an_environment_in_it_production_uploads}',
    '{volume: nb-docs, paths: [not/there/at/all/however/long/the/path/may/be/that/one/wants/to/have.txt]}',
  )
  return [
    { name: 'red', config: config(of('documents', 'bad', '{volume: nb-docs}'), shop, archive) },
    { name: 'green', config: config(of('documents', 'good', '{volume: nb-docs}'), shop, archive) },
    { name: 'partial', config: config(of('documents', 'good', '{volume: nb-docs}'), partial) },
    {
      name: 'fifty',
      config: config(
        ...many.slice(0, 9),
        of('mail', 'bad', '{volume: nb-docs}'),
        ...many.slice(9),
        of('wiki', 'good', '{volume: nb-docz}'),
      ),
      inputs: { 'max-parallel': '4' },
    },
    { name: 'long', config: config(long, archive) },
    {
      name: 'dry-run',
      config: config(shop, archive, of('wiki', 'good', '{volume: nb-docz}')),
      inputs: { 'dry-run': 'true' },
    },
    {
      name: 'errors',
      config: `instances:\n  - id: one\n    customImage: Marina/Example\n    shedule: "0 4 * * *"\n    targets:\n      - volume: a\n        db: b\n  - id: one\n`,
    },
    { name: 'valid', config: config(shop, archive), inputs: { command: 'validate' } },
    {
      name: 'pull-request',
      config: config(shop.replace('17 2', '30 3'), of('wiki', 'good', '{volume: nb-docs}')),
      base: config(shop, archive),
      event: 'pull_request',
      inputs: { command: 'validate', 'github-token': 't' },
    },
    { name: 'plan', config: config(shop, archive), inputs: { command: 'plan', select: 'all' } },
    { name: 'drill-proven', config: stored('{volume: nb-uploads, file: a}'), ...drilled },
    { name: 'drill-failed', config: stored('{volume: nb-uploads, file: uploads/logo.png}'), ...drilled },
    { name: 'drill-none', config: config(shop), inputs: { command: 'drill' } },
    {
      name: 'restore-list',
      config: stored(''),
      before: [{}, {}],
      inputs: { command: 'restore', instances: 'shop' },
    },
    {
      name: 'restore-new',
      config: stored(''),
      before: [{}],
      inputs: { command: 'restore', instances: 'shop', point: 'latest' },
    },
    {
      name: 'restore-place',
      config: stored(''),
      before: [{}],
      inputs: { command: 'restore', instances: 'shop', point: 'latest', into: 'place', confirm: 'shop' },
    },
    {
      name: 'restore-failed',
      config: stored(''),
      inputs: { command: 'restore', instances: 'shop', point: '20261128-000000', into: 'place', confirm: 'shop' },
    },
    { name: 'fleet', config: '', joins: ['red', 'green'], inputs: { command: 'summary', reports: 'reports' } },
  ]
}

/** What the scenes back up: volumes, and an application that writes to one. */
async function fillEngine(engine: Engine): Promise<void> {
  const volumes = [
    'nb-docs',
    'nb-uploads',
    'nb-archive',
    'nb-store',
    'a_project_with_a_long_name_and_an_environment_in_it_production_uploads',
  ]
  for (const name of volumes) {
    const fill = 'head -c 305000 /dev/urandom >/v/a; mkdir /v/2026; head -c 51000 /dev/urandom >/v/2026/b'
    await engine.ok(['run', '--rm', '--network', 'none', '-v', `${name}:/v`, engine.baseImage, 'sh', '-c', fill])
  }
  const idle = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done'
  await engine.ok([
    'run',
    '-d',
    '--name',
    'nb-app',
    '--network',
    'none',
    '-v',
    'nb-uploads:/v',
    engine.baseImage,
    'sh',
    '-c',
    idle,
  ])
}

/** Runs the action on a scene. Returns its summary. */
async function summaryOf(engine: Engine, folder: string, scene: Scene): Promise<string> {
  const { name, config, inputs = {}, before = [], event = 'workflow_dispatch', base, joins = [] } = scene
  const workspace = join(folder, name, 'repository')
  await mkdir(workspace, { recursive: true })
  const files = { 'config.yml': config, 'good.sh': GOOD, 'bad.sh': BAD, 'store.sh': STORE, 'restore.sh': RESTORE }
  for (const [file, text] of Object.entries(files)) await writeFile(join(workspace, file), text)
  const api = base === undefined ? null : await serve(base)
  const run = (given: Readonly<Record<string, string>>) =>
    runAction({
      docker: engine,
      workspace,
      inputs: given,
      event: {
        repository: { private: true, full_name: 'octo/backups' },
        inputs: { instances: '' },
        ...(base === undefined ? {} : { pull_request: { base: { ref: 'main', sha: 'a'.repeat(40) } } }),
      },
      env: {
        RUNNER_NAME: 'runner-1',
        GITHUB_ACTION_REF: 'v1',
        GITHUB_EVENT_NAME: event,
        ...(api === null ? {} : { GITHUB_API_URL: api.address }),
      },
    })
  try {
    for (const one of before) await run(one)
    const { summary, report } = await run({ ...inputs, ...(await joinReports(folder, workspace, joins)) })
    await writeFile(join(folder, `${name}.json`), JSON.stringify(report))
    return summary
  } finally {
    api?.server.close()
  }
}

/** Puts the reports of other scenes where `summary` looks for those of hosts. Returns its input `fleet`. */
async function joinReports(folder: string, workspace: string, names: readonly string[]) {
  for (const name of names) {
    const report = JSON.parse(await readFile(join(folder, `${name}.json`), 'utf8'))
    const place = join(workspace, 'reports', `marina-${name}-1`)
    await mkdir(place, { recursive: true })
    await writeFile(join(place, 'report.json'), JSON.stringify({ ...report, host: name }))
  }
  const hosts = [...names, 'nas']
  return names.length === 0 ? {} : { fleet: JSON.stringify({ plan: 'success', backup: 'failure', attempt: 1, hosts }) }
}

/** Stands for the API of a forge, which has this text in every file. */
async function serve(text: string) {
  const server = createServer((_, response) => void response.end(text)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

const SIZES = [
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
  { width: 1012, scheme: 'light' },
  { width: 1012, scheme: 'dark' },
] as const

/** Scenes whose folds are opened. */
const OPENED = ['long', 'drill-proven', 'drill-failed']

async function main(into: string | undefined, only: readonly string[]): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-picture-'))
  const engine = await startPrivateEngine({ prefix: 'marina-picture', say: console.log })
  const painter = await openPainter(join(tmpdir(), 'marina-picture-packages'))
  let widest = 0
  try {
    await fillEngine(engine)
    for (const scene of scenes(engine).filter(({ name }) => only.length === 0 || only.includes(name))) {
      const markdown = await summaryOf(engine, folder, scene)
      if (into === undefined) {
        await painter.paint({ markdown, file: join(ROOT, 'docs/summary.png'), width: 800, scheme: 'light' })
        break // the first is the README's
      }
      await mkdir(into, { recursive: true })
      await writeFile(join(into, `${scene.name}.md`), markdown)
      for (const { width, scheme } of SIZES) {
        const file = join(into, `${scene.name}-${width}-${scheme}.png`)
        const excess = await painter.paint({ markdown, file, width, scheme, open: OPENED.includes(scene.name) })
        console.log(`${file}${excess > 0 ? `: ${excess} pixels too wide` : ''}`)
        widest = Math.max(widest, excess)
      }
    }
  } finally {
    await painter.end()
    await engine.stop()
    await rm(folder, { recursive: true, force: true })
  }
  return widest > 0 ? 1 : 0
}

process.exitCode = await main(process.argv[2], process.argv.slice(3))
