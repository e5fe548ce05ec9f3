/**
 * The folders of `src/` in the direction of imports: a folder may import those of the rows below its own, never its own row's
 * neighbours, never upwards. `generate.ts` writes the linter's rules (`biome.imports.json`) from this list. Pure.
 */

/** From the top down; folders of one row know nothing of each other. */
export const LAYERS: readonly (readonly string[])[] = [
  ['command'],
  ['drill'],
  ['restore'],
  ['instance', 'action'],
  ['container'],
  ['targets'],
  ['load', 'scratch'],
  ['claim', 'dump', 'staging'],
  ['applications', 'copy', 'record'],
  ['docker'],
  ['log'],
  ['report', 'schedule', 'workflows'],
  ['config'],
  ['databases', 'restic', 'secrets'],
]

/** These take values and return values: they know nothing of Docker, files, time or the network. */
const PURE = ['config', 'schedule', 'report', 'workflows', 'databases', 'restic']

/** What a folder must not import although it lies in a row below. */
const UNRELATED: Readonly<Record<string, readonly string[]>> = {
  action: [
    'container',
    'targets',
    'claim',
    'dump',
    'staging',
    'applications',
    'copy',
    'docker',
    'log',
    'report',
    'schedule',
    'workflows',
    'config',
    'databases',
    'restic',
  ],
  claim: ['log', 'report', 'schedule', 'workflows', 'config', 'databases', 'restic'],
  staging: ['log', 'report', 'schedule', 'workflows', 'databases', 'restic'],
  applications: ['log', 'report', 'schedule', 'workflows', 'config', 'databases', 'restic'],
  copy: ['log', 'report', 'schedule', 'workflows', 'config', 'databases', 'restic'],
  docker: ['log', 'report', 'schedule', 'workflows', 'config', 'databases', 'restic'],
  log: ['schedule', 'workflows', 'config', 'databases', 'restic'],
  report: ['config', 'databases', 'restic', 'secrets'],
  schedule: ['databases', 'restic', 'secrets'],
  workflows: ['databases', 'restic', 'secrets'],
  config: ['restic', 'secrets'],
}

const RUNNER = ['@actions/core', '@actions/github', '@actions/artifact']
const PROCESSES = ['node:child_process', '@actions/exec']
const EFFECTS = [
  'node:fs',
  'node:fs/promises',
  'node:os',
  'node:process',
  'node:net',
  'node:http',
  'node:timers/promises',
]

const REASONS = [
  { names: RUNNER, reason: 'only action/ speaks to the runner and to GitHub' },
  { names: PROCESSES, reason: 'only docker/process.ts starts processes' },
  { names: EFFECTS, reason: `${PURE.join(', ')} are pure: no files, no network, no clock of their own` },
]

/** `biome.imports.json`: one rule for each folder, and one for each file that is an exception. */
export function importRules(): object {
  const folders = LAYERS.flat()
  return {
    $schema: './node_modules/@biomejs/biome/configuration_schema.json',
    overrides: [
      rule(['src/*.ts'], [...RUNNER, ...PROCESSES]),
      ...folders.map((folder) =>
        rule([`src/${folder}/**`], packagesOf(folder), foldersAgainst(folder), messageOf(folder)),
      ),
      rule(['src/docker/process.ts'], RUNNER, foldersAgainst('docker'), messageOf('docker')),
      rule(
        ['src/errors.ts', 'src/outcome.ts', 'src/format.ts'],
        [...RUNNER, ...PROCESSES],
        ['./*/**', './main.ts'],
        'errors, outcome and format import nothing of ours',
      ),
    ],
  }
}

/** The folders that `folder` may import. */
export function importable(folder: string): readonly string[] {
  const row = LAYERS.findIndex((layer) => layer.includes(folder))
  const below = LAYERS.slice(row + 1).flat()
  return below.filter((name) => !UNRELATED[folder]?.includes(name))
}

function packagesOf(folder: string): readonly string[] {
  return [...(folder === 'action' ? [] : RUNNER), ...PROCESSES, ...(PURE.includes(folder) ? EFFECTS : [])]
}

function foldersAgainst(folder: string): readonly string[] {
  const allowed = importable(folder)
  const refused = LAYERS.flat().filter((name) => name !== folder && !allowed.includes(name))
  return ['**/main.ts', ...refused.map((name) => `**/${name}/**`)]
}

function messageOf(folder: string): string {
  const allowed = importable(folder)
  return `${folder}/ may import ${allowed.length === 0 ? 'no other folder' : allowed.join(', ')} (and errors, outcome, format); never upwards or sideways`
}

function rule(
  includes: readonly string[],
  packages: readonly string[],
  group: readonly string[] = [],
  message = '',
): object {
  const paths = Object.fromEntries(
    REASONS.flatMap(({ names, reason }) =>
      names.filter((name) => packages.includes(name)).map((name) => [name, reason]),
    ),
  )
  const options = group.length === 0 ? { paths } : { paths, patterns: [{ group, message }] }
  return { includes, linter: { rules: { style: { noRestrictedImports: { level: 'error', options } } } } }
}
