/** What an image told of its backup, through the built action: on the page, in the report, in the artifacts' report, and what strangers see of it. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pack } from 'tar-stream'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const CONFIG = JSON.stringify({
  instances: [{ id: 'shop', customImage: 'img:1', targets: [], env: { REPO_PASSWORD: 'correct-horse' } }],
})
const TOLD = {
  ...{ bytes: 3_200_000_000, added_bytes: 12_300_000, snapshot: '3f2a9c1b', url: 'https://s.example/diary' },
  ...{ text: 'stored Anna under correct-horse', metrics: { 'letters of Anna': 3 }, sise: 1 },
}
const ANSWERS = `case "$*" in *'/result.json -') exec cat result.tar ;; esac`

async function backUp(content: string, event: object, more = '') {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const docker = await easyDocker(join(workspace, '../docker'), `${more}${ANSWERS}`)
  const tar = pack()
  tar.entry({ name: 'result.json' }, content)
  tar.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of tar) chunks.push(chunk as Buffer)
  await writeFile(join(docker.folder, 'result.tar'), Buffer.concat(chunks))
  const ran = await runAction({ workspace, docker, event, inputs: { 'upload-logs': 'false' } })
  const file = /^Logs: |Logs: (\S+)$/m.exec(ran.stdout)?.[1] ?? ''
  return { ...ran, written: await readFile(join(file, 'report.json'), 'utf8') }
}

const PRIVATE = { repository: { private: true } }
const PUBLIC = { repository: { private: false } }

test('what it told stands in the row, in a fold and in the report, without a secret; what it misspelt is a notice', async () => {
  const ran = await backUp(JSON.stringify(TOLD), PRIVATE)
  expect(ran.code).toBe(0)
  const row = ran.summary.split('\n').find((line) => line.includes('<b>shop</b> | '))
  expect(row?.replaceAll('\u00a0', ' ')).toContain(
    '3.2 GB in all, 12 MB added, snapshot <a href="https://s.example/diary">3f2a9c1b</a>',
  )
  expect(ran.summary).toContain('stored Anna under &#42;&#42;&#42;')
  expect(ran.summary).toContain('letters of Anna: 3')
  const { metrics, text, url, snapshot } = { ...TOLD, text: 'stored Anna under ***' }
  const result = { bytes: 3_200_000_000, addedBytes: 12_300_000, snapshot, url, text, metrics }
  expect(ran.report?.instances[0]).toMatchObject({ status: 'success', result })
  const words = `the image's result has keys that are left out: "sise". Those that are read are bytes, files, added_bytes, snapshot, url, text, metrics`
  expect(ran.report?.instances[0]).toMatchObject({ notices: [words] })
  expect(ran.report?.instances[0]?.warnings.join()).not.toContain("the image's result")
  expect(ran.stdout).toMatch(/^::notice [^\n]*::shop: the image's result has keys that are left out/m)
  expect(ran.summary).toContain("ℹ️ the image's result has keys")
  expect(`${ran.summary}${ran.written}`).not.toContain('correct-horse')
})

test('strangers see the sizes alone', async () => {
  const ran = await backUp(JSON.stringify(TOLD), PUBLIC)
  const seen = `${ran.stdout}\n${ran.summary}`
  expect(seen).not.toMatch(/Anna|diary|3f2a9c1b|sise/)
  expect(ran.summary.replaceAll('\u00a0', ' ')).toContain('3.2 GB in all, 12 MB added')
  expect(ran.written).toContain('stored Anna under ***') // the file on the runner is whole
})

test('a broken result of a failed backup is a notice beside the failure', async () => {
  const fails = `case "$*" in
'container inspect '*) sed 's/"ExitCode":0/"ExitCode":3/' container; exit ;;
start*) echo "no room" >&2; exit 3 ;;
esac
`
  const ran = await backUp('{"bytes": 12', PRIVATE, fails)
  expect(ran.code).toBe(1)
  expect(ran.report?.instances[0]).toMatchObject({
    status: 'failed',
    error: expect.stringContaining('exit code 3'),
    notices: ["the image's result is left out: it is no JSON object"],
  })
  expect(ran.report?.instances[0]?.warnings.join()).not.toContain("the image's result")
})
