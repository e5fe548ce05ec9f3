/** The steps and addresses of docs/notifications.md tell a local server, as GitHub's runner would run them after a backup that failed. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { parse } from 'yaml'
import { type ActionResult, runAction } from '../../examples/demo/action.ts'
import { run } from '../../examples/demo/process.ts'
import { blocks, neverRun } from '../support/cookbook.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { startMailServer } from '../support/mail-server.ts'
import { startWatcher, type Watcher } from '../support/watcher.ts'
import { makeWorkspace } from '../support/workspace.ts'

let watcher: Watcher
beforeEach(async () => {
  watcher = await startWatcher()
})
afterEach(() => watcher.stop())

interface Step {
  readonly if?: string
  readonly run?: string
  readonly env?: Record<string, string>
}

/** Runs the real action with a backup that fails, and one that is partial. */
async function failedRun(inputs: Record<string, string> = {}, more: object = {}): Promise<ActionResult> {
  const instances = ['shop', 'wiki'].map((id) => ({ id, customImage: 'img:1', env: { A: '$B' }, targets: [] }))
  const workspace = await makeWorkspace({ 'config.yml': JSON.stringify({ instances, ...more }, null, 1) })
  const docker = await easyDocker(join(workspace, '../docker'), '')
  return runAction({ workspace, docker, inputs: { 'upload-logs': 'false', ...inputs } })
}

const GITHUB = { server_url: 'https://github.com', repository: 'octo/backups', run_id: '77' }

/** Runs the step of a recipe that follows a failure, with the outputs of a run and these values of secrets and words. */
async function notify(recipe: string, given: { secrets: Record<string, string>; env?: Record<string, string> }) {
  const ran = await failedRun()
  expect(ran.code).toBe(1)
  const [block] = await blocks({ words: {} }, recipe, '')
  const steps = parse(block?.text ?? '') as Step[]
  const step = steps.find((one) => one.if === 'failure()')
  const contexts: Record<string, Record<string, string | undefined>> = {
    secrets: given.secrets,
    github: GITHUB,
    'steps.marina.outputs': ran.outputs,
  }
  const filled = (text: string) =>
    text.replace(/\$\{\{ ([\w.]+)\.(\w+) \}\}/g, (_, context: string, name: string) => {
      const value = contexts[context]?.[name]
      if (value === undefined) throw new Error(`${recipe} uses ${context}.${name}, which nobody gives`)
      return value
    })
  const env = Object.fromEntries(Object.entries(step?.env ?? {}).map(([name, text]) => [name, filled(text)]))
  const told = await run('bash', ['-e', '-c', step?.run ?? 'exit 9'], {
    env: { PATH: process.env.PATH ?? '', ...env, ...given.env },
    timeoutMs: 30_000,
  })
  expect(told.code, told.stdout + told.stderr).toBe(0)
  return ran
}

test('ntfy is told which backups failed', async () => {
  await notify('ntfy', { secrets: { NTFY_TOPIC_URL: `${watcher.baseUrl}/topic` } })
  expect(watcher.arrived).toMatchObject([{ method: 'POST', url: '/topic', body: 'Backups failed: ["shop","wiki"] []' }])
})

test('Slack gets JSON with the address of the run', async () => {
  await notify('slack', { secrets: { SLACK_WEBHOOK_URL: `${watcher.baseUrl}/services/T/B` } })
  expect(watcher.arrived.map(({ url, headers }) => [url, headers['content-type']])).toEqual([
    ['/services/T/B', 'application/json'],
  ])
  expect(JSON.parse(watcher.arrived[0]?.body ?? '')).toEqual({
    text: 'A backup failed: https://github.com/octo/backups/actions/runs/77',
  })
})

test('a mail server gets a letter', async () => {
  const mail = await startMailServer()
  try {
    await notify('e-mail', {
      secrets: { SMTP_USER: 'backup:secret' },
      env: { SMTP: `smtps://localhost:${mail.port}`, CURL_CA_BUNDLE: mail.certificate },
    })
    expect(mail.heard).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^MAIL FROM:<backup@example.com>/),
        'RCPT TO:<admin@example.com>',
        expect.stringMatching(/^Subject: Backups failed\r?\n\r?\n\["shop","wiki"\] \[\]/),
      ]),
    )
    expect(mail.heard.join(' ')).toContain(Buffer.from('\0backup\0secret').toString('base64'))
  } finally {
    mail.stop()
  }
})

/** The addresses that the page gives for each watcher, with the local server in the place of theirs. */
async function addresses(): Promise<readonly string[]> {
  const page = await readFile(join(import.meta.dirname, '../../docs/notifications.md'), 'utf8')
  const rows = [...page.matchAll(/^\| (Healthchecks|Uptime Kuma|Cronitor).* `(https:\/\/[^`]+)`/gm)]
  expect(rows.map(([, name]) => name)).toEqual(['Healthchecks', 'Uptime Kuma', 'Cronitor'])
  return rows.map(([, , address = '']) => address.replace(/^https:\/\/[^/]+/, watcher.baseUrl))
}

test('each watcher of the table hears what the table says, by the configuration and by the input', async () => {
  const [healthchecks = '', kuma = '', cronitor = ''] = await addresses()
  const [config] = await blocks({ words: {} }, 'watcher', 'config')
  await failedRun({ variables: `WATCHER=${healthchecks}` }, parse(config?.text ?? '') as object)
  const paths = () =>
    watcher.arrived.splice(0).map(({ method, url }) => `${method} ${url.replace(/([?&])(rid|ping)=[^&]+/, '$1$2')}`)
  expect(paths()).toEqual(['POST /UUID/start?rid', 'POST /UUID/fail?rid'])
  const [input] = await blocks({ words: {} }, 'watcher', 'input')
  const { with: given } = parse(input?.text ?? '') as { with: Record<string, string> }
  expect(given).toEqual({ 'ping-url': expect.stringMatching(/^\$\{\{ secrets\.\w+ \}\}$/) })
  await failedRun({ 'ping-url': kuma })
  expect(paths()).toEqual([
    'GET /api/push/TOKEN?status=down&msg=failed%3A%202%20of%202%20backups%3A%20shop%2C%20wiki&ping',
  ])
  await failedRun({ 'ping-url': cronitor })
  expect(paths()).toEqual([
    'GET /p/KEY/MONITOR?state=run&message=started%3A%202%20backups',
    'GET /p/KEY/MONITOR?state=fail&message=failed%3A%202%20of%202%20backups%3A%20shop%2C%20wiki',
  ])
})

test('every block of the page was run', async () => {
  expect(await neverRun('scenario/notifications.test.ts')).toEqual([])
})
