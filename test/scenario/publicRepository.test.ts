/** What strangers can read of a failed run: no names of files and no lines of containers in annotations and summary, but why, and where the log is. */
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runAction } from '../../examples/demo/action.ts'
import { easyDocker } from '../support/easy-docker.ts'
import { makeWorkspace } from '../support/workspace.ts'

const CONFIG = JSON.stringify({
  instances: [
    { id: 'ends', customImage: 'img:1', targets: [] },
    { id: 'lacks', customImage: 'img:1', targets: [], script: 'family/divorce.sh' },
  ],
})
/** Shell text: the backup fails, and names a file on stderr. */
const FAILS = `case "$*" in
'container inspect '*) sed 's/"ExitCode":0/"ExitCode":3/' container; exit ;;
start*) echo "cannot read letter-to-Anna.pdf" >&2; exit 3 ;;
esac`

const PUBLIC = { repository: { private: false } }
const UNTOLD = { schedule: '0 4 * * *' }
const PRIVATE = { repository: { private: true } }

test.each<[string, object, boolean]>([
  ['a public repository', PUBLIC, true],
  ['an event that says nothing of the repository', UNTOLD, true],
  ['a private repository', PRIVATE, false],
])('%s', async (_, event, isHidden) => {
  const workspace = await makeWorkspace({ 'config.yml': CONFIG })
  const docker = await easyDocker(join(workspace, '../docker'), FAILS)
  const ran = await runAction({ workspace, docker, event, inputs: { 'upload-logs': 'false' } })
  const shown = `${ran.stdout}\n${ran.summary}`
  expect(ran.code).toBe(1)
  expect(ran.stdout).toMatch(/^::error .*::ends: its script ended with exit code 3 after 1\.0 s/m)
  expect(ran.stdout).toMatch(/^::error .*::lacks: script \S+ is not in the repository: check its name/m)
  expect(/Anna|divorce/.test(shown)).toBe(!isHidden)
  expect(ran.stdout.includes('What it printed is not shown')).toBe(isHidden)
  expect(/The whole log is on the runner, in <code>\S+\/logs<\/code>/.test(ran.summary)).toBe(isHidden)
})
