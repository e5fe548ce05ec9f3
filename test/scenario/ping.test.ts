/** What the watcher of `ping-url` hears, through the bundle, and that no backup depends on it. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type ActionOptions, runAction, startAction } from '../../examples/demo/action.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { startWatcher, type Watcher } from '../support/watcher.ts'
import { makeWorkspace } from '../support/workspace.ts'

let watcher: Watcher
beforeEach(async () => {
  watcher = await startWatcher()
})
afterEach(() => watcher.stop())

const ID = 'ping/0f6b1a3c-5b1e-4a2f-9c3d-2b1a0f6b1a3c'
const instances = (more: object = {}) => [{ id: 'a', customImage: 'img:1', targets: [], ...more }]

async function given(config: object, inputs: Record<string, string> = {}, docker = ''): Promise<ActionOptions> {
  const workspace = await makeWorkspace({
    'config.yml': JSON.stringify({ instances: instances(), ...config }, null, 1),
  })
  const folder = join(workspace, '../docker')
  return { workspace, docker: await easyDocker(folder, docker), inputs: { 'upload-logs': 'false', ...inputs } }
}

const paths = () => watcher.arrived.map(({ method, url }) => `${method} ${url.replace(/rid=[0-9a-f-]{36}$/, 'rid=…')}`)
/** The scripted engine has no records, and the platform no artifacts: their warnings are not this file's. */
const warnings = (stdout: string) => (stdout.match(/^::warning.*/gm) ?? []).filter((line) => /ping|told/.test(line))

test('Healthchecks hears of the start and of the success, with one id; the address of the configuration is masked', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
  const options = await given({ 'ping-url': '${WATCH}' }, { variables: `WATCH=${watcher.baseUrl}/${ID}` })
  const ran = await runAction(options)
  expect(ran.code, ran.stdout).toBe(0)
  expect(paths()).toEqual([`POST /${ID}/start?rid=…`, `POST /${ID}?rid=…`])
  const [first, second] = watcher.arrived
  expect(first?.url.slice(-36)).toBe(second?.url.slice(-36))
  expect(first?.body).toMatch(/^started: 1 backup\nhost: .*\nrun: .*\na$/)
  expect(second?.body).toMatch(/^success: 1 backup done\n/)
  expect(warnings(ran.stdout)).toEqual([])
  expect(ran.stdout.replace(/^::add-mask::.*$/gm, '') + ran.summary + JSON.stringify(ran.report)).not.toContain(ID)
})

test('a failure is told, a cancel is logged, and nothing due is a success without a start', async () => {
  const inputs = { 'ping-url': `${watcher.baseUrl}/x` }
  const bad = await runAction(await given({ instances: instances({ customImage: 'img:1', env: { A: '$B' } }) }, inputs))
  expect(bad.code).toBe(1)
  expect(watcher.arrived.at(-1)?.body).toMatch(/^failed: 1 of 1 backup: a\n/)
  const none = await runAction({ ...(await given({}, inputs)), env: { GITHUB_EVENT_NAME: 'schedule' } })
  expect(none.code, none.stdout).toBe(0)
  expect(watcher.arrived.at(-1)?.body).toMatch(/^success: nothing was due\n/)
  expect(paths()).toEqual(['POST /x/start?rid=…', 'POST /x/fail?rid=…', 'POST /x?rid=…'])
})

test('a run that cannot begin is a failure: a wrong configuration, an engine that is away', async () => {
  const inputs = { 'ping-url': `${watcher.baseUrl}/x` }
  expect((await runAction(await given({ instances: 7 }, inputs))).code).toBe(1)
  const away = await given({ 'ping-url': `${watcher.baseUrl}/y` }, {}, 'echo away >&2; exit 1')
  expect((await runAction(away)).code).toBe(1)
  expect(paths()).toEqual(['POST /x/fail?rid=…', 'POST /y/fail?rid=…'])
})

test('a dry run and validate tell nothing, and the input wins over the configuration', async () => {
  const config = { 'ping-url': `${watcher.baseUrl}/config` }
  await runAction(await given(config, { 'dry-run': 'true' }))
  await runAction({ ...(await given(config)), inputs: { command: 'validate' } })
  expect(paths()).toEqual([])
  await runAction(await given(config, { 'ping-url': `${watcher.baseUrl}/input` }))
  expect(paths()).toEqual(['POST /input/start?rid=…', 'POST /input?rid=…'])
})

