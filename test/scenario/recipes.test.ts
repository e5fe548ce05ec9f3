/** Every block that people may copy from the pages of `PAGES` (`support/cookbook.ts`) is run by a test, or says why not. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { discoverByLabel, type LabelledObject } from '../../src/config/discoveryLabels.ts'
import { allBlocks, blocks, neverRun, RUN_BY } from '../support/cookbook.ts'
import { RECIPE_TOOLS } from '../support/debianPackages.ts'
import { blocksOf, replaceWords } from '../support/recipes.ts'

const TESTS = join(import.meta.dirname, '..')

test('every block of commands or YAML is run, or says why not', async () => {
  const blocks = await allBlocks()
  expect(blocks.length).toBeGreaterThan(50)
  const unmarked = blocks.filter(({ marker }) => marker === null)
  expect(
    unmarked.map(({ page, line }) => `${page}:${line} has neither <!-- recipe: … --> nor <!-- not run: … -->`),
  ).toEqual([])
})

test('every recipe has a test that runs it, and every such test its recipe', async () => {
  const onPages = new Set((await allBlocks()).flatMap(({ marker }) => (marker?.kind === 'recipe' ? [marker.name] : [])))
  expect(Object.values(RUN_BY).flat().sort()).toEqual([...onPages].sort())
  // that each of their blocks is run is their own last test
  for (const file of Object.keys(RUN_BY))
    expect(await readFile(join(TESTS, file), 'utf8')).toContain(`neverRun('${file}')`)
})

test('a recipe has all of its files: a script that begins as it should, and the secrets that it needs', async () => {
  const blocks = await allBlocks()
  const texts = new Map(blocks.flatMap(({ file, text }) => (file === null ? [] : [[file, text] as const])))
  for (const { page, line, file, text } of blocks) {
    const at = `${page}:${line}`
    if (file?.endsWith('.sh')) expect(text, at).toMatch(/^#!\/bin\/sh\n(# \S+\n)?set -eu\n/)
    if (file !== 'config.yml') continue
    const script = /^ *script: (\S+)/m.exec(text)?.[1] ?? ''
    expect(texts.has(script), `${at}: no block holds ${script}`).toBe(true)
  }
})

test('the image with the tools has the packages that the tests use in its place', async () => {
  const block = (await allBlocks()).find(({ text }) => text.includes('docker build -t localhost/backup-tools'))
  const packages = /--no-install-recommends (.*)$/m.exec(block?.text ?? '')?.[1]?.split(' ') ?? []
  expect(packages.length).toBeGreaterThan(3)
  expect(RECIPE_TOOLS).toEqual(expect.arrayContaining(packages))
})

test('a block is told from its surroundings', () => {
  const page = [
    '<!-- recipe: a, part -->',
    '```sh',
    'echo',
    '```',
    '```json',
    '{}',
    '```',
    '<!-- not run: since -->',
    '',
    '```yaml',
    '# config.yml',
    '```',
    'text <!-- recipe: b --> text',
    '```bash',
    '#!/bin/sh',
    '# scripts/x.sh',
    '```',
    '1. a',
    '   <!-- recipe: c -->',
    '   ```sh',
    '   one',
    '   ```',
    '<!-- recipe: d, store.sh -->',
    '```sh',
    'two',
    '```',
  ].join('\n')
  expect(
    blocksOf('p', page).map(({ line, language, text, file, marker }) => [line, language, text, file, marker]),
  ).toEqual([
    [2, 'sh', 'echo\n', null, { kind: 'recipe', name: 'a', part: 'part' }],
    [10, 'yaml', '# config.yml\n', 'config.yml', { kind: 'not run', why: 'since' }],
    [14, 'bash', '#!/bin/sh\n# scripts/x.sh\n', 'scripts/x.sh', null],
    [20, 'sh', 'one\n', null, { kind: 'recipe', name: 'c', part: '' }],
    [24, 'sh', 'two\n', 'store.sh', { kind: 'recipe', name: 'd', part: '' }],
  ])
})

test('words are replaced once, the longer ones first, and never within a word', () => {
  const words = { documents: 'x-documents', '/srv/photos': '/tmp/documents', 'a/documents': 'b' }
  expect(replaceWords('documents documents-new mydocuments a/documents /srv/photos/1', words)).toBe(
    'x-documents x-documents-new mydocuments b /tmp/documents/1',
  )
})

interface Compose {
  readonly name: string
  readonly services: Record<string, { container_name?: string; labels?: Record<string, string> }>
  readonly volumes: Record<string, { name?: string; labels?: Record<string, string> } | null>
}

/** What compose would make of a file, by the names that the page says. */
async function composed(recipe: string): Promise<LabelledObject[]> {
  const [block] = await blocks({ words: {} }, recipe, '')
  const { name: project, services, volumes } = parse(block?.text ?? '') as Compose
  return [
    ...Object.entries(volumes).map(([name, volume]): LabelledObject => {
      return { kind: 'volume', name: volume?.name ?? `${project}_${name}`, labels: volume?.labels ?? {} }
    }),
    ...Object.entries(services).map(([name, service]): LabelledObject => {
      return { kind: 'container', name: service.container_name ?? `${project}-${name}-1`, labels: service.labels ?? {} }
    }),
  ]
}

test('the labels of the compose files are followed, and every value is text', async () => {
  const shop = { id: 'shop', discovers: true, stopAttached: false, names: [] }
  const found = async (recipe: string) => {
    const objects = await composed(recipe)
    for (const value of objects.flatMap(({ labels }) => Object.values(labels))) expect(value).toBeTypeOf('string')
    const { targets, errors, warnings, notices } = discoverByLabel(objects, [shop])
    expect([...errors, ...warnings, ...notices]).toEqual([])
    return targets.get('shop')
  }
  expect(await found('compose-labels')).toMatchObject([
    { kind: 'volume', name: 'shop_uploads', exclude: ['cache/', '*.tmp'], stopAttached: true },
    { kind: 'db', container: 'shop-db-1', dbKind: 'postgres' },
  ])
  expect(await found('compose-volumes-label')).toMatchObject([{ kind: 'volume', name: 'shop_uploads' }])
  expect((await composed('compose-names')).map(({ name }) => name)).toEqual(['shop-database', 'shop-postgres'])
  expect(await neverRun('scenario/recipes.test.ts')).toEqual([])
})
