/**
 * Finds the servers that the tests of backup images store to, and the restic that `repository` pins, or installs them into the user's cache
 * folder: Go modules and a package of npm. Nothing else on the machine changes.
 */
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { findProgram } from '../examples/demo/packages.ts'
import { type Ran, run } from '../examples/demo/process.ts'

/** What brings each server, and the file to start below its folder. The folder's name holds the version. */
const SOURCES = {
  versitygw: { go: 'github.com/versity/versitygw', of: 'cmd/versitygw', version: '1.8.0', start: 'versitygw' },
  'fake-gcs-server': { go: 'github.com/fsouza/fake-gcs-server', of: '', version: '1.56.1', start: 'fake-gcs-server' },
  'rest-server': {
    go: 'github.com/restic/rest-server',
    of: 'cmd/rest-server',
    version: '0.12.1',
    start: 'rest-server',
  },
  restic: { go: 'github.com/restic/restic', of: 'cmd/restic', version: '0.18.1', start: 'restic' },
  azurite: { npm: 'azurite', version: '3.37.0', start: 'node_modules/azurite/dist/src/blob/main.js' },
} as const
export type TestServer = keyof typeof SOURCES
type Source = (typeof SOURCES)[TestServer]
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
  const installed = 'go' in source ? byGo(installer, source, part) : byNpm(installer, source, part)
  const ran = await installed.catch((error: Error): Ran => ({ code: 1, stdout: '', stderr: error.message }))
  if (ran.code === 0) await rename(part, folder).catch(() => {}) // another process may have been first
  await rm(part, { recursive: true, force: true })
  if (await isThere(join(folder, source.start))) return found
  return { missing: `it could not be installed: ${(ran.stderr || ran.stdout).trim().split('\n').at(-1) ?? ''}` }
}

/** Builds by a module of its own: `go install` also asks for the list of versions, which not every proxy has. */
async function byGo(go: string, source: Extract<Source, { readonly go: string }>, folder: string): Promise<Ran> {
  const env = { ...process.env, GOFLAGS: '-buildvcs=false -mod=mod', CGO_ENABLED: '0' }
  await writeFile(join(folder, 'go.mod'), `module servers\n\ngo 1.21\n\nrequire ${source.go} v${source.version}\n`)
  const path = [source.go, source.of].filter((part) => part !== '').join('/')
  return run(go, ['build', '-o', source.start, path], { cwd: folder, env, timeoutMs: 900_000 })
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
