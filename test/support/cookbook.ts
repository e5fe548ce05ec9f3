/** Runs what the documentation tells people to write: its configurations, scripts and workflow lines by the built action, its commands by `sh`. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { ActionResult } from '../../examples/demo/action.ts'
import { runAction } from '../../examples/demo/action.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import { run } from '../../examples/demo/process.ts'
import { type Block, blocksOf, replaceWords } from './recipes.ts'
import { makeWorkspace } from './workspace.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The pages whose blocks are all run, or say why not. */
export const PAGES = [
  'README.md',
  'docs/recipes.md',
  'docs/restore.md',
  'docs/names-and-labels.md',
  'docs/check.md',
  'docs/notifications.md',
]

/** Which test file runs a recipe. A recipe that no file runs is found by `scenario/recipes.test.ts`. */
export const RUN_BY: Readonly<Record<string, readonly string[]>> = {
  'engine/life/recipes.test.ts': [
    'start',
    'disk',
    'alpine',
    'ssh',
    'rsync',
    'restic-s3',
    'restic-sftp',
    'borg',
    'rclone',
    'age',
    'gpg',
    'folder',
    'timestamp',
    'new-volume',
    'old-volume',
    'paths',
    'names',
    'labels',
    'labelled',
    'everything',
  ],
  'engine/databases/restore.test.ts': [
    'shop',
    'start-shop',
    'named',
    'check',
    'checksums',
    'postgres',
    'postgres-app',
    'postgres-one',
    'postgres-custom',
    'mariadb',
    'mariadb-one',
    'redis',
    'redis-appendonly',
    'clean',
  ],
  'scenario/check.test.ts': ['missing-backups'],
  'scenario/notifications.test.ts': ['ntfy', 'e-mail', 'slack', 'watcher'],
  // compose is not everywhere: the names and labels that it would make are computed
  'scenario/recipes.test.ts': ['compose-names', 'compose-labels', 'compose-volumes-label'],
}

export async function allBlocks(): Promise<Block[]> {
  const pages = PAGES.map(async (page) => blocksOf(page, await readFile(join(ROOT, page), 'utf8')))
  return (await Promise.all(pages)).flat()
}

/** A reader of the pages with a folder of their own, who puts their own names for ours (`words`), and knows the secrets. */
export interface Reader {
  readonly engine: Engine
  readonly workspace: string
  readonly words: Record<string, string>
  readonly secrets: Record<string, string>
}

export async function newReader(
  engine: Engine,
  words: Readonly<Record<string, string>>,
  secrets: Readonly<Record<string, string>> = {},
): Promise<Reader> {
  return { engine, workspace: await makeWorkspace(), words: { ...words }, secrets: { ...secrets } }
}

const used = new Set<string>()

/** The blocks that this test file is to run, and that nothing of it has run until now. */
export async function neverRun(file: string): Promise<string[]> {
  const names = RUN_BY[file] ?? []
  const all = await allBlocks()
  return all
    .filter(({ marker }) => marker?.kind === 'recipe' && names.includes(marker.name))
    .map(({ page, line }) => `${page}:${line}`)
    .filter((place) => !used.has(place))
}

/** The blocks of a recipe as its reader writes them. */
export async function blocks(reader: Pick<Reader, 'words'>, name: string, part: string): Promise<Block[]> {
  const all = await allBlocks()
  const found = all.filter(({ marker }) => marker?.kind === 'recipe' && marker.name === name && marker.part === part)
  if (found.length === 0) throw new Error(`no page has a block of the recipe ${name}${part === '' ? '' : `, ${part}`}`)
  for (const { page, line } of found) used.add(`${page}:${line}`)
  return found.map((block) => ({ ...block, text: replaceWords(block.text, reader.words) }))
}

/** Runs the commands of a recipe (of one part of it), one block after the other, in the reader's folder. Resolves to what they print. */
export async function follow(reader: Reader, name: string, part = ''): Promise<string> {
  const commands = (await blocks(reader, name, part)).filter(({ file }) => file === null)
  if (commands.length === 0) throw new Error(`the recipe ${name} has no commands in its part "${part}"`)
  let said = ''
  for (const { page, line, text } of commands) {
    const ran = await run('sh', ['-eu', '-c', text], {
      cwd: reader.workspace,
      env: { ...process.env, ...reader.engine.env(), ...reader.secrets },
      timeoutMs: 300_000,
    })
    if (ran.code !== 0) throw new Error(`${page}:${line}: exit code ${ran.code}\n${text}\n${ran.stdout}\n${ran.stderr}`)
    said += ran.stdout
  }
  return said
}

/** Backs up by the files of a recipe. Those that it takes from another recipe (its script, its workflow) are `borrowed` from there. */
export async function backUp(reader: Reader, name: string, borrowed = ''): Promise<ActionResult> {
  const own = await blocks(reader, name, '')
  const others = borrowed === '' ? [] : await blocks(reader, borrowed, '')
  const files = new Map<string, string>()
  for (const { file, text } of [...others, ...own]) if (file !== null) files.set(file, text)
  const config = files.get('config.yml') ?? ''
  const script = /^ *script: (\S+)/m.exec(config)?.[1] ?? ''
  const workspace = await makeWorkspace({ 'config.yml': config, [script]: files.get(script) ?? '' })
  const inputs = workflowInputs(files.get('.github/workflows/backup.yml'), reader.secrets)
  return runAction({ docker: reader.engine, workspace, inputs })
}

/** A whole workflow, or the lines of one step. */
interface Workflow {
  readonly jobs?: Record<string, { steps: { uses?: string; with?: Record<string, string> }[] }>
  readonly with?: Record<string, string>
}

/** The inputs that a workflow's lines give, with secrets pasted as GitHub does: raw, after the YAML was read. */
function workflowInputs(text: string | undefined, secrets: Readonly<Record<string, string>>): Record<string, string> {
  if (text === undefined) return {}
  const workflow = parse(text) as Workflow
  const steps = Object.values(workflow.jobs ?? {}).flatMap((job) => job.steps)
  const inputs = workflow.with ?? steps.find(({ uses }) => uses?.includes('marina-for-github-actions'))?.with ?? {}
  const paste = (value: string) =>
    value.replace(/\$\{\{ inputs\.\w+ \}\}/g, '').replace(/\$\{\{ secrets\.(\w+) \}\}/g, (_, secret: string) => {
      const found = secrets[secret]
      if (found === undefined) throw new Error(`the test has no secret ${secret}`)
      return found
    })
  return Object.fromEntries(Object.entries(inputs).map(([key, value]) => [key, paste(value)]))
}

/** The latest time in names of backups. */
export function latestTime(names: string): string {
  const found = [...names.matchAll(/\b\d{8}-\d{6}\b/g)].map(([time]) => time).sort()
  const last = found.at(-1)
  if (last === undefined) throw new Error(`no name has a time:\n${names}`)
  return last
}
