/**
 * Reads the inputs of action.yml into one checked value. Only `explainError` reads an `INPUT_…` besides: `command`, when the inputs are
 * wrong.
 */
import { InputError } from '../errors.ts'

export const COMMANDS = ['backup', 'plan', 'validate', 'check', 'summary', 'restore', 'drill'] as const
export type Command = (typeof COMMANDS)[number]

const SELECTIONS = ['auto', 'due', 'all'] as const
type SelectMode = (typeof SELECTIONS)[number]

export interface Inputs {
  readonly command: Command
  readonly config: string
  /** The text exactly as written; `config/variables` parses it. */
  readonly variables: string
  readonly instances: readonly string[]
  readonly host: string | null
  readonly select: SelectMode
  readonly maxParallel: number
  readonly allowPartial: boolean
  readonly dryRun: boolean
  /** The text as written, such as `10m`; `config/values/duration` parses it. */
  readonly lockWait: string
  readonly uploadLogs: 'auto' | boolean
  readonly showLogs: 'auto' | boolean
  readonly artifactName: string | null
  readonly artifactRetentionDays: number | null
  readonly githubToken: string
  /** The text as written; `report/fleet` parses it. */
  readonly fleet: string
  /** Path of the folder with the downloaded reports. */
  readonly reports: string
  /** For `check`: file name of the backup workflow; `null`: the one that runs `backup`. */
  readonly workflow: string | null
  /** For `check`: the text as written, such as `2h`. */
  readonly grace: string
  /** Address of a watcher, as written; a secret. `null`: the configuration's, if it has one. */
  readonly pingUrl: string | null
  /** For `check`: keep an issue for each overdue instance. */
  readonly issue: boolean
  /** For `restore`: the point, `latest`, or empty to list the points. */
  readonly point: string
  /** For `restore`: names of targets; empty: all. */
  readonly targets: readonly string[]
  /** For `restore`: into new volumes, or into place. */
  readonly into: 'new' | 'place'
  /** For `restore`: the instance's id again, as a promise that `place` is meant. */
  readonly confirm: string
  /** For `restore`: keep the old data in a volume of its own. */
  readonly keepOld: boolean
  /** Names of inputs that were given and that action.yml does not have, in lower case. */
  readonly unknown: readonly string[]
}

/** The defaults of action.yml, again, because not every platform supplies them. The token's is an expression and stands in action.yml only. */
export const INPUT_DEFAULTS = {
  command: 'backup',
  config: 'config.yml',
  variables: '',
  instances: '',
  host: '',
  select: 'auto',
  'max-parallel': '1',
  'allow-partial': 'false',
  'dry-run': 'false',
  'lock-wait': '0',
  'upload-logs': 'auto',
  'show-logs': 'auto',
  'artifact-name': '',
  'artifact-retention-days': '',
  'github-token': '',
  fleet: '',
  reports: '',
  workflow: '',
  grace: '2h',
  'ping-url': '',
  issue: 'false',
  point: '',
  targets: '',
  into: 'new',
  confirm: '',
  'keep-old': 'true',
} as const
type InputName = keyof typeof INPUT_DEFAULTS

const ALWAYS: readonly InputName[] = ['command', 'config', 'github-token']

const ONLY_SUMMARY: readonly InputName[] = ['fleet', 'reports']
const ONLY_CHECK: readonly InputName[] = ['workflow', 'grace', 'issue']
const ONLY_RESTORE: readonly InputName[] = ['point', 'targets', 'into', 'confirm', 'keep-old']
const NOT_BACKUP = [...ONLY_SUMMARY, ...ONLY_CHECK, ...ONLY_RESTORE]
/** The inputs that each command takes besides those in `ALWAYS`. `backup` takes all but those in `NOT_BACKUP`. */
const USED: Readonly<Record<Exclude<Command, 'backup'>, readonly InputName[]>> = {
  plan: ['instances', 'host', 'select'],
  validate: [],
  check: ['instances', 'host', 'allow-partial', ...ONLY_CHECK],
  summary: [...ONLY_SUMMARY, 'allow-partial'],
  restore: [
    'instances',
    'variables',
    'dry-run',
    'lock-wait',
    'upload-logs',
    'show-logs',
    'artifact-name',
    'artifact-retention-days',
    ...ONLY_RESTORE,
  ],
  drill: [
    'instances',
    'host',
    'select',
    'max-parallel',
    'variables',
    'lock-wait',
    'upload-logs',
    'show-logs',
    'artifact-name',
    'artifact-retention-days',
  ],
}

/** Words that people write for an input although it does not take them, each with what to do instead. */
const WANTED: Readonly<Record<string, string>> = {
  'into old': 'write place, with confirm',
}

const MOST_PARALLEL = 64
/** The longest time for which GitHub keeps artifacts (those of private repositories). */
const LONGEST_RETENTION_DAYS = 400

