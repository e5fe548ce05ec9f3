/** What breaks while a dump is on its way: never a success, nothing of it in the staging volume, no tool left running. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { DumpHelper } from '../../../src/dump/dump.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import { dump, factsOf, programs, restInBench, startBench, type TestBench, wrappers } from '../../support/dumping.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench

const named = (what: string) => {
  const name = engine.name(`broken-${what}`)
  made.push(name)
  return name
}

/** About 30 MB in each server: more than lies between the two ends of a dump that stands still. */
const SERVERS: Readonly<
  Record<
    'postgres' | 'mariadb' | 'redis',
    { env: Record<string, string>; args?: string[]; fill: string[]; tool: RegExp }
  >
> = {
  postgres: {
    env: { POSTGRES_PASSWORD: 'x' },
    fill: [
      'psql',
      '-q',
      '-U',
      'postgres',
      '-c',
      `CREATE TABLE a AS SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 100000) i`,
    ],
    tool: /pg_dump/,
  },
  mariadb: {
    env: { MARIADB_ALLOW_EMPTY_ROOT_PASSWORD: '1' },
    fill: [
      'mariadb',
      '-e',
      'CREATE DATABASE app; USE app; CREATE TABLE a AS SELECT seq, REPEAT(MD5(seq), 10) FROM seq_1_to_100000',
    ],
    tool: /mariadb-dump/,
  },
  redis: {
    env: {},
    args: ['--repl-diskless-sync-delay', '0'],
    fill: [
      'redis-cli',
      'eval',
      `for i = 1, 1500 do local t = {}; for j = 1, 500 do t[j] = redis.sha1hex(i * 500 + j) end; redis.call('set', i, table.concat(t)) end`,
      '0',
    ],
    tool: /redis-cli/,
  },
}

/** A helper whose receiver takes the first bytes, says so, and goes on when it is let. */
function stallingBench(inner: DumpHelper) {
  let flows: () => void = () => {}
  let go: () => void = () => {}
  const flowing = new Promise<void>((resolve) => {
    flows = resolve
  })
  const released = new Promise<void>((resolve) => {
    go = resolve
  })
  async function* stalled(input: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    let first = true
    for await (const chunk of input) {
      yield chunk
      if (!first) continue
      first = false
      flows()
      await released
    }
  }
  const stalling: DumpHelper = {
    exec: (request) =>
      inner.exec(request.input === undefined ? request : { ...request, input: stalled(request.input) }),
  }
  return { bench: stalling, flowing, go: () => go() }
}

/**
 * Ends the tool of a dump: every process of the container whose program's name matches, until none is left, since pg_dumpall may just
 * be starting another pg_dump. From outside, where the engine is on this machine: while nobody reads the dump, an engine may tell of
 * no exec's end in its container.
 */
async function endTool(name: string, tool: RegExp): Promise<void> {
  const { id } = await factsOf(engine, name)
  await eventually('the tool is gone', async () => {
    if (!(await killProcesses(id, tool))) await killFromWithin(name, tool)
    return (await programs(engine, name, tool)).length === 0
  })
}

/** Whether there were any on this machine. */
async function killProcesses(container: string, tool: RegExp): Promise<boolean> {
  let killed = 0
  for (const entry of (await readdir('/proc')).filter((one) => /^\d+$/.test(one))) {
    const [program = ''] = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (!tool.test(program)) continue
    const cgroup = await readFile(`/proc/${entry}/cgroup`, 'utf8').catch(() => '')
    if (!cgroup.includes(container)) continue
    try {
      process.kill(Number(entry), 'SIGKILL')
    } catch {
      continue // it has ended by itself
    }
    killed += 1
  }
  return killed > 0
}

async function killFromWithin(name: string, tool: RegExp): Promise<void> {
  const script = `for process in /proc/[0-9]*; do
      case $(tr '\\0' '\\n' <$process/cmdline 2>/dev/null | head -n 1) in *${tool.source}*) kill -9 \${process#/proc/} ;; esac
    done`
  await engine.ok(['exec', '-d', name, 'sh', '-c', script])
}

