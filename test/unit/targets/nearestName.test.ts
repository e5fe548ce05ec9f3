import { expect, test } from 'vitest'
import { type HostObject, nearestName } from '../../../src/targets/nearestName.ts'

const volume = (name: string, labels: Record<string, string> = {}): HostObject => ({
  kind: 'volume',
  id: null,
  name,
  labels,
})
const container = (name: string, labels: Record<string, string> = {}, id = 'f'.repeat(64)): HostObject => ({
  kind: 'container',
  id,
  name,
  labels,
})
const composed = (project: string, what: 'volume' | 'service', name: string, oneoff = 'False') => ({
  'com.docker.compose.project': project,
  [`com.docker.compose.${what}`]: name,
  'com.docker.compose.oneoff': oneoff,
})
const TASK = 'q3v8u1m0abcdefghijklmnopq'
const task = (service: string, stack: string, slot = '1') => ({
  'com.docker.swarm.service.name': service,
  'com.docker.swarm.task.id': TASK,
  'com.docker.swarm.task.name': `${service}.${slot}.${TASK}`,
  'com.docker.stack.namespace': stack,
})

test.each<[string, 'volume' | 'db', string, HostObject[], string | null]>([
  [
    "compose's project before a volume",
    'volume',
    'docs',
    [volume('nb_docs', composed('nb', 'volume', 'docs')), volume('other')],
    `Did you mean "nb_docs"? Docker compose puts the project's name in front`,
  ],
  [
    'the same without labels',
    'volume',
    'docs',
    [volume('nb-docs')],
    `Did you mean "nb-docs"? Docker compose puts the project's name in front`,
  ],
  [
    'a volume of two projects',
    'volume',
    'docs',
    [volume('a_docs', composed('a', 'volume', 'docs')), volume('b_docs', composed('b', 'volume', 'docs'))],
    `Did you mean "a_docs" or "b_docs"? Docker compose puts the project's name in front`,
  ],
  [
    "a stack's volume",
    'volume',
    'docs',
    [volume('shop_docs', { 'com.docker.stack.namespace': 'shop' })],
    `Did you mean "shop_docs"? Docker stack puts the stack's name in front`,
  ],
  ['a name with too much in front', 'volume', 'nb_docs', [volume('docs')], 'Did you mean "docs"?'],
  ['other case', 'volume', 'Docs', [volume('docs')], 'Did you mean "docs"?'],
  ['another separator', 'volume', 'nb-docs', [volume('nb_docs')], 'Did you mean "nb_docs"?'],
  ['a slip of the finger', 'volume', 'pgdtaa', [volume('pgdata'), volume('logs')], 'Did you mean "pgdata"?'],
  [
    'a slip, and the project left out',
    'volume',
    'documnets',
    [volume('nb_documents', composed('nb', 'volume', 'documents'))],
    'Did you mean "nb_documents"?',
  ],
  ['nothing near', 'volume', 'docs', [volume('pgdata'), container('web')], null],
  ['a short word is near to nothing by chance', 'volume', 'db', [volume('da'), volume('d')], null],
  [
    'a container of that name',
    'volume',
    'web',
    [container('web')],
    'There is a container of that name: write "db: web"',
  ],
  [
    'a volume of that name',
    'db',
    'pgdata',
    [volume('pgdata')],
    'There is a volume of that name: write "volume: pgdata"',
  ],
  [
    "compose's service",
    'db',
    'db',
    [
      container('shop-db-1', composed('shop', 'service', 'db')),
      container('shop-db-run-1', composed('shop', 'service', 'db', 'True')),
    ],
    `Did you mean "shop-db-1"? Docker compose puts the project's name in front of the service's, and a number behind it`,
  ],
  ['the same without labels', 'db', 'db', [container('shop_db_1')], 'Did you mean "shop_db_1"?'],
  ['old separators of compose', 'db', 'shop_db_1', [container('shop-db-1')], 'Did you mean "shop-db-1"?'],
  ['the service without its number', 'db', 'shop-db', [container('shop-db-1')], 'Did you mean "shop-db-1"?'],
  [
    "a stack's service",
    'db',
    'db',
    [container(`shop_db.1.${TASK}`, task('shop_db', 'shop'))],
    `Did you mean "shop_db"? Docker stack puts the stack's name in front`,
  ],
  [
    'an old task of swarm',
    'db',
    'shop_db.1.aaaaaaaaaaaaaaaaaaaaaaaaa',
    [container(`shop_db.1.${TASK}`, task('shop_db', 'shop'))],
    'Did you mean "shop_db"? Docker swarm names each task anew, so name the service',
  ],
  [
    'the beginning of an id',
    'db',
    '3f2a9c0d1e4b',
    [container('shop-db-1', {}, `3f2a9c0d1e4b${'0'.repeat(52)}`)],
    'The id of container "shop-db-1" begins so: give its name, which lasts longer than its id',
  ],
  ['an id that begins so by chance', 'db', 'db', [container('other', {}, `db${'0'.repeat(62)}`)], null],
  [
    'a slip in a service',
    'db',
    'postgers',
    [container('shop-postgres-1', composed('shop', 'service', 'postgres'))],
    'Did you mean "shop-postgres-1"?',
  ],
  ['one that came in between', 'volume', 'data', [volume('data')], 'It is there now: run this again'],
  [
    'a task that came in between',
    'db',
    'shop_db',
    [container(`shop_db.1.${TASK}`, task('shop_db', 'shop'))],
    'It is there now: run this again',
  ],
  [
    'a swarm service taken for a volume',
    'volume',
    'shop_db',
    [container(`shop_db.1.${TASK}`, task('shop_db', 'shop'))],
    'There is a swarm service of that name: write "db: shop_db"',
  ],
  [
    'more than can be named',
    'volume',
    'data',
    ['a', 'b', 'c', 'd'].map((project) => volume(`${project}_data`)),
    `Did you mean "a_data", "b_data" or "c_data"? Docker compose puts the project's name in front`,
  ],
])('%s', (_, kind, wanted, objects, expected) => {
  expect(nearestName(kind === 'db' ? 'container' : kind, wanted, objects)).toBe(expected)
})

test('where no container is named alike, the databases of the host are named', () => {
  const database = (name: string): HostObject => ({ ...container(name), isDatabase: true })
  expect(nearestName('container', 'postgres', [container('web'), database('nb-pg')])).toBe(
    'The databases of this host are in "nb-pg"',
  )
  expect(nearestName('container', 'postgres', [database('nb-pg'), database('cache')])).toBe(
    'The databases of this host are in "nb-pg" and "cache"',
  )
  expect(nearestName('volume', 'postgres', [database('nb-pg')])).toBeNull()
})
