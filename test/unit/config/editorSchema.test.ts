/** The JSON Schema that editors use takes what the documentation and the examples write, and finds what is wrong, as a second validator sees it. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { jsonSchema } from '../../../src/config/schemaDocs.ts'
import { blocksOf } from '../../support/recipes.ts'

const ROOT = join(import.meta.dirname, '../../..')
const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true }).compile(
  jsonSchema(),
)

function filesBelow(folder: string, extension: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))
}

/** Returns the configurations in a page: its YAML blocks that have `instances`, and are not said to be a part of one. */
function configsOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8')
  return blocksOf(page, text)
    .filter(({ marker }) => !(marker?.kind === 'not run' && marker.why.startsWith('a part')))
    .map((block) => block.text)
    .filter((yaml) => /^instances:/m.test(yaml))
}

const pages = ['README.md', ...filesBelow('docs', '.md'), ...filesBelow('examples', '.md')]
const configs = [
  ...pages.flatMap((page) => configsOf(page).map((text, index) => [`${page}, block ${index + 1}`, text] as const)),
  ...[...filesBelow('examples', 'config.yml'), ...filesBelow('examples', 'config.yaml')].map(
    (file) => [file, readFileSync(join(ROOT, file), 'utf8')] as const,
  ),
]

test('there are configurations to look at', () => {
  expect(configs.length).toBeGreaterThan(15)
})

test.each(configs)('%s is valid for an editor', (_, text) => {
  validate(parse(text, { merge: true }))
  expect(validate.errors ?? []).toEqual([])
})

const GOOD = { instances: [{ id: 'a', customImage: 'a/b', targets: [{ volume: 'v' }] }] }
test.each([
  ['no instances', {}],
  ['an unknown key at the top', { ...GOOD, shedule: 'x' }],
  ['an unknown key of an instance', { instances: [{ ...GOOD.instances[0], shedule: '0 4 * * *' }] }],
  ['an unknown key of a target', { instances: [{ ...GOOD.instances[0], targets: [{ volume: 'v', exlude: ['a'] }] }] }],
  ['an id of another kind', { instances: [{ ...GOOD.instances[0], id: ['a'] }] }],
  ['an instance without an id', { instances: [{ customImage: 'a/b' }] }],
  ['targets that are no list', { instances: [{ ...GOOD.instances[0], targets: { volume: 'v' } }] }],
])('%s is an error for an editor', (_, value) => {
  expect(validate(value)).toBe(false)
})

test('keys for anchors are free, and numbers and booleans may be written as YAML has them', () => {
  expect(validate({ ...GOOD, 'x-common': { a: 1 } })).toBe(true)
  const instance = { ...GOOD.instances[0], env: { A: 1, B: true, C: 0o755 }, catchUp: '2h', stopAttached: true }
  validate({ version: 1, instances: [instance] })
  expect(validate.errors ?? []).toEqual([])
})