/** The docker clients of this process that run something in the container. */
async function clientsOf(id: string): Promise<number[]> {
  const clients: number[] = []
  for (const entry of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const words = (await readFile(`/proc/${entry}/cmdline`, 'utf8').catch(() => '')).split('\0')
    if (words.includes('exec') && words.includes(id)) clients.push(Number(entry))
  }
  return clients
}

/** As `programs`, for a container that may be gone. */
const programsOrNone = (name: string, tool: RegExp) => programs(engine, name, tool).catch((): string[] => [])

async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + 120_000
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited 120 s in vain until ${what}`)
    await delay(100)
  }
}

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

describe.each(['postgres', 'mariadb', 'redis'] as const)('a dump of %s', (kind) => {
  const { env, args = [], fill, tool } = SERVERS[kind]
  let source: string
  let release = () => {}

  // one that stands still would hold up every other exec in the container
  afterEach(() => release())

  beforeAll(async () => {
    source = named(kind)
    await startServer(engine, kind, source, { env, args })
    await engine.ok(['exec', source, ...fill])
  })

  const begin = async () => {
    const stalling = stallingBench(bench)
    release = stalling.go
    const running = await dump(engine, stalling.bench, source)
    await Promise.race([stalling.flowing, running.report])
    expect(await programs(engine, source, tool)).not.toEqual([])
    return { ...running, go: stalling.go }
  }
  const nothingIsLeft = async () => {
    expect(await restInBench(engine, bench, source)).toBe('')
    await eventually('the tool has ended', async () => (await programs(engine, source, tool)).length === 0)
    await eventually('its wrapper has ended', async () => (await wrappers(engine, source)).length === 0)
  }

  test('whose tool is killed half way fails', async () => {
    const { report, go } = await begin()
    await endTool(source, tool)
    go()
    await expect(report).rejects.toThrow(`database container "${source}" was not dumped: exit code `)
    await nothingIsLeft()
  })

  test('whose client is killed half way fails, and its tool is ended', async () => {
    const { report, go } = await begin()
    const { id } = await factsOf(engine, source)
    const clients = await clientsOf(id)
    expect(clients).toHaveLength(1)
    for (const client of clients) process.kill(client, 'SIGKILL')
    go()
    await expect(report).rejects.toThrow('was not dumped: it was cut off before it could say how it ended')
    await nothingIsLeft()
  })

  test('that is cancelled half way says so, and its tool is ended', async () => {
    const { report, go, cancel } = await begin()
    cancel()
    go()
    await expect(report).rejects.toMatchObject({ name: 'CancelledError' })
    await nothingIsLeft()
  })

  // these are the same for every engine
  if (kind === 'postgres') {
    test('of which less arrives than was passed on fails, although the receiver ended well', async () => {
      async function* first(input: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
        let taken = false
        for await (const chunk of input) {
          if (!taken) yield chunk
          taken = true
        }
      }
      const losing: DumpHelper = {
        exec: (request) => bench.exec(request.input ? { ...request, input: first(request.input) } : request),
      }
      const { report } = await dump(engine, losing, source)
      await expect(report).rejects.toThrow(/did not reach the staging volume whole: .*the file has \d+ bytes of \d+/)
      await nothingIsLeft()
    })

    test('whose receiving client is killed half way fails, and its tool is ended', async () => {
      const { report, go } = await begin()
      const receivers = await clientsOf(bench.name)
      expect(receivers).toHaveLength(1)
      for (const receiver of receivers) process.kill(receiver, 'SIGKILL')
      go()
      await expect(report).rejects.toThrow('could not be written to the staging volume: it was cut off')
      await nothingIsLeft()
    })

    test('past its deadline fails, and its tool is ended', async () => {
      const stalling = stallingBench(bench)
      const { report } = await dump(engine, stalling.bench, source, { deadlineMs: 6000 })
      await expect(report).rejects.toThrow(/was not dumped: .*ended after \d s/)
      await nothingIsLeft()
    })

    test('that does not fit on the disk fails in the words of the system', async () => {
      const small = named(`disk-${kind}`)
      await engine.ok([
        'volume',
        'create',
        '-d',
        'local',
        '-o',
        'type=tmpfs',
        '-o',
        'device=tmpfs',
        '-o',
        'o=size=4m',
        small,
      ])
      const smallBench = await startBench(engine, small)
      const { report } = await dump(engine, smallBench, source)
      await expect(report).rejects.toThrow(/could not be written to the staging volume: .*No space left on device/)
      expect(await restInBench(engine, smallBench, source)).toBe('')
      await eventually('the tool has ended', async () => (await programs(engine, source, tool)).length === 0)
      await engine.ok(['rm', '-fv', small])
      await engine.ok(['volume', 'rm', small])
    })
  }

  // the last one: it takes the server away
  test('whose container is stopped half way fails', async () => {
    const { report, go } = await begin()
    const stopped = engine.ok(['stop', '-t', '1', source])
    await eventually('the tool is gone', async () => (await programsOrNone(source, tool)).length === 0)
    go()
    await stopped
    await expect(report).rejects.toThrow(`database container "${source}" was not dumped: `)
    expect(await restInBench(engine, bench, source)).toBe('')
    await eventually(
      'the engine knows that it stopped',
      async () => (await engine.ok(['inspect', '-f', '{{.State.Running}}', source])) === 'false',
    )
    const again = await dump(engine, bench, source)
    await expect(again.report).rejects.toThrow(`database container "${source}" was not dumped: it stopped meanwhile: `)
  })
})

describe('PostgreSQL', () => {
  let source: string
  const sql = (query: string) =>
    engine.ok(['exec', '-i', source, 'psql', '-h', '127.0.0.1', '-U', 'postgres', '-q'], { input: query })

  beforeAll(async () => {
    source = named('locked')
    await startServer(engine, 'postgres', source, {
      env: { POSTGRES_PASSWORD: 'first', PGPASSWORD: 'first', POSTGRES_INITDB_ARGS: '--auth-local=scram-sha-256' },
    })
    await sql(`CREATE TABLE open (n int); CREATE TABLE closed (n int); CREATE ROLE reader LOGIN PASSWORD 'reading';
      GRANT SELECT ON open TO reader;`)
  })

  afterEach(async () => {
    expect(await restInBench(engine, bench, source)).toBe('')
    expect(await programs(engine, source, /pg_dump/)).toEqual([])
  })

  test('with a role that has no rights on one table fails in the words of the tool', async () => {
    const { report } = await dump(engine, bench, source, {
      databases: ['postgres'],
      dumpArgs: ['-U', 'reader', '--dbname=password=reading dbname=postgres'],
    })
    await expect(report).rejects.toThrow(/database "postgres": exit code 1: .*permission denied for table closed/)
  })

  test('with a wrong password fails in the words of the server', async () => {
    const { report } = await dump(engine, bench, source, { dumpArgs: ['-d', 'postgres://postgres:wrong@/postgres'] })
    await expect(report).rejects.toThrow(/password authentication failed for user "postgres"/)
  })
})

describe('a container', () => {
  test('without the tool, without a shell, and one that holds no database are each told apart', async () => {
    const plain = named('plain')
    await engine.ok(['run', '-d', '--name', plain, '--network', 'none', engine.baseImage, 'sleep', '3600'])
    const postgres = await dump(engine, bench, plain, { dbKind: 'postgres' })
    await expect(postgres.report).rejects.toThrow(
      'pg_dumpall is not found in the container: install the PostgreSQL client in its image',
    )
    const unknown = await dump(engine, bench, plain)
    await expect(unknown.report).rejects.toThrow(
      /cannot tell which database runs .* say so with dbKind: postgres, mysql/,
    )

    await engine.ok(['exec', plain, 'sh', '-c', 'rm /bin/sh'])
    const shellless = await dump(engine, bench, plain, { dbKind: 'postgres' })
    await expect(shellless.report).rejects.toThrow('the container has no shell (sh)')
  })
})
