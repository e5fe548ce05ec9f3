/**
 * A PostgreSQL dump of over 500 MB: its time beside `docker exec pg_dumpall > file`, by turns in one run, the memory of the node process on
 * its way, and the time that counting its rows takes by itself. `node test/bench/dump.ts`, with a recent Node; `MARINA_TEST_CACHE` keeps the image's archive.
 */
import { spawnSync } from 'node:child_process'
import { createReadStream, mkdtempSync, openSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { attachEngine, type Engine, startEngine } from '../../examples/demo/engine.ts'
import { postgresRows } from '../../src/databases/rows/postgresRows.ts'
import { cpuTime } from '../support/cpuTime.ts'
import { databaseImage, startServer } from '../support/databases.ts'
import { dump, startBench } from '../support/dumping.ts'

const ROUNDS = 2
const ROWS = 1_600_000

const handle = process.env.MARINA_BENCH_ENGINE
const owned = handle === undefined ? await startEngine() : null
const engine: Engine = owned ?? attachEngine(JSON.parse(handle ?? ''))
const folder = mkdtempSync(join(tmpdir(), 'marina-bench-'))
const file = join(folder, 'dump.sql')
const [source, bench] = [engine.name('bench-pg'), engine.name('bench-bench')]
try {
  await databaseImage(engine)
  await startServer(engine, 'postgres', source, { env: { POSTGRES_PASSWORD: 'x' } })
  const helper = await startBench(engine, bench)
  const fill = `CREATE TABLE a AS SELECT i, repeat(md5(i::text), 10) AS body FROM generate_series(1, ${ROWS}) i; VACUUM a`
  await engine.ok(['exec', '-i', source, 'psql', '-q', '-U', 'postgres'], { input: fill, timeoutMs: 300_000 })
  console.log(`at rest: ${rss()} MB RSS`)
  for (let round = 1; round <= ROUNDS; round++) {
    const bare = bareDump()
    const counting = await countAlone()
    const ours = await ourDump(helper)
    console.log(
      `round ${round}: ${ours.megabytes} MB; docker exec pg_dumpall > file ${bare} s; through the action's code ${ours.seconds} s; counting its rows ${counting} s of CPU; RSS by fifths of the dump ${ours.peaks.join(', ')} MB`,
    )
  }
} finally {
  await engine.docker(['rm', '-fv', source, bench])
  rmSync(folder, { recursive: true })
  await owned?.stop()
}

/** Seconds. */
function bareDump(): string {
  const begun = performance.now()
  const argv = ['exec', source, 'pg_dumpall', '-U', 'postgres']
  const ran = spawnSync('docker', argv, {
    env: { ...process.env, ...engine.env() },
    stdio: ['ignore', openSync(file, 'w'), 'inherit'],
  })
  if (ran.status !== 0) throw new Error(`docker exec pg_dumpall ended with ${ran.status}`)
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  if (statSync(file).size < 500e6) throw new Error('the dump is smaller than it should be')
  return seconds
}

/** Counts the rows of the dump that `bareDump` made, and returns how much longer that takes than reading it, s of CPU. */
async function countAlone(): Promise<string> {
  const read = cpuTime()
  for await (const chunk of createReadStream(file)) void chunk
  const readMs = read()
  const counter = postgresRows(true)
  const count = cpuTime()
  for await (const chunk of createReadStream(file)) counter.count(chunk as Buffer)
  counter.end()
  const countMs = count()
  rmSync(file)
  return ((countMs - readMs) / 1000).toFixed(2)
}

async function ourDump(helper: Parameters<typeof dump>[1]) {
  const samples: number[] = []
  const timer = setInterval(() => samples.push(rss()), 100)
  const begun = performance.now()
  const { files } = await (await dump(engine, helper, source)).report
  const seconds = ((performance.now() - begun) / 1000).toFixed(1)
  clearInterval(timer)
  const fifth = Math.ceil(samples.length / 5)
  const peaks = [0, 1, 2, 3, 4].map((part) => Math.max(...samples.slice(part * fifth, (part + 1) * fifth)))
  return { seconds, megabytes: Math.round((files[0]?.bytes ?? 0) / 1e6), peaks }
}

function rss(): number {
  return Math.round(process.memoryUsage.rss() / 1e6)
}
