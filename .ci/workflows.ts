/**
 * Checks the workflow files by `actionlint` and `zizmor`, and runs them by `act` on real engines (`test/act/`). A program that this machine
 * neither has nor can install is named in one line, and its check is left out; on GitHub that is a failure.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../examples/demo/process.ts'
import { type WorkflowTool, workflowTool } from './workflowTools.ts'

const ROOT = join(import.meta.dirname, '..')
const IS_ON_GITHUB = process.env.GITHUB_ACTIONS === 'true'

const OWN = filesOf('.github/workflows')
const EXAMPLES = filesOf('examples/workflows')

interface Check {
  readonly name: string
  readonly tool: WorkflowTool
  readonly args: (tool: string) => readonly [program: string, ...args: string[]]
}

const CHECKS: readonly Check[] = [
  {
    name: 'actionlint',
    tool: 'actionlint',
    // a shell checker of the machine's own would make the result depend on the machine
    args: (tool) => [
      tool,
      '-config-file',
      '.github/actionlint.yaml',
      '-shellcheck=',
      '-pyflakes=',
      ...OWN,
      ...EXAMPLES,
    ],
  },
  {
    name: 'zizmor',
    tool: 'zizmor',
    args: (tool) => [tool, '-q', '--offline', '--config', '.github/zizmor.yml', ...OWN],
  },
  {
    name: 'zizmor of the examples',
    tool: 'zizmor',
    args: (tool) => [tool, '-q', '--offline', '--config', '.ci/zizmor-examples.yml', ...EXAMPLES],
  },
  {
    name: 'workflows run by act',
    tool: 'act',
    args: () => [process.execPath, 'node_modules/vitest/vitest.mjs', 'run', '--project', 'act'],
  },
]

for (const check of CHECKS) {
  const tool = await workflowTool(check.tool)
  if ('missing' in tool) {
    console.log(`${IS_ON_GITHUB ? 'FAILED' : 'not run'}: ${check.name}: ${tool.missing}`)
    if (IS_ON_GITHUB) process.exitCode = 1
    continue
  }
  const [program, ...args] = check.args(tool.path)
  const started = Date.now()
  const env = { ...process.env, MARINA_ACT: tool.path }
  const ran = await run(program, args, { cwd: ROOT, env, timeoutMs: 900_000 })
  if (ran.code !== 0) {
    console.log(`${ran.stdout}${ran.stderr}`)
    process.exitCode = 1
  }
  console.log(`${ran.code === 0 ? 'ok' : 'FAILED'}: ${check.name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`)
}
