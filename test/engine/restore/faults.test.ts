/** Restores into place that go wrong, through the built action on a real engine: afterwards all is old or all is new, and everybody is up. */
import { expect, test } from 'vitest'
import { databaseImage } from '../../support/databases.ts'
import { type FaultStage, openStage, type RestoreFault, restoreUnder, runMarina } from '../../support/restoreFaults.ts'
import { testEngine } from '../../support/run.ts'
import { atTestEnd } from '../../support/testEnd.ts'

const engine = testEngine()

async function stageOf(what: string, options: Parameters<typeof openStage>[2]): Promise<FaultStage> {
  const stage = await openStage(engine, what, options)
  atTestEnd(stage.tearDown)
  return stage
}

/** Restores with the fault, and expects that nothing is wrong afterwards. */
async function under(stage: FaultStage, fault: RestoreFault) {
  const ended = await restoreUnder(stage, fault)
  expect(ended.problems, ended.said).toEqual([])
  return ended
}

/** The first step that changes a volume. */
const EMPTIES = 'exec *setfacl*'

test('one docker call of a restore breaks, or its run is killed or cancelled there', async () => {
  const stage = await stageOf('breaks', { withDatabase: false })
  const cases: readonly [RestoreFault, 'old' | 'fresh'][] = [
    // while the old data is kept
    [{ call: { fault: 'refused', from: 'stop *', plus: 4 } }, 'old'],
    [{ call: { fault: 'action cancelled', from: 'stop *', plus: 3 } }, 'old'],
    // while the new data is brought in
    [{ call: { fault: 'refused', from: EMPTIES, plus: 1 } }, 'old'],
    [{ call: { fault: 'action killed after', from: EMPTIES }, post: true }, 'old'],
    // at the end, when all is new
    [{ call: { fault: 'refused', from: 'rm *', plus: 1 } }, 'fresh'],
    [{ call: { fault: 'action killed before', from: 'rm *', plus: 1 } }, 'fresh'],
  ]
  for (const [fault, state] of cases) {
    const ended = await under(stage, fault)
    expect(ended.broken, JSON.stringify(fault)).not.toBeNull()
    expect(ended.state, `${JSON.stringify(fault)}\n${ended.said}`).toBe(state)
  }
})

test('an application that does not come up with the restored data gets its old data back', async () => {
  const ends = `[ -e /v0/kept ] || exit 3; trap 'exit 0' TERM; while :; do sleep 0.1; done`
  const stage = await stageOf('unfit', { withDatabase: false, script: ends, policies: ['no'] })
  const ended = await under(stage, {})
  expect(ended).toMatchObject({ result: 'failed', state: 'old' })
  expect(ended.said).toContain('The old data is in place again. Everything is up again')
  const killed = await under(stage, { call: { fault: 'action killed after', from: 'start [0-9a-f]*' } })
  expect(killed, killed.said).toMatchObject({ state: 'old' })
  expect(killed.said).toMatch(/with the restored data, container ".*" .*has its old data again/)
})

test('old data that cannot be put back: nobody works with half of it, and no backup holds it, until a run has put it back', async () => {
  const stage = await stageOf('torn', { withDatabase: false, policies: ['no', 'always'] })
  const placer = `marina-place-${stage.id}`
  const said: string[] = []
  const statuses = () =>
    engine.ok(['container', 'inspect', '--format', '{{.State.Status}}', ...stage.apps]).then((text) => text.split('\n'))
  const ended = await restoreUnder(stage, {
    call: { fault: 'waits', from: EMPTIES },
    meanwhile: async () => {
      // the list of what is back cannot be read, and the restored data is gone
      await engine.ok(['exec', placer, 'mkdir', '/.marina-back'])
      await engine.ok(['exec', `marina-run-${stage.id}`, 'sh', '-c', 'rm -rf /backup/volume'])
    },
    afterwards: async () => {
      expect(await statuses()).toEqual(['exited', 'exited'])
      const label = `label=dev.polarfox.marina-action.self=${placer}`
      const backup = await runMarina(stage, {}, engine)
      said.push(backup.stdout)
      expect(backup.outputs.result, backup.stdout).toBe('failed')
      expect(await statuses()).toEqual(['exited', 'exited'])
      const helper = await engine.ok(['ps', '-aq', '--filter', label])
      await engine.ok(['exec', helper, 'rmdir', '/.marina-back'])
    },
  })
  expect(ended, ended.said).toMatchObject({ result: 'failed', state: 'old' })
  // the restored tree was in use when its claim was removed: a run takes it away when it is ten minutes old
  expect(ended.problems.filter((one) => !/^left: \w+ .*\bkind=staging(,|$)/.test(one))).toEqual([])
  const staged = ['--filter', `label=dev.polarfox.marina-action.instance=${stage.id}`]
  const left = await engine.ok(['volume', 'ls', '-q', ...staged])
  if (left !== '') await engine.ok(['volume', 'rm', ...left.split('\n')])
  const [, stopped = ''] =
    /(\S+, \S+) stay stopped, because they would write into half of the data/.exec(ended.said) ?? []
  expect(stopped.split(', ').sort(), ended.said).toEqual([...stage.apps].sort())
  const [backup = ''] = said
  expect(backup).toContain(`volume ${stage.volume} may hold half of a restore of instance ${stage.id}`)
  expect(backup).toMatch(/To give the old data up: docker rm -fv marina-sweep-\S+-left, then docker start /)
})