/**
 * Reads the inputs from the step's environment (`INPUT_MAX-PARALLEL`). Throws one `InputError` that names everything that is wrong: an
 * unknown word, a number out of range, a boolean that is neither `true` nor `false`, and an input that differs from its default although
 * the command does not use it. Inputs with an unknown name are no error here: they are in `unknown`.
 */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const problems: string[] = []
  const raw = (name: InputName) => env[`INPUT_${name.toUpperCase()}`] ?? ''
  const text = (name: InputName) => raw(name).trim() || INPUT_DEFAULTS[name]

  function oneOf<T extends string>(name: InputName, words: readonly T[]): T {
    const word = words.find((known) => known === text(name))
    if (word === undefined)
      problems.push(`${name} is "${text(name)}": ${WANTED[`${name} ${text(name)}`] ?? `it must be ${either(words)}`}`)
    return word ?? (words[0] as T)
  }
  function yesOrNo(name: InputName): boolean {
    const value = boolean(text(name))
    if (value === null) problems.push(`${name} is "${text(name)}": it must be true or false`)
    return value ?? false
  }
  function autoOrYesOrNo(name: InputName): 'auto' | boolean {
    if (text(name) === 'auto') return 'auto'
    const value = boolean(text(name))
    if (value === null) problems.push(`${name} is "${text(name)}": it must be auto, true or false`)
    return value ?? false
  }
  function whole(name: InputName, most: number): number {
    const value = /^[0-9]{1,6}$/.test(text(name)) ? Number(text(name)) : 0
    if (value < 1 || value > most) problems.push(`${name} is "${text(name)}": it must be a number from 1 to ${most}`)
    return value
  }

  const command = oneOf('command', COMMANDS)
  const foreign = foreignInputs(command, (name) => text(name) !== INPUT_DEFAULTS[name])
  problems.push(...foreign.map((name) => `${name} means nothing to the command "${command}": leave it out`))
  const uploadLogs = autoOrYesOrNo('upload-logs')
  const showLogs = autoOrYesOrNo('show-logs')
  const inputs: Inputs = {
    command,
    config: text('config'),
    variables: raw('variables'),
    instances: ids(text('instances')),
    host: text('host') || null,
    select: oneOf('select', SELECTIONS),
    maxParallel: whole('max-parallel', MOST_PARALLEL),
    allowPartial: yesOrNo('allow-partial'),
    dryRun: yesOrNo('dry-run'),
    lockWait: text('lock-wait'),
    uploadLogs,
    showLogs,
    artifactName: text('artifact-name') || null,
    artifactRetentionDays:
      text('artifact-retention-days') === '' ? null : whole('artifact-retention-days', LONGEST_RETENTION_DAYS),
    githubToken: text('github-token') || (env.GITHUB_TOKEN ?? ''),
    fleet: text('fleet'),
    reports: text('reports'),
    workflow: text('workflow') || null,
    grace: text('grace'),
    pingUrl: text('ping-url') || null,
    issue: yesOrNo('issue'),
    point: text('point'),
    targets: ids(text('targets')),
    into: oneOf('into', ['new', 'place']),
    confirm: text('confirm'),
    keepOld: yesOrNo('keep-old'),
    unknown: unknownInputs(env),
  }
  if (problems.length > 0) throw new InputError(problems.map((problem) => `Input ${problem}.`).join('\n'))
  return inputs
}

/**
 * Returns the names of inputs that action.yml does not have. The runner passes them on like all that stands under `with:` (actions/runner,
 * Handler.AddInputsToEnvironment).
 */
function unknownInputs(env: NodeJS.ProcessEnv): readonly string[] {
  const names = Object.keys(env).flatMap((key) => (key.startsWith('INPUT_') ? [key.slice(6).toLowerCase()] : []))
  return names.filter((name) => name !== '' && !Object.hasOwn(INPUT_DEFAULTS, name)).sort()
}

function foreignInputs(command: Command, isSet: (name: InputName) => boolean): InputName[] {
  const names = Object.keys(INPUT_DEFAULTS) as InputName[]
  const isUsed = (name: InputName) =>
    command === 'backup' ? !NOT_BACKUP.includes(name) : [...ALWAYS, ...USED[command]].includes(name)
  return names.filter((name) => !isUsed(name) && isSet(name))
}

/** Reads a boolean as YAML 1.2 and the toolkit write it: `true`, `True`, `TRUE` and the same of `false`. `null` for any other text. */
function boolean(text: string): boolean | null {
  if (/^(true|True|TRUE)$/.test(text)) return true
  return /^(false|False|FALSE)$/.test(text) ? false : null
}

function ids(text: string): string[] {
  return [...new Set(text.split(/[,\n]/).map((id) => id.trim()))].filter((id) => id !== '')
}

function either(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}
