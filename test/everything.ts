/** `npm test`: every check and every test of this repository, and one plain line at the end. */

import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianArchive } from '../examples/demo/base-image.ts'
import { ensureEnginePrograms, findProgram, installPackages, isDebian } from '../examples/demo/packages.ts'
import { run } from '../examples/demo/process.ts'
import { databasesArchive } from './support/databases.ts'
import { ATTRIBUTE_TOOLS, RECIPE_TOOLS } from './support/debianPackages.ts'

const ROOT = join(import.meta.dirname, '..')
const BIN = join(ROOT, 'node_modules/.bin')

/** What came of one check or one project of tests. `said` is shown where something failed. */
interface Tally {
  readonly passed: number
  readonly failed: number
  readonly said: string
}

/**
 * Parts of the engine tests, by the beginnings of their paths; all other files are one more, which takes about equally long. The databases'
 * image, the largest, is needed in the first above all. More than two parts at a time make a machine of two cores so busy that tests fail by
 * their own time limits.
 */
const LANES: readonly (readonly string[])[] = [
  ['test/engine/databases/', 'test/engine/load/', 'test/engine/restore/', 'test/engine/drill/d'],
]

const temp = await mkdtemp(join(tmpdir(), 'marina-everything-'))
/** Whether engine tests start private engines. */
const hasPrivateEngines = process.platform === 'linux' && process.getuid?.() === 0
/** The trees from which engine tests make their large images: made once for all lanes. */
const archives = process.env.MARINA_TEST_CACHE || join(temp, 'archives')

try {
  await main()
} finally {
  await rm(temp, { recursive: true, force: true })
}

async function main(): Promise<void> {
  const total = { passed: 0, failed: 0 }
  const steps: [string, () => Promise<Tally>][] = [
    ['types', () => check('tsc', ['--noEmit'])],
    ['lint and format', () => check('biome', ['check', '.'])],
    ['dist/ is what src/ builds', distIsFresh],
    ['tables and schema are what the code says', tablesAreFresh],
    ['unit and scenario tests', fastTests],
    ['engine tests', engineTests],
  ]
  for (const [name, step] of steps) {
    const started = Date.now()
    const { passed, failed, said } = await step().catch((error: Error) => ({
      passed: 0,
      failed: 1,
      said: error.message,
    }))
    if (failed > 0 && said !== '') console.log(said)
    console.log(`${failed > 0 ? 'FAILED' : 'ok'}: ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`)
    total.passed += passed
    total.failed += failed
  }
  console.log(`${total.passed} passed, ${total.failed} failed`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

async function check(program: string, args: readonly string[]): Promise<Tally> {
  const ran = await run(join(BIN, program), args, { cwd: ROOT, timeoutMs: 300_000 })
  return ran.code === 0 ? pass() : fail(`${ran.stdout}${ran.stderr}`)
}

/** Builds as `npm run build` does, but beside `dist/`, and compares byte by byte. */
async function distIsFresh(): Promise<Tally> {
  const built = join(temp, 'dist')
  const ran = await run(process.execPath, [join(ROOT, '.ci/bundle.ts'), built], { cwd: ROOT, timeoutMs: 600_000 })
  if (ran.code !== 0) return fail(`${ran.stdout}${ran.stderr}`)
  const committed = join(ROOT, 'dist')
  const names = new Set([...(await filesBelow(built)), ...(await filesBelow(committed))])
  names.delete('config.schema.json') // the generator's, checked with the tables
  const stale: string[] = []
  for (const name of names) {
    const [one, other] = await Promise.all(
      [built, committed].map((folder) => readFile(join(folder, name)).catch(() => null)),
    )
    if (!one || !other?.equals(one)) stale.push(name)
  }
  return stale.length === 0
    ? pass()
    : fail(`not what src/ builds: ${stale.join(', ')}. Run \`npm run build\` and commit dist/.`)
}

async function filesBelow(folder: string): Promise<string[]> {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
}

async function tablesAreFresh(): Promise<Tally> {
  const ran = await run(process.execPath, [join(ROOT, '.ci/generate.ts'), '--check'], { cwd: ROOT })
  return ran.code === 0 ? pass() : fail(`${ran.stdout}${ran.stderr}`)
}

/**
 * Both kinds wait most of their time. Meanwhile the archives are downloaded. The programs for that come first, since this process may ask
 * on the terminal.
 */
async function fastTests(): Promise<Tally> {
  if (hasPrivateEngines) {
    await ensureEnginePrograms(console.log)
    if (!(await findProgram('debootstrap')) && (await isDebian())) await installPackages(['debootstrap'])
  }
  const [unit, scenario] = await Promise.all([
    vitest('unit', ['--maxWorkers=2']),
    vitest('scenario', ['--maxWorkers=2']),
    makeArchives(),
  ])
  return sum([unit, scenario])
}

/** Where one cannot be made, the test that needs it tries again, and says why. */
async function makeArchives(): Promise<void> {
  if (!hasPrivateEngines) return
  const debian = async () => {
    await debianArchive(archives) // the two below begin with it
    await Promise.all([ATTRIBUTE_TOOLS, RECIPE_TOOLS].map((packages) => debianArchive(archives, packages)))
  }
  await Promise.allSettled([databasesArchive(archives), debian()])
}

/** Where each lane has a private engine of its own, they go side by side: all wait much of their time. */
async function engineTests(): Promise<Tally> {
  if (!hasPrivateEngines) return vitest('engine')
  const others = LANES.flat().flatMap((path) => ['--exclude', path.endsWith('/') ? `${path}**` : `${path}*`])
  return sum(await Promise.all([...LANES, others].map((some) => vitest('engine', some))))
}

function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, { passed }) => total + passed, 0),
    failed: tallies.reduce((total, { failed }) => total + failed, 0),
    said: tallies.map(({ said }) => said).join(''),
  }
}

/** Runs one project, or some of it. A test that did not run (skipped, todo, its file or set-up broken) has failed. */
async function vitest(project: string, only: readonly string[] = []): Promise<Tally> {
  const file = join(await mkdtemp(join(temp, 'vitest-')), 'result.json')
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
  const ran = await run(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), ...args, ...only], {
    cwd: ROOT,
    env: { ...process.env, CI: 'true', MARINA_TEST_CACHE: archives }, // plain lines, which those of another lane may stand between
    show: true,
    timeoutMs: 2_700_000,
  })
  const text = await readFile(file, 'utf8').catch(() => null)
  if (text === null) return fail(`the ${project} tests ended with code ${ran.code} before they could say how they went`)
  const result = JSON.parse(text) as VitestResult
  const notRun = result.numPendingTests + result.numTodoTests
  const broken = result.testResults.filter(
    (one) => one.status === 'failed' && !one.assertionResults.some(isFailed),
  ).length
  const counted = result.numFailedTests + notRun + broken
  const failed = counted === 0 && ran.code !== 0 ? 1 : counted
  return { passed: result.numPassedTests, failed, said: notRun > 0 ? `${notRun} ${project} tests did not run` : '' }
}

interface VitestResult {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { status: string; assertionResults: readonly { status: string }[] }[]
}

function isFailed(one: { status: string }): boolean {
  return one.status === 'failed'
}

function pass(): Tally {
  return { passed: 1, failed: 0, said: '' }
}

function fail(said: string): Tally {
  return { passed: 0, failed: 1, said }
}