test('Uptime Kuma and Cronitor are told by placeholders', async () => {
  await runAction(await given({ 'ping-url': `${watcher.baseUrl}/k?status={status}&msg={message}&ping={ms}` }))
  expect(paths()).toEqual([expect.stringMatching(/^GET \/k\?status=up&msg=success%3A%201%20backup%20done&ping=\d+$/)])
  watcher.arrived.length = 0
  await runAction(await given({ 'ping-url': `${watcher.baseUrl}/p/K/n?state={state}&message={message}` }))
  expect(paths()).toEqual([
    'GET /p/K/n?state=run&message=started%3A%201%20backup',
    'GET /p/K/n?state=complete&message=success%3A%201%20backup%20done',
  ])
})

test.each([
  [
    'refuses',
    () => ({ status: 404, body: 'not found' }),
    2,
    /was not told of this run by ping-url: it answered HTTP 404$/,
  ],
  ['does not know the id', () => ({ status: 200, body: 'OK (not found)' }), 2, /it answered "OK \(not found\)"$/],
  ['is broken', () => ({ status: 503, body: '' }), null, /it answered HTTP 503$/],
  ['never answers', () => null, null, /it did not answer within 5 s$/],
])('a watcher that %s costs one warning, which names its host only', async (_, answer, asked, words) => {
  watcher.answer = answer
  const ran = await runAction(await given({ 'ping-url': `${watcher.baseUrl}/${ID}` }))
  expect(ran).toMatchObject({ code: 0, outputs: { result: 'success' } })
  expect(warnings(ran.stdout)).toEqual([expect.stringMatching(words)])
  expect(warnings(ran.stdout)[0]).toContain(watcher.host)
  expect(ran.stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('0f6b1a3c')
  if (asked !== null) expect(watcher.arrived).toHaveLength(asked)
  else expect(watcher.arrived.filter(({ url }) => !url.includes('/start'))).toHaveLength(3)
})

test.each([
  ['nobody is there', 'http://127.0.0.1:2/x', /127\.0\.0\.1:2 was not told .* \(ECONNREFUSED\)$/],
  ['it is no address', 'hc-ping.com/secret-id', /told nothing: ping-url must be an address that begins with/],
  ['it would call each run good', 'http://127.0.0.1:9/api/push/secret-id?status=up', /would call every run good/],
])('where %s, the backup is made, and one warning says so', async (_, url, words) => {
  const ran = await runAction(await given({}, { 'ping-url': url }))
  expect(ran).toMatchObject({ code: 0, outputs: { result: 'success' } })
  expect(warnings(ran.stdout)).toEqual([expect.stringMatching(words)])
  expect(ran.stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('secret-id')
})

test('a variable that is missing is one warning', async () => {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of the configuration
  const ran = await runAction(await given({ 'ping-url': 'https://hc-ping.com/${WATCH}' }))
  expect(ran.code).toBe(0)
  expect(warnings(ran.stdout)).toEqual([
    expect.stringContaining('`ping-url` needs the variable WATCH, which is not set'),
  ])
})

test('a run that is cancelled is logged; one that is killed is told by post, from the configuration', async () => {
  const hangs = 'case "$*" in start*) echo >begun; while :; do sleep 1000; done ;; esac'
  const options = await given({ 'ping-url': `${watcher.baseUrl}/x` }, {}, hangs)
  const cancelled = await startAction(options)
  const isBegun = () => readFile(join(options.workspace, '../docker/begun'), 'utf8').catch(() => null)
  await expect.poll(isBegun, { timeout: 60_000 }).not.toBeNull()
  cancelled.kill('SIGINT')
  await cancelled.done
  expect(paths()).toEqual(['POST /x/start?rid=…', 'POST /x/log?rid=…'])
  watcher.arrived.length = 0
  await rm(join(options.workspace, '../docker/begun'))
  const killed = await startAction(options)
  await expect.poll(isBegun, { timeout: 60_000 }).not.toBeNull()
  killed.kill('SIGKILL')
  await (await killed.done).post()
  expect(paths()).toEqual(['POST /x/start?rid=…', 'POST /x/fail?rid=…'])
  expect(watcher.arrived[0]?.url.slice(-36)).toBe(watcher.arrived[1]?.url.slice(-36))
})

test('a restore that is killed is none of the watcher, which waits for backups, and is told as a restore', async () => {
  const hangs = 'case "$*" in start*) echo >begun; while :; do sleep 1000; done ;; esac'
  const options = await given({ 'ping-url': `${watcher.baseUrl}/x` }, { command: 'restore', instances: 'a' }, hangs)
  const killed = await startAction({ ...options, env: { GITHUB_EVENT_NAME: 'workflow_dispatch' } })
  const isBegun = () => readFile(join(options.workspace, '../docker/begun'), 'utf8').catch(() => null)
  await expect.poll(isBegun, { timeout: 60_000 }).not.toBeNull()
  killed.kill('SIGKILL')
  const { summary } = await (await killed.done).post()
  expect(paths()).toEqual([])
  expect(summary).toContain('The restore was killed')
  expect(summary).not.toContain('backup was killed')
})
