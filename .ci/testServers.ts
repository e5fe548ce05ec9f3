/**
 * Finds the servers that the tests of backup images store to, or installs them into the user's cache folder: Go modules and a package of npm.
 * Nothing else on the machine changes.
 */
import { mkdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../examples/demo/packages.ts'
import { type Ran, run } from '../examples/demo/process.ts'

/** What brings each server, and the file to start below its folder. The folder's name holds the version. */
const SOURCES = {
  versitygw: { go: 'github.com/versity/versitygw/cmd/versitygw', version: '1.8.0', start: 'versitygw' },
  'fake-gcs-server': { go: 'github.com/fsouza/fake-gcs-server', version: '1.56.1', start: 'fake-gcs-server' },
  azurite: { npm: 'azurite', version: '3.37.0', start: 'node_modules/azurite/dist/src/blob/main.js' },
} as const
export type TestServer = keyof typeof SOURCES
export const TEST_SERVERS = Object.keys(SOURCES) as readonly TestServer[]

const CACHE = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'marina-for-github-actions')

/** The server's folder and the file to start in it, or the reason why it is not there and cannot be installed. */
export type FoundServer = { readonly folder: string; readonly start: string } | { readonly missing: string }

export async function testServer(name: TestServer): Promise<FoundServer> {
  const source = SOURCES[name]
  const folder = join(CACHE, `${name}-${source.version}`)
  const found = { folder, start: source.start }
  if (await isThere(join(folder, source.start))) return found
  const language = 'go' in source ? 'go' : 'npm'
  const installer = await findProgram(language)
  if (installer === null) return { missing: `${language}, which brings it, is not on this machine` }
  // it is moved to its place when it is whole, so that a killed build leaves none
  const part = `${folder}.part-${process.pid}`
  await mkdir(part, { recursive: true })
  const installed =
    'go' in source ? byGo(installer, `${source.go}@v${source.version}`, part) : byNpm(installer, source, part)
  const ran = await installed.catch((error: Error): Ran => ({ code: 1, stdout: '', stderr: error.message }))
  if (ran.code === 0) await rename(part, folder).catch(() => {}) // another process may have been first
  await rm(part, { recursive: true, force: true })
  if (await isThere(join(folder, source.start))) return found
  return { missing: `it could not be installed: ${(ran.stderr || ran.stdout).trim().split('\n').at(-1) ?? ''}` }
}

function byGo(go: string, module: string, folder: string): Promise<Ran> {
  const env = { ...process.env, GOBIN: folder, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' }
  return run(go, ['install', module], { env, timeoutMs: 900_000 })
}

function byNpm(npm: string, source: { readonly npm: string; readonly version: string }, folder: string): Promise<Ran> {
  const args = [
    'install',
    '--no-audit',
    '--no-fund',
    '--no-save',
    '--prefix',
    folder,
    `${source.npm}@${source.version}`,
  ]
  return run(npm, args, { timeoutMs: 600_000 })
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null
}
