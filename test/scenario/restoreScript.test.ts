/** The script of docs/restore-command.md brings back what the script of the README stores: run by `sh`, without Docker. */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { blocksOf } from '../support/recipes.ts'

const ROOT = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'restore-script-'))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Returns the script of a recipe, with a folder of the test for `/store`. */
function scriptOf(page: string, recipe: string, begins: string): string {
  const text = blocksOf(page, readFileSync(join(ROOT, page), 'utf8')).find(
    (block) => block.marker?.kind === 'recipe' && block.marker.name === recipe && block.text.includes(begins),
  )?.text
  if (text === undefined) throw new Error(`${page} has no script with ${begins} in the recipe ${recipe}`)
  return text.replaceAll('"/store/', `"${folder}/store/`)
}

const STORE = scriptOf('README.md', 'start', 'mv unfinished')
const RESTORE = scriptOf('docs/restore-command.md', 'start-restore', 'MARINA_RESTORE_LIST')

function sh(script: string, env: Readonly<Record<string, string>>) {
  return spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH ?? '', MARINA_INSTANCE_ID: 'documents', ...env },
  })
}

function store(timestamp: string, content: string, more: Readonly<Record<string, string>> = {}): void {
  const source = join(folder, 'backup')
  mkdirSync(join(source, 'volume/documents'), { recursive: true })
  writeFileSync(join(source, 'volume/documents/a file'), content)
  const ran = sh(STORE, { MARINA_BACKUP_DIR: source, MARINA_TIMESTAMP: timestamp, ...more })
  expect(ran.status, ran.stderr).toBe(0)
}

function restore(point: string) {
  const target = mkdtempSync(join(folder, 'target-'))
  const ran = sh(RESTORE, { MARINA_RESTORE_POINT: point, MARINA_RESTORE_DIR: target })
  const file = join(target, 'volume/documents/a file')
  return { status: ran.status, content: existsSync(file) ? readFileSync(file, 'utf8') : null }
}

test('every point is listed and comes back, and the latest is a whole one', () => {
  store('20261127-021700', 'old')
  store('20261128-021700', 'new')
  store('20261129-021700', 'half', { MARINA_PARTIAL: '1' })
  cpSync(join(folder, 'store/documents/20261128-021700.tar.gz'), join(folder, 'store/documents/unfinished'))
  const list = sh(RESTORE, { MARINA_RESTORE_LIST: '1' })
  expect(list.stdout.split('\n').map((line) => line.trim())).toEqual([
    '20261127-021700 2026-11-27T02:17:00Z',
    '20261128-021700 2026-11-28T02:17:00Z',
    '20261129-021700-partial 2026-11-29T02:17:00Z partial',
    '',
  ])
  expect(restore('latest')).toEqual({ status: 0, content: 'new' })
  expect(restore('20261127-021700')).toEqual({ status: 0, content: 'old' })
  expect(restore('20261129-021700-partial')).toEqual({ status: 0, content: 'half' })
  expect(restore('20261126-021700')).toEqual({ status: expect.any(Number), content: null })
  expect(restore('20261126-021700').status).not.toBe(0)
})
