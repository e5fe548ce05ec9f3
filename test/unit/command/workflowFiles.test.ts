import { expect, test } from 'vitest'
import { readWorkflowTexts } from '../../../src/command/workflowFiles.ts'
import { makeWorkspace } from '../../support/workspace.ts'

test('the workflows of the platform are read, with the local actions that they use', async () => {
  const workspace = await makeWorkspace({
    '.github/workflows/a.yml': 'jobs: {a: {steps: [{uses: "./tools/backup"}, {uses: ./../elsewhere}, {uses: ./gone}]}}',
    '.github/workflows/b.yaml': 'b',
    '.github/workflows/notes.md': 'uses: ./x',
    '.github/workflows/deep/c.yml': 'c',
    '.gitea/workflows/g.yml': 'g',
    'tools/backup/action.yml': 'runs: {steps: [{uses: ./tools/inner}]}',
    'tools/inner/action.yaml': 'i',
  })
  const paths = async (env: NodeJS.ProcessEnv) => (await readWorkflowTexts(workspace, env)).map(({ path }) => path)
  expect(await paths({ GITHUB_ACTIONS: 'true' })).toEqual([
    '.github/workflows/a.yml',
    '.github/workflows/b.yaml',
    'tools/backup/action.yml',
    'tools/inner/action.yaml',
  ])
  expect(await paths({ GITHUB_ACTIONS: 'true', GITEA_ACTIONS: 'true' })).toEqual(['.gitea/workflows/g.yml'])
  expect(await paths({ FORGEJO_ACTIONS: 'true' })).toEqual(['.gitea/workflows/g.yml'])
})

test('a repository without workflows has none', async () => {
  expect(await readWorkflowTexts(await makeWorkspace({}), {})).toEqual([])
})
