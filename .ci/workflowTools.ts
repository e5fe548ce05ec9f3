/**
 * Finds the programs that check and run workflow files, or installs them into the user's cache folder: `actionlint` and `act` (Go modules),
 * `zizmor` (PyPI). Nothing else on the machine changes.
 */
import { mkdir, rename, rm } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../examples/demo/packages.ts'
import { type Ran, run } from '../examples/demo/process.ts'

const VERSIONS = { actionlint: '1.7.12', act: '0.2.89', zizmor: '1.32.0' } as const
export type WorkflowTool = keyof typeof VERSIONS

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'marina-for-github-actions')
const GO_MODULES = { actionlint: 'github.com/rhysd/actionlint/cmd/actionlint', act: 'github.com/nektos/act' } as const

/** The program's path, or the reason why it is not there and cannot be installed. */
export type FoundTool = { readonly path: string } | { readonly missing: string }

export async function workflowTool(name: WorkflowTool): Promise<FoundTool> {
  const version = VERSIONS[name]
  const folder = join(CACHE, `${name}-${version}`)
  const path = name === 'zizmor' ? join(folder, 'bin', name) : join(folder, name)
  if (await answers(path, version)) return { path }
  const language = name === 'zizmor' ? 'python3' : 'go'
  const installer = await findProgram(language)
  if (installer === null) return { missing: `${language}, which brings it, is not on this machine` }
  await rm(folder, { recursive: true, force: true })
  await mkdir(CACHE, { recursive: true })
  const installed = name === 'zizmor' ? installByPip(installer, folder) : installByGo(installer, name, folder)
  const ran = await installed.catch((error: Error): Ran => ({ code: 1, stdout: '', stderr: error.message }))
  if (ran.code === 0 && (await answers(path, version))) return { path }
  return { missing: `it could not be installed: ${lastLine(ran.stderr || ran.stdout)}` }
}

async function answers(path: string, version: string): Promise<boolean> {
  const ran = await run(path, ['--version'], { timeoutMs: 30_000 }).catch(() => null)
  return ran?.code === 0 && `${ran.stdout}${ran.stderr}`.includes(version)
}

/** Moves the program into its folder when it is whole, so that a killed build leaves none. */
async function installByGo(go: string, name: keyof typeof GO_MODULES, folder: string): Promise<Ran> {
  const build = `${folder}.part`
  await rm(build, { recursive: true, force: true })
  const env = { ...process.env, GOBIN: build, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' }
  const ran = await run(go, ['install', `${GO_MODULES[name]}@v${VERSIONS[name]}`], { env, timeoutMs: 900_000 })
  if (ran.code === 0) await rename(build, folder)
  return ran
}

async function installByPip(python: string, folder: string): Promise<Ran> {
  const made = await run(python, ['-m', 'venv', folder])
  if (made.code !== 0) return made
  return run(join(folder, 'bin/pip'), ['install', '--quiet', `zizmor==${VERSIONS.zizmor}`], { timeoutMs: 300_000 })
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}
