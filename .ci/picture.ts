/**
 * Makes the README's picture of a summary, `docs/summary.png`, from a real run: `npm run picture`. With a folder as argument it
 * makes pictures of all kinds of summaries there, as a phone and a desk show them, light and dark, and ends with 1 where one of them
 * is wider than its place. Wants root on Linux (for an engine of its own), Chromium, and the npm registry.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

interface Scene {
  readonly name: string
  readonly config: string
  readonly inputs?: Readonly<Record<string, string>>
}

function instanceOf(engine: Engine, id: string, script: 'good' | 'bad', ...targets: readonly string[]): string {
  const list = targets.map((target) => `      - ${target}\n`).join('')
  return `  - id: ${id}\n    customImage: ${engine.baseImage}\n    pull: never\n    script: ${script}.sh\n    schedule: "17 2 * * *"\n    targets:\n${list}`
}

function scenes(engine: Engine): readonly Scene[] {
  const of = (id: string, script: 'good' | 'bad', ...targets: readonly string[]) =>
    instanceOf(engine, id, script, ...targets)
  const config = (...instances: readonly string[]) => `nodeName: vm\ninstances:\n${instances.join('')}`
  const shop = of('shop', 'good', '{volume: nb-uploads, stopAttached: true}')
  const archive = of('archive', 'good', '{volume: nb-archive, staging: copy}')
  const partial = of('shop', 'good', '{volume: nb-uploads, stopAttached: true}', '{volume: nb-arhcive}')
  const many = Array.from({ length: 28 }, (_, i) =>
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
      name: 'thirty',
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
  ]
}

/** What the scenes back up: volumes, and an application that writes to one. */
async function fillEngine(engine: Engine): Promise<void> {
  const volumes = [
    'nb-docs',
    'nb-uploads',
    'nb-archive',
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
async function summaryOf(engine: Engine, folder: string, { name, config, inputs = {} }: Scene): Promise<string> {
  const workspace = join(folder, name, 'repository')
  await mkdir(workspace, { recursive: true })
  const files = { 'config.yml': config, 'good.sh': GOOD, 'bad.sh': BAD }
  for (const [file, text] of Object.entries(files)) await writeFile(join(workspace, file), text)
  const { summary } = await runAction({
    docker: engine,
    workspace,
    inputs,
    env: { RUNNER_NAME: 'runner-1', GITHUB_ACTION_REF: 'v1' },
  })
  return summary
}

const SIZES = [
  { width: 390, scheme: 'light' },
  { width: 390, scheme: 'dark' },
  { width: 1012, scheme: 'light' },
  { width: 1012, scheme: 'dark' },
] as const

async function main(into: string | undefined): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-picture-'))
  const engine = await startPrivateEngine({ prefix: 'marina-picture', say: console.log })
  const painter = await openPainter(join(tmpdir(), 'marina-picture-packages'))
  let widest = 0
  try {
    await fillEngine(engine)
    for (const scene of scenes(engine)) {
      const markdown = await summaryOf(engine, folder, scene)
      if (into === undefined) {
        await painter.paint({ markdown, file: join(ROOT, 'docs/summary.png'), width: 800, scheme: 'light' })
        break // the first is the README's
      }
      await mkdir(into, { recursive: true })
      await writeFile(join(into, `${scene.name}.md`), markdown)
      for (const { width, scheme } of SIZES) {
        const file = join(into, `${scene.name}-${width}-${scheme}.png`)
        const excess = await painter.paint({ markdown, file, width, scheme, open: scene.name === 'long' })
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

process.exitCode = await main(process.argv[2])