test('an application that is not healthy with the restored data gets its old data back', async () => {
  const health = ['--health-cmd', 'test -e /v0/kept', '--health-interval', '1s', '--health-retries', '2']
  const stage = await stageOf('unwell', { withDatabase: false, policies: ['no'], args: health })
  const ended = await under(stage, {})
  expect(ended).toMatchObject({ result: 'failed', state: 'old' })
  expect(ended.said).toContain('its health check fails')
})

test('an engine that dies while data is brought in: the next run puts the old data back', async () => {
  const stage = await stageOf('engine', { withDatabase: false })
  const ended = await under(stage, {
    meanwhile: async (running) => {
      await running.says(/bringing the restored data into/)
      await engine.restart('SIGKILL')
    },
  })
  expect(ended.result, ended.said).toBe('failed')
})

test('an application that writes to a database is stopped while it is replaced, and loses nothing that it wrote', async () => {
  const image = await databaseImage(engine)
  const fails = `f=$(ls /restore/db/*/dump.sql); old=$(sha256sum <$f | cut -c 1-64); size=$(stat -c %s $f); echo 'SELECT 1/0;' >>$f
    sed -i "s/$old/$(sha256sum <$f | cut -c 1-64)/; s/: $size,/: $(stat -c %s $f),/" /restore/manifest.json`
  const stage = await stageOf('writer', { withDatabase: true, lie: fails, policies: ['no'] })
  const server = stage.server ?? ''
  const [writer, acks] = [engine.name('writer-app'), engine.name('writer-acks')]
  const sql = (query: string) => engine.ok(['exec', server, 'psql', '-U', 'postgres', '-d', 'postgres', '-qAtc', query])
  await sql('CREATE TABLE log(n serial)')
  const script = `trap 'exit 0' TERM; while :; do psql -h 127.0.0.1 -U postgres -qc 'INSERT INTO log DEFAULT VALUES' && echo x >>/acks/lines; sleep 0.05; done`
  const command = ['--entrypoint', 'sh', image, '-c', script]
  const shares = ['--network', `container:${server}`, '-v', `${acks}:/acks`, '-e', 'PGPASSWORD=x y']
  atTestEnd(async () => {
    await engine.docker(['rm', '-f', writer])
    await engine.docker(['volume', 'rm', '-f', acks])
  })
  await engine.ok(['run', '-d', '--name', writer, ...shares, ...command])
  const ended = await under(stage, {})
  expect(ended, ended.said).toMatchObject({ result: 'failed', state: 'old' })
  expect(ended.said).toContain(`stopping ${writer}`)
  expect(await engine.ok(['container', 'inspect', '-f', '{{.State.Status}}', writer])).toBe('running')
  await engine.ok(['stop', writer])
  const acked = await engine.ok(['run', '--rm', '-v', `${acks}:/acks`, engine.baseImage, 'wc', '-l', '/acks/lines'])
  const rows = Number(await sql('SELECT count(*) FROM log'))
  expect(rows).toBeGreaterThanOrEqual(Number.parseInt(acked, 10))
})
