/**
 * Runs the tests that store to real servers (`test/backends/`), or those of the names that it is given (`npm run backends -- s3 borg`). A server that this machine neither has nor can install is named in one line,
 * and the file that needs it is left out; on GitHub that is a failure.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { run } from '../examples/demo/process.ts'
import { type TestServer, testServer } from './testServers.ts'

const ROOT = join(import.meta.dirname, '..')
const IS_ON_GITHUB = process.env.GITHUB_ACTIONS === 'true'

/** The servers that a test file needs. The others need none but what Debian's packages bring. */
const NEEDS: Readonly<Record<string, readonly TestServer[]>> = {
  restic: ['versitygw', 'rest-server', 'restic'],
  'restic-faults': ['versitygw', 'rest-server', 'restic'],
  s3: ['versitygw'],
  'air-gapped': ['restic'],
  gcs: ['fake-gcs-server'],
  'azure-blob': ['azurite'],
}

const started = Date.now()
const files: string[] = []
const wanted = process.argv.slice(2)
for (const name of readdirSync(join(ROOT, 'test/backends'))) {
  if (wanted.length > 0 && !wanted.includes(name.replace('.test.ts', ''))) continue
  const missing: string[] = []
  for (const need of NEEDS[name.replace('.test.ts', '')] ?? []) {
    const found = await testServer(need)
    if ('missing' in found) missing.push(`${need}: ${found.missing}`)
  }
  if (missing.length > 0) {
    console.log(`${IS_ON_GITHUB ? 'FAILED' : 'not run'}: test/backends/${name}: ${missing.join('; ')}`)
    if (IS_ON_GITHUB) process.exitCode = 1
  } else files.push(`test/backends/${name}`)
}
const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', 'backends', ...files]
const ran = await run(process.execPath, args, { cwd: ROOT, timeoutMs: 1_800_000 })
if (ran.code !== 0) {
  console.log(`${ran.stdout}${ran.stderr}`)
  process.exitCode = 1
}
const seconds = ((Date.now() - started) / 1000).toFixed(1)
console.log(`${ran.code === 0 ? 'ok' : 'FAILED'}: backups to real servers, ${files.length} files (${seconds} s)`)
