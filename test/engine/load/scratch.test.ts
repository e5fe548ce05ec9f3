/** Dumps loaded into scratch servers: the rows that the dump held are there, table by table; what says nothing of the dump is told apart. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { compareRows } from '../../../src/databases/countContract.ts'
import { type DbKind, engineOf } from '../../../src/databases/engines.ts'
import type { CountedRows } from '../../../src/databases/rows/tally.ts'
import { listLooks } from '../../../src/docker/containers.ts'
import { countRows } from '../../../src/load/countRows.ts'
import type { DumpToLoad } from '../../../src/load/loadDump.ts'
import { type ScratchRequest, type ScratchServer, startScratchServer } from '../../../src/scratch/scratchServer.ts'
import { databaseImage, type ServerKind, startServer } from '../../support/databases.ts'
import { dockerOf, dump, factsOf, startBench, type TestBench } from '../../support/dumping.ts'
import { load } from '../../support/loading.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
const docker = dockerOf(engine)
const signal = new AbortController().signal
let bench: TestBench
let image: string

const named = (what: string) => {
  const name = engine.name(`scratch-${what}`)
  made.push(name)
  return name
}

beforeAll(async () => {
  image = await engine.ok(['image', 'inspect', '--format', '{{.Id}}', await databaseImage(engine)])
  bench = await startBench(engine, named('bench'))
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

const request = (kind: DbKind, more: Partial<ScratchRequest> = {}): ScratchRequest => ({
  image,
  reference: 'databases',
  kind,
  instance: 'i',
  job: 'scratch-job',
  settings: {},
  roles: [],
  deadline: Date.now() + 300_000,
  clockOffsetMs: 0,
  hide: async () => {},
  onLine: async () => {},
  signal,
  ...more,
})

async function ready(kind: DbKind, more: Partial<ScratchRequest> = {}): Promise<ScratchServer> {
  const outcome = await startScratchServer(docker, request(kind, more))
  if (outcome.kind !== 'ready') throw new Error(outcome.why)
  onTestFinished(() => outcome.server.remove())
  return outcome.server
}

/** What differs on the scratch server from the rows that the dump held. */
async function differences(kind: DbKind, server: ScratchServer, files: readonly (DumpToLoad & Partial<Counted>)[]) {
  const all = []
  for (const file of files) {
    const { database } = file
    const { container, dumpArgs } = server
    const counted = await countRows(docker, { kind, container, dumpArgs, database, deadlineMs: 60_000, signal })
    all.push(...compareRows(file.counted?.rows ?? {}, counted, engineOf(kind).isOwnTable))
  }
  return all
}

interface Counted {
  readonly counted: CountedRows
}

interface Case {
  readonly kind: ServerKind
  readonly env: Readonly<Record<string, string>>
  readonly client: readonly string[]
  readonly sql: readonly string[]
  readonly databases: readonly string[]
}

const POSTGRES = {
  kind: 'postgres',
  env: { POSTGRES_PASSWORD: 'x' },
  client: ['psql', '-U', 'postgres', '-q', '-v', 'ON_ERROR_STOP=1'],
  sql: [
    `CREATE ROLE owner; CREATE DATABASE shop OWNER owner; CREATE TABLE "odd.name" AS SELECT 1;
     \\connect shop
     CREATE TABLE orders AS SELECT * FROM generate_series(1, 1234) n; ALTER TABLE orders OWNER TO owner; CREATE TABLE none (n int);
     CREATE TABLE parent (n int); CREATE TABLE child () INHERITS (parent); INSERT INTO child VALUES (1), (2); INSERT INTO parent VALUES (3)`,
  ],
}
const MARIADB = {
  kind: 'mariadb',
  env: { MARIADB_ROOT_PASSWORD: 'x' },
  client: ['mariadb', '-uroot', '-px'],
  sql: [
    'CREATE DATABASE shop; USE shop; CREATE TABLE shop.orders AS SELECT seq FROM seq_1_to_1234; CREATE TABLE shop.`odd.name` (n int); CREATE VIEW shop.v AS SELECT 1 AS n; CREATE USER app',
  ],
}

test.each<Case & { readonly what: string }>([
  { what: 'a whole server', ...POSTGRES, databases: [] },
  { what: 'one database, whose owner is in no dump', ...POSTGRES, databases: ['shop'] },
  { what: 'a whole server', ...MARIADB, databases: [] },
] as const as never)('$kind, $what: the same rows, and a row too few is seen', async (given) => {
  const { kind, env, client, sql, databases } = given
  const source = named(`${kind}-${databases.length}`)
  await startServer(engine, kind, source, { env })
  for (const one of sql) await engine.ok(['exec', '-i', source, ...client], { input: one })
  const dumped = (await (await dump(engine, bench, source, { databases, dbKind: kind })).report).files
  // where the dump was not counted, the server that it came from is
  const container = await factsOf(engine, source)
  const asked = { kind, container, dumpArgs: [], database: databases[0] ?? null, deadlineMs: 60_000, signal }
  const rows = dumped[0]?.counted.rows ?? (await countRows(docker, asked)).rows
  const files = dumped.map((file) => ({ ...file, counted: { ...file.counted, rows } }))
  const server = await ready(kind, { roles: ['owner'] })
  await load(engine, bench, server.container.name, files, { kind, purpose: 'empty', dumpArgs: server.dumpArgs })
  expect(await differences(kind, server, files)).toEqual([])
  const table = Object.entries(files[0]?.counted.rows ?? {}).find(([, rows]) => rows === 1234)?.[0] ?? ''
  const less = [{ ...files[0], counted: { rows: { ...files[0]?.counted.rows, [table]: 1235 } } }] as never
  expect(await differences(kind, server, less)).toEqual([{ table, expected: 1235, found: 1234 }])
  expect(await server.trouble()).toBeNull()
})

test('a dump of yesterday that lacks a role fails in words; a server that is too small, or has no program, is its surroundings', async () => {
  const small = await startScratchServer(docker, request('postgres', { limits: { memory: 12 << 20 } }))
  expect(small).toEqual({ kind: 'surroundings', why: expect.stringMatching(/scratch server of image databases/) })
  const [id] = (await engine.ok(['image', 'inspect', '--format', '{{.Id}}', engine.baseImage])).split('\n')
  const other = await startScratchServer(docker, request('postgres', { image: id ?? '' }))
  expect(other).toEqual({
    kind: 'surroundings',
    why: expect.stringMatching(/could not be started as a scratch server: .*postgres/),
  })
  const gone = await startScratchServer(
    docker,
    request('postgres', { image: `sha256:${'0'.repeat(64)}`, reference: 'shop:1' }),
  )
  expect(gone).toEqual({
    kind: 'surroundings',
    why: expect.stringMatching(/^the image shop:1 of the source is not on this host: /),
  })
  expect(await listLooks(docker, 'scratch-job')).toEqual([])
})

test('a scratch server has no way out, bounds, labels of ours, and a volume that goes with it', async () => {
  const server = await ready('postgres')
  const { id } = server.container
  const [look] = await listLooks(docker, 'scratch-job')
  expect(look).toMatchObject({ id, deadline: expect.any(Number), process: expect.stringMatching(/ \d+ /) })
  const inspected = JSON.parse(await engine.ok(['container', 'inspect', id]))[0]
  const volumes = inspected.Mounts.map((mount: { Name: string }) => mount.Name)
  expect(volumes).toHaveLength(1)
  await server.remove()
  expect((await engine.docker(['volume', 'inspect', ...volumes])).code).not.toBe(0)
})
