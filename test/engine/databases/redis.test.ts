import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { databaseImage, type ServerKind, startServer } from '../../support/databases.ts'
import { DIRECTORY, dump, restInBench, startBench, type TestBench } from '../../support/dumping.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench

const named = (what: string) => {
  const name = engine.name(`kv-${what}`)
  made.push(name)
  return name
}

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

describe.each<{ kind: ServerKind; args: string[]; how: string }>([
  { kind: 'redis', args: ['--requirepass', 'top secret'], how: 'replicating without a file' },
  { kind: 'redis', args: ['--requirepass', 'top secret', '--repl-diskless-sync', 'no'], how: 'replicating by a file' },
  {
    kind: 'redis',
    args: ['--requirepass', 'top secret', '--rdbchecksum', 'no', '--port', '7777'],
    how: 'without checksums, on another port',
  },
  { kind: 'valkey', args: ['--requirepass', 'top secret'], how: 'replicating without a file' },
])('a $kind server under write load, $how', ({ kind, args }) => {
  test('is dumped, loaded into an empty server, and has the same keys', async () => {
    const source = named(`source-${made.length}`)
    const port = args.includes('--port') ? ['-p', '7777'] : []
    const cli = (name: string, words: string[], more: string[] = port) =>
      engine.ok(['exec', '-e', 'REDISCLI_AUTH=top secret', name, `${kind}-cli`, ...more, ...words])
    await startServer(engine, kind, source, { args: [...args, '--repl-diskless-sync-delay', '0'], port: port[1] })
    await cli(source, ['eval', "for i = 1, 20000 do redis.call('set', 'k' .. i, string.rep(i, 10)) end", '0'])
    // both keys change in one step: a dump of one moment holds them equal
    await engine.ok([
      'exec',
      '-d',
      '-e',
      'REDISCLI_AUTH=top secret',
      source,
      'sh',
      '-c',
      `yes "eval \\"redis.call('incr', 'a') redis.call('incr', 'b')\\" 0" | ${kind}-cli ${port.join(' ')} >/dev/null`,
    ])
    const { report } = await dump(engine, bench, source)
    const { files, tool, warnings } = await report
    expect({ tool, warnings }).toEqual({ tool: `${kind}-cli`, warnings: [] })
    expect(files).toMatchObject([{ path: `${DIRECTORY}/${source}/dump.rdb`, database: null }])

    const volume = named(`data-${made.length}`)
    const path = files[0]?.path ?? ''
    await engine.ok(['volume', 'create', volume])
    await engine.ok([
      'run',
      '--rm',
      '--volumes-from',
      bench.name,
      '-v',
      `${volume}:/data`,
      engine.baseImage,
      'cp',
      path,
      '/data/dump.rdb',
    ])
    const target = named(`target-${made.length}`)
    await startServer(engine, kind, target, { args: ['--dir', '/data'], run: ['-v', `${volume}:/data`] })
    const plain = (words: string[]) => engine.ok(['exec', target, `${kind}-cli`, ...words])
    const [a, b] = [await plain(['get', 'a']), await plain(['get', 'b'])]
    expect(Number(a)).toBeGreaterThan(0)
    expect(b).toBe(a)
    expect(await plain(['dbsize'])).toBe('20002')
    expect(await plain(['get', 'k12345'])).toBe('12345'.repeat(10))
    await engine.docker(['rm', '-fv', source, target])
    await engine.ok(['volume', 'rm', volume])
  })
})

test('a wrong password is a failure in the words of the tool', async () => {
  const source = named('locked')
  await startServer(engine, 'redis', source, { args: ['--requirepass', 'right'] })
  const { report } = await dump(engine, bench, source, { dumpArgs: ['-a', 'wrong'] })
  await expect(report).rejects.toThrow(
    /was not dumped: .*(WRONGPASS|NOAUTH).* What helps: look at the user and the password in dumpArgs$/,
  )
  expect(await restInBench(engine, bench, source)).toBe('')
})

test('a password that the environment names and the server never got is not used', async () => {
  const source = named('open')
  await startServer(engine, 'redis', source, { env: { REDIS_PASSWORD: 'never set' } })
  const { report } = await dump(engine, bench, source)
  expect((await report).files).toHaveLength(1)
})
