/** Dumps of Redis and Valkey, loaded into scratch servers: every key is there, those included whose time is over. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { compareRows } from '../../../src/databases/countContract.ts'
import { countRows } from '../../../src/load/countRows.ts'
import { startScratchServer } from '../../../src/scratch/scratchServer.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import { dockerOf, dump, startBench, type TestBench } from '../../support/dumping.ts'
import { load } from '../../support/loading.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
const docker = dockerOf(engine)
const signal = new AbortController().signal
let bench: TestBench
let image: string

const named = (what: string) => {
  const name = engine.name(`load-redis-${what}`)
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

/** Keys of every kind, in databases far apart, some with a time that is over. */
const FILL = `DEBUG SET-ACTIVE-EXPIRE 0
SET "odd \\x00 key" value
RPUSH list a b c
HSET hash f v
XADD stream * a 1
ZADD zset 1.5 m
SET gone x PX 1
SET later x EX 100000
SELECT 40
SET only here
`

test.each(['redis', 'valkey'] as const)(
  '%s: each key is on the scratch server; a file it cannot read is told',
  async (kind) => {
    const source = named(kind)
    const args = ['--databases', '64', '--requirepass', 'secret', '--enable-debug-command', 'yes']
    await startServer(engine, kind, source, { args })
    await engine.ok(['exec', '-i', '-e', 'REDISCLI_AUTH=secret', source, `${kind}-cli`], { input: FILL })
    const files = (await (await dump(engine, bench, source)).report).files
    expect(files[0]?.counted.rows).toEqual({ db0: 7, db40: 1 })
    const outcome = await startScratchServer(docker, {
      image,
      reference: 'databases',
      kind,
      instance: 'i',
      job: 'redis-job',
      settings: {},
      roles: [],
      deadline: Date.now() + 300_000,
      clockOffsetMs: 0,
      hide: async () => {},
      onLine: async () => {},
      signal,
    })
    if (outcome.kind !== 'ready') throw new Error(outcome.why)
    const { server } = outcome
    try {
      const { container, dumpArgs } = server
      const counted = () => countRows(docker, { kind, container, dumpArgs, database: null, deadlineMs: 60_000, signal })
      const into = (one: typeof files) => load(engine, bench, container.name, one, { kind, purpose: 'empty', dumpArgs })
      await into(files)
      expect(compareRows(files[0]?.counted.rows ?? {}, await counted(), () => false)).toEqual([])
      expect(await server.trouble()).toBeNull()
      // a version that no server knows
      const path = files[0]?.path ?? ''
      const broken = `cp ${path} /broken && printf 999 | dd of=/broken bs=1 seek=6 conv=notrunc 2>/dev/null && sha256sum </broken | cut -c 1-64 && stat -c %s /broken`
      const [sha256 = '', bytes] = (await engine.ok(['exec', bench.name, 'sh', '-c', broken])).split('\n')
      const file = { path: '/broken', database: null, sha256, bytes: Number(bytes) }
      await expect(into([file as never])).rejects.toThrow(/was not loaded .*version 999.*What helps/)
      expect(await server.trouble()).toBeNull()
    } finally {
      await server.remove()
    }
  },
)
