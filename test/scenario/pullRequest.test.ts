/** `validate` on a pull request: what changes against the base, asked of a local API. */

import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { runAction } from '../../examples/demo/action.ts'
import { readWorkflows } from '../../src/workflows/readWorkflows.ts'
import { scriptDocker } from '../support/scripted-docker.ts'
import { atTestEnd } from '../support/testEnd.ts'
import { makeWorkspace } from '../support/workspace.ts'

const SHA = 'abcdef0123456789abcdef0123456789abcdef01'
const EVENT = { pull_request: { base: { ref: 'main', sha: SHA } }, repository: { private: true } }
const BASE = `instances:
  - {id: shop, customImage: "localhost/a:1", schedule: "0 2 * * *", env: {PASSWORD: old-and-secret}}
  - {id: gone, customImage: "localhost/a:1"}
`
const HEAD = `instances:
  - {id: shop, customImage: "localhost/a:2", schedule: "0 3 * * *", env: {PASSWORD: "\${PASSWORD}"}}
  - {id: new, customImage: "localhost/a:1", schedule: "30 4 1 1 *", timezone: Europe/Berlin}
  - {id: hand, customImage: "localhost/a:1"}
`
const WORKFLOW = 'on: {schedule: [{cron: "*/30 * * * *"}]}\njobs: {a: {steps: [{uses: me/marina@v1}]}}\n'

async function validate(
  answer: RequestListener,
  { token = 't', event = EVENT as unknown, head = HEAD, file = 'config.yml' } = {},
) {
  const server = createServer(answer).listen(0, '127.0.0.1')
  await once(server, 'listening')
  atTestEnd(async () => {
    server.closeAllConnections()
    server.close()
  })
  const workspace = await makeWorkspace({
    [file]: head,
    '.github/workflows/backup.yml': WORKFLOW.replace('@v1', `@v1, with: {config: "${file}"}`),
  })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({
    inputs: { command: 'validate', config: file, 'github-token': token },
    env: {
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_API_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    },
    event,
    workspace,
    docker,
  })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(await docker.calls()).toEqual([])
  return ran
}

test.each([
  ['raw, as GitHub', (text: string) => text],
  [
    'in JSON, as Gitea',
    (text: string) =>
      JSON.stringify({ type: 'file', encoding: 'base64', content: Buffer.from(text).toString('base64') }),
  ],
])('the changes against the base, whose file comes %s', async (_, form) => {
  const asked: (string | undefined)[] = []
  const ran = await validate(
    (request, response) => {
      asked.push(request.url)
      response.writeHead(200, { 'content-type': 'text/plain' }).end(form(BASE))
    },
    { file: 'hosts of mine/nas.yml' },
  )
  expect(asked).toEqual([`/repos/octo/backups/contents/hosts%20of%20mine/nas.yml?ref=${SHA}`])
  const summary = ran.summary.replace(/<wbr>|<\/?a\b[^>]*>/g, '').replaceAll('&#46;', '.')
  const table = summary.slice(summary.indexOf('#### Changes'), summary.indexOf('| backup | when'))
  expect(table.replace(/\d{4}-\d\d-\d\d/g, 'DATE')).toBe(`#### Changes against main

| backup | what changes | next run |
|---|---|---|
| <b>new</b> | ➕ added | DATE 03&#58;30 UTC (1 Jan, 04&#58;30 Europe/Berlin) |
| <b>hand</b> | ➕ added | by hand |
| <b>shop</b> | ✏️ <code>customImage</code>, <code>schedule</code>, <code>env.PASSWORD</code> | DATE 03&#58;00 UTC |
| <b>gone</b> | ➖ removed | – |

`)
  expect(ran.stdout).toContain('Changes against main: 2 added, 1 changed, 1 removed\n')
  expect(ran.stdout + ran.summary).not.toContain('old-and-secret')
})

test('no change, a key for all, a new file, and a base that is wrong', async () => {
  const body =
    (text: string): RequestListener =>
    (_, response) =>
      void response.end(text)
  const said = async (answer: RequestListener, head = HEAD) => {
    const ran = await validate(answer, { head })
    return /Changes against main: (.*)/.exec(ran.stdout)?.[1]
  }
  expect(await said(body(HEAD))).toBe('none')
  expect(await said(body(HEAD), `timeout: 1h\n${HEAD}`)).toBe('timeout for all')
  expect(await said((_, response) => void response.writeHead(404).end('{"message":"Not Found"}'))).toBe('3 added')
  expect(await said(body('instances: 1'))).toBe('They are not known: config.yml has 1 error there.')
})

test('what the API does not tell is said in one line, and fails nothing', async () => {
  const refuse: RequestListener = (_, response) =>
    void response
      .writeHead(403, { 'content-type': 'application/json' })
      .end('{"message":"Resource not accessible by integration"}')
  const refused = await validate(refuse)
  expect(refused.stdout).toMatch(
    /^Changes against main: They are not known\. .*give the job the permission contents: read/m,
  )
  const withoutToken = await validate(refuse, { token: '' })
  expect(withoutToken.stdout).toMatch(/^Changes against main: They are not known\. .*github-token/m)
  const other = await validate(refuse, { event: { pull_request: { base: null } } })
  expect(other.stdout).not.toContain('Changes')
})

test('the workflow of the documentation runs validate as it is written, with no permission but to read the contents', async () => {
  const page = await readFile(join(import.meta.dirname, '../../docs/configuration.md'), 'utf8')
  const text = /^```yaml\n(# \.github\/workflows\/validate\.yml\n[\s\S]*?)^```$/m.exec(page)?.[1] ?? ''
  const workflow = parse(text)
  expect(workflow.permissions).toEqual({ contents: 'read' })
  expect(Object.keys(workflow.on)).toEqual(['pull_request'])
  const [, step] = workflow.jobs.validate.steps
  const { workflows, problems } = readWorkflows([{ path: '.github/workflows/validate.yml', text }])
  expect([workflows[0]?.uses[0]?.command, problems]).toEqual(['validate', []])
  const workspace = await makeWorkspace({ 'config.yml': HEAD, '.github/workflows/validate.yml': text })
  const docker = await scriptDocker(join(workspace, '../docker'), [])
  const ran = await runAction({
    inputs: step.with,
    env: { GITHUB_EVENT_NAME: 'pull_request' },
    event: EVENT,
    workspace,
    docker,
  })
  expect(ran).toMatchObject({ code: 0, stderr: '' })
  expect(ran.stdout).toMatch(/^::warning file=config\.yml,line=2::2 instances have a `schedule`, but no workflow/m)
})
