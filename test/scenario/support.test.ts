/** What scenario tests stand on: the way a bundle is started and read, and the scripted docker. */

import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction, startAction } from '../../examples/demo/action.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

/** A bundle that does `main` and a docker of one rule, in a workspace. */
async function stub(main: string) {
  const workspace = await makeWorkspace({ 'config.yml': 'instances: []\n' })
  const bundle = join(workspace, '../bundle.mjs')
  await writeFile(bundle, `import fs from 'node:fs'\nimport { spawnSync } from 'node:child_process'\n${main}`)
  const docker = await scriptDocker(join(workspace, '../docker'), [{ on: /./ }])
  return { workspace, bundle, docker }
}

test('the bundle gets inputs, files and folders as from a runner, and post gets the state', async () => {
  const options = await stub(`
    const e = process.env
    if (e.STATE_claim) { console.log('post of', e.STATE_claim, e['INPUT_MAX-PARALLEL'], e.GITHUB_RUN_ID); process.exit(0) }
    fs.appendFileSync(e.GITHUB_OUTPUT, 'result=success\\nfailed<<END\\n["a",\\n"b=c"]\\nEND\\n')
    fs.appendFileSync(e.GITHUB_STATE, 'claim<<X\\nmarina-run-a\\nX\\n')
    fs.appendFileSync(e.GITHUB_STEP_SUMMARY, '# done\\n')
    console.log(process.cwd() === e.GITHUB_WORKSPACE, e.INPUT_CONFIG, JSON.parse(fs.readFileSync(e.GITHUB_EVENT_PATH)).schedule)
    process.exitCode = 3`)
  const ran = await runAction({
    ...options,
    inputs: { 'max-parallel': '2' },
    event: { schedule: '0 4 * * *' },
    env: { GITHUB_RUN_ID: '77' },
  })
  expect(ran).toMatchObject({
    code: 3,
    signal: null,
    stdout: 'true config.yml 0 4 * * *\n',
    stderr: '',
    summary: '# done\n',
    report: null,
  })
  expect(ran.outputs).toEqual({ result: 'success', failed: '["a",\n"b=c"]' })
  expect((await ran.post()).stdout).toBe('post of marina-run-a 2 77\n')
})

test('an input that action.yml does not have is a mistake of the test', async () => {
  await expect(runAction({ ...(await stub('')), inputs: { max_parallel: '2' } })).rejects.toThrow(
    'no input max_parallel',
  )
})

test('it can be signalled once it says something, and killed', async () => {
  const options = await stub(
    `process.on('SIGINT', () => console.log('caught')); setInterval(() => {}, 1000); console.log('ready')`,
  )
  const running = await startAction(options)
  await running.says(/ready/)
  running.kill('SIGINT')
  await running.says(/caught/)
  running.kill('SIGKILL')
  expect(await running.done).toMatchObject({ code: null, signal: 'SIGKILL', stdout: 'ready\ncaught\n' })
  await expect(running.says(/never/)).rejects.toThrow('without saying /never/')
})

test('it is cancelled as GitHub does, step by step, and as Gitea does, with all its group', async () => {
  const options = await stub(`
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => console.log(signal))
    const child = (await import('node:child_process')).spawn('sleep', ['1000'])
    console.log('ready', child.pid)`)
  const github = await startAction(options)
  await github.says(/ready/)
  github.cancel()
  const cancelled = await github.done
  expect(cancelled).toMatchObject({
    signal: 'SIGKILL',
    stdout: expect.stringMatching(/^ready \d+\nSIGINT\nSIGTERM\n$/),
  })
  const left = Number(cancelled.stdout.split(/\s/)[1])
  process.kill(left) // GitHub's signals are for the node process alone
  const gitea = await startAction(options)
  await gitea.says(/ready \d+\n/)
  gitea.killGroup()
  const child = Number((await gitea.done).stdout.split(/\s/)[1])
  await expect.poll(() => isAlive(child)).toBe(false)
})

/** Whether a process runs; one that waits for its parent to take note of its end does not. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  return stat !== '' && !/\) [ZX] /.test(stat)
}

test('a slow reader holds the writer back, and the largest memory is seen', async () => {
  const options = await stub(`
    let sent = 0
    const send = () => { while (sent++ < 40) if (!process.stdout.write('x'.repeat(65536))) return process.stdout.once('drain', send) }
    send()
    globalThis.ballast = Buffer.alloc(100 << 20, 1)`)
  const started = Date.now()
  const ran = await runAction({ ...options, stdout: { bytesPerSecond: 2 << 20, keepBytes: 10 } })
  expect(Date.now() - started).toBeGreaterThan(1000)
  expect(ran.stdout).toBe('xxxxxxxxxx')
  expect(ran.peakRssBytes).toBeGreaterThan(120 << 20)
})

test('the scripted docker answers by its rules, in their order, and remembers', async () => {
  const options = await stub(`
    const run = (args, input) => { const r = spawnSync('docker', args, { input, encoding: 'utf8', env: { ...process.env, SECRET: 's3' } }); return [r.status, r.signal, r.stdout, r.stderr] }
    const all = [run(['ps', '-a']), run(['ps', '-a']), run(['exec', '-i', 'c', 'sh'], 'echo $A\\n'), run(['kill', 'c']), run(['logs'])]
    all.push(run(['rm', 'two words'])); all[4][2] = all[4][2].length
    console.log(JSON.stringify(all))`)
  const docker = await scriptDocker(
    join(options.workspace, '../docker'),
    [
      { on: /^ps/, stdout: 'first\n', times: 1 },
      { on: /^ps/, stdout: 'later\n', stderr: 'warned\n', code: 1 },
      { on: /^exec -i/, readsStdin: true },
      { on: /^kill/, signal: 'SIGTERM' },
      { on: /^logs/, stdout: 'seven b', repeat: 100_000 },
    ],
    ['SECRET', 'ABSENT'],
  )
  const ran = await runAction({ ...options, docker })
  expect(JSON.parse(ran.stdout)).toEqual([
    [0, null, 'first\n', ''],
    [1, null, 'later\n', 'warned\n'],
    [0, null, '', ''],
    [null, 'SIGTERM', '', ''],
    [0, null, 700_000, ''],
    [125, null, '', 'scripted docker: no rule fits: docker rm two words\n'],
  ])
  expect(await docker.calls()).toEqual(
    [['ps', '-a'], ['ps', '-a'], ['exec', '-i', 'c', 'sh'], ['kill', 'c'], ['logs'], ['rm', 'two words']].map(
      (argv) => ({
        argv,
        stdin: argv[0] === 'exec' ? 'echo $A\n' : null,
        env: { SECRET: 's3' },
      }),
    ),
  )
  expect(await docker.unexpected()).toEqual(['rm two words'])
})

test('a docker that hangs says what it has to say, and lives until it is ended', async () => {
  const options = await stub(`
    const r = spawnSync('docker', ['events'], { timeout: 1500, encoding: 'utf8' })
    console.log(r.signal, r.stdout)`)
  const docker = await scriptDocker(join(options.workspace, '../docker'), [
    { on: /^events/, stdout: 'one', hangs: true },
  ])
  expect((await runAction({ ...options, docker })).stdout).toBe('SIGTERM one\n')
})

test.concurrent('what goes at the end of a test is refused where tests run side by side', async () => {
  await expect(makeWorkspace()).rejects.toThrow('in a test.concurrent nobody knows whose end this is')
})

test.concurrent('a checkout goes with the test whose context takes the removal', async ({ onTestFinished }) => {
  expect(await makeWorkspace({}, onTestFinished)).toMatch(/repository$/)
})
