/**
 * Describes `config.yml`: every key with its type and description. The editor's JSON Schema and the table of docs/configuration.md are made from it
 * (schemaDocs.ts). What a single key cannot tell is checked in rules.ts. resolveInstance.ts applies the defaults.
 */
import { z } from 'zod'
import { DB_KINDS, type DbKind } from '../databases/engines.ts'
import { STAGINGS } from '../outcome.ts'
import { isTimezone, parseCron } from './values/cron.ts'
import { parseDuration } from './values/duration.ts'
import { parseMount } from './values/mounts.ts'
import { pingProblem } from './values/pingUrl.ts'
import { repositoryProblem } from './values/repository.ts'
import { isRetention } from './values/retention.ts'

/** Texts about a key, shown in the JSON Schema and in the table of docs/configuration.md. */
interface Meta {
  readonly description: string
  readonly default?: unknown
}

type Fail = (message: string) => never

/**
 * Makes a schema for a scalar that `read` turns into a value; `read` refuses a text by calling `fail` with a message. `json` is the type
 * for the JSON Schema. Messages of keys in which secrets may stand (`env`, `repository`, `dumpArgs`, hooks, `ping-url`, and `sql`, `equals`,
 * `matches` and `contains` of a drill) never quote the text.
 */
function leaf<T>(json: Record<string, unknown>, read: (text: string, fail: Fail) => T) {
  return z
    .string()
    .transform((text, context): T => {
      try {
        return read(text, (message) => {
          throw new Refusal(message)
        })
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        context.addIssue({ code: 'custom', message: error.message })
        return z.NEVER
      }
    })
    .meta(json)
}

class Refusal extends Error {}

const TEXT = { type: 'string' }
const SCALAR = { type: ['string', 'number', 'boolean'] }

const YES = ['true', 'yes', 'on', 'y']
const NO = ['false', 'no', 'off', 'n']

/** Parses a boolean of YAML 1.1, as Marina does; `null` if the text is none. */
export function readBoolean(text: string): boolean | null {
  const word = text.toLowerCase()
  return YES.includes(word) ? true : NO.includes(word) ? false : null
}

const flag = leaf({ type: ['boolean', 'string'] }, (text, fail) => readBoolean(text) ?? fail('must be true or false'))

const textWithoutNul = leaf(TEXT, (text, fail) => (text.includes('\0') ? fail('must not hold a NUL character') : text))
const scalar = leaf(SCALAR, (text, fail) => (text.includes('\0') ? fail('must not hold a NUL character') : text))

function wordOrVariable(words: readonly string[]): Record<string, unknown> {
  return {
    anyOf: [
      { type: 'string', enum: words },
      { type: 'string', pattern: '\\$' },
    ],
  }
}

function oneOf<const T extends readonly string[]>(words: T) {
  const choices = words
    .map((word) => `\`${word}\``)
    .join(', ')
    .replace(/, (?=[^,]*$)/, ' or ')
  return leaf<T[number]>(wordOrVariable(words), (text, fail) =>
    words.includes(text) ? text : fail(`must be ${choices}`),
  )
}

const MAX_TIMEOUT = 20 * 86_400_000 // a timer of Node ends at 24.8 days and would fire at once beyond

const timeout = leaf(TEXT, (text, fail) => {
  const ms = readDuration(text, fail)
  if (ms < 1000) fail('must be at least one second')
  return ms > MAX_TIMEOUT ? fail('must be at most 20d') : ms
})

function readDuration(text: string, fail: Fail): number {
  const unit = /^[0-9.]+$/.test(text) ? ', with its unit' : ''
  return parseDuration(text) ?? fail(`must be a duration such as 30s, 15m, 1h30m or 2d${unit}`)
}

const age = leaf(TEXT, (text, fail) => {
  const ms = readDuration(text, fail)
  return ms < 1000 ? fail('must be at least one second') : ms
})

const wholeNumber = leaf({ type: ['integer', 'string'] }, (text, fail) =>
  /^[1-9][0-9]{0,11}$/.test(text) ? Number(text) : fail('must be a whole number from 1'),
)

const decimal = leaf({ type: ['number', 'string'] }, (text, fail) =>
  /^-?[0-9]{1,15}(\.[0-9]{1,15})?$/.test(text) ? Number(text) : fail('must be a number'),
)

const pattern = leaf(SCALAR, (text, fail) => {
  try {
    return new RegExp(text, 'u').source
  } catch (error) {
    // the engine's message quotes the expression before its last colon, and that may hold a secret
    const why = (error as Error).message.replace(/^.*: /s, '')
    return fail(`must be a regular expression of JavaScript (${why})`)
  }
})

const sha256 = leaf(TEXT, (text, fail) =>
  /^[0-9a-fA-F]{64}$/.test(text) ? text.toLowerCase() : fail('must be a SHA-256: 64 digits and letters from a to f'),
)

const pathInVolume = leaf(TEXT, (text, fail) => {
  if (text.includes('\0')) fail('must not hold a NUL character')
  const path = text.replace(/^\/+/, '')
  const parts = path.split('/')
  return path !== '' && !parts.some((part) => part === '' || part === '.' || part === '..')
    ? path
    : fail('must be the path of a file, from the root of the volume')
})

const catchUp = leaf({ type: ['boolean', 'string'] }, (text, fail): boolean | number => {
  return readBoolean(text) ?? parseDuration(text) ?? fail('must be true, false, or a duration such as 6h')
})

const schedule = leaf(TEXT, (text, fail) => {
  const result = parseCron(text)
  return result.ok ? result.cron : fail(`is not a schedule that can be kept: ${result.message}`)
})

const timezone = leaf(TEXT, (text, fail) =>
  isTimezone(text) ? text : fail('must be a time zone such as Europe/Berlin or UTC'),
)

const id = leaf(SCALAR, (text, fail) => {
  if (/\$/.test(text)) fail('takes no variables: an instance is known by its id before any are filled in')
  if (text.length > 63) fail('must be at most 63 characters long')
  return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text)
    ? text
    : fail('must be made of letters, digits and the signs _ . - and begin with a letter or digit')
})

const runnerLabel = leaf(SCALAR, (text, fail) => {
  if (/\$/.test(text)) fail('takes no variables: jobs are planned before any are filled in')
  return text.trim() !== '' && !/[\n\r,]/.test(text) ? text : fail('must be the label of a runner')
})

// Docker's reference grammar, without its limits of length.
const IMAGE =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?\/|\[[a-fA-F0-9:]+\](?::\d+)?\/)?[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*(?::[\w][\w.-]{0,127})?(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?$/

const image = leaf(TEXT, (text, fail) =>
  IMAGE.test(text) ? text : fail('must be an image such as localhost/example-backup:latest (no capitals, no spaces)'),
)

const dockerName = (what: string) =>
  leaf(SCALAR, (text, fail) => {
    if (/^[./~]/.test(text)) fail(`must be the name of a ${what}, not a path`)
    return /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/.test(text) ? text : fail(`must be the name of a ${what}`)
  })

const script = leaf(TEXT, (text, fail) => {
  if (text.startsWith('/') || text.includes('\\'))
    fail('must be a path inside the repository, with / between its parts')
  return text.split('/').includes('..') ? fail('must not lead out of the repository: ".." is not taken') : text
})

const entrypoint = z.union([
  leaf(TEXT, (text, fail): readonly string[] => {
    if (/\s/.test(text)) fail('holds spaces: write a list, one word an item')
    return text === '' ? [] : [text]
  }),
  z.array(scalar),
])

const memory = leaf(SCALAR, (text, fail) =>
  /^\d+(?:\.\d+)?[bkmg]?b?$/i.test(text) && Number.parseFloat(text) > 0
    ? text
    : fail('must be an amount of memory such as 512m or 2g'),
)

const cpus = leaf(SCALAR, (text, fail) =>
  /^\d*\.?\d+$/.test(text) && Number(text) > 0 ? text : fail('must be a number of processors such as 2 or 0.5'),
)

const mount = leaf(TEXT, (text, fail) => {
  const result = parseMount(text)
  return result.ok ? result.mount : fail(`cannot be mounted: ${result.message}`)
})

const retention = leaf(SCALAR, (text, fail) =>
  isRetention(text)
    ? text
    : fail(
        'must say how many to keep, such as 7d:4w:6m: a number with h (hours), d, w, m or y each, or three numbers for days, weeks and months',
      ),
)

const repository = leaf(TEXT, (text, fail) => {
  const problem = repositoryProblem(text)
  return problem === null ? text : fail(problem)
})

const pingUrl = leaf(TEXT, (text, fail) => {
  const problem = pingProblem(text)
  return problem === null ? text : fail(problem)
})

const anything = z.unknown()

/** The values of keys that are left out, written as in a file. The table of docs/configuration.md and the JSON Schema show them. */
export const DEFAULTS = {
  timezone: 'UTC',
  catchUp: true,
  timeout: '12h',
  resticImage: 'restic/restic:0.18.1@sha256:39d9072fb5651c80d75c7a811612eb60b4c06b32ffe87c2e9f3c7222e1797e76',
  layout: 'timestamp',
  retention: '7d:4w:6m',
  stopAttached: false,
  discover: 'labels',
  coverage: 'report',
  allowEmpty: false,
} as const

const dbKind = leaf(wordOrVariable(DB_KINDS), (text, fail): DbKind => {
  const kind = DB_KINDS.find((known) => known === text.toLowerCase())
  return kind ?? fail(`must be one of ${DB_KINDS.join(', ')}`)
})

/** Makes a key optional and attaches its texts. Which keys must be there is checked in rules.ts, and said to editors by `oneOf`. */
function key<T extends z.ZodType>(type: T, meta: Meta) {
  return type.optional().meta({ ...meta })
}

export const targetShape = {
  volume: key(dockerName('volume'), { description: 'Name of a Docker volume to back up.' }),
  db: key(dockerName('container'), { description: 'Name of a database container whose data is dumped.' }),
  paths: key(z.array(textWithoutNul), {
    description:
      'Volume: only these paths, relative to its root (a leading `/` is that root). One that is not there fails the target.',
    default: ['/'],
  }),
  exclude: key(z.array(textWithoutNul), {
    description: "Volume: what to leave out, by gitignore's rules. The volume is then copied.",
  }),
  stopAttached: key(flag, {
    description:
      'Volume: stop the containers that can write to it for the last part of the copy, and start them again before the image runs.',
    default: DEFAULTS.stopAttached,
  }),
  staging: key(oneOf(STAGINGS), {
    description:
      'Volume: how its data appears below `/backup`. `mount`: read in place, without a copy. `copy`: copied. `presync`: copied twice, the second time only what has changed, while the containers of `stopAttached` are stopped. Left out: `presync` with `stopAttached`; else `mount` where that is as good, and `copy` where it is not.',
  }),
  allowEmpty: key(flag, {
    description: 'Volume: `true` where it may be empty. Otherwise an empty volume fails the target.',
    default: DEFAULTS.allowEmpty,
  }),
  verify: key(oneOf(['content']), {
    description:
      'Volume: `content` also writes the SHA-256 of each file into the list of its copy, so that a restore and a drill find a changed byte. Every staged file is read once more, after the applications are up again: about 7 seconds of one core a GB. The volume is then copied, not mounted. Left out: the list has sizes, owners, modes and times.',
  }),
  dbKind: key(dbKind, {
    description: `Database: its engine, one of ${DB_KINDS.map((kind) => `\`${kind}\``).join(', ')}. Left out: found out from the container.`,
  }),
  databases: key(z.array(scalar), {
    description: 'Database: a list of names, such as `["shop"]`: one dump each. Left out: all of them in one dump.',
  }),
  dumpArgs: key(z.array(scalar), {
    description: 'Database: more arguments for the dump tool, one an item, such as `["-U", "x"]`. No shell reads them.',
  }),
  preHook: key(textWithoutNul, { description: "Command run in the target's container before its data is taken." }),
  postHook: key(textWithoutNul, { description: "Command run in the target's container after its data is taken." }),
}

/** Keys that only one kind of target has. */
export const TARGET_KEYS = {
  volume: ['paths', 'exclude', 'stopAttached', 'staging', 'allowEmpty', 'verify'],
  db: ['dbKind', 'databases', 'dumpArgs'],
} as const

/** Keys of one item of `drill.checks`. */
export const drillCheckShape = {
  volume: key(dockerName('volume'), { description: 'The restored volume that is looked at.' }),
  file: key(pathInVolume, { description: 'Volume: path of a file, from the root of the volume. It must exist.' }),
  sha256: key(sha256, { description: 'With `file`: its SHA-256.' }),
  contains: key(textWithoutNul, { description: 'With `file`: a text that one of its lines contains.' }),
  canary: key(age, {
    description:
      'With `file`: how long before the backup its time may be, such as `26h`: a file that is written again and again shows that the data of the day is in the backup. Its time is its first line, if that is an ISO time with its zone (`date -Iseconds`), else when it was last written.',
  }),
  files: key(wholeNumber, { description: 'Volume: how many files, links and the like it holds at least.' }),
  run: key(script, {
    description:
      'A script of the repository, by its path from the root. It finds the restored data, read-only, below `/restore`, and exit code 0 says that it is good. It runs without a network in the image of the container that had `volume` or, without `volume`, in the image that made the backup.',
  }),
  db: key(dockerName('container'), { description: 'The database container whose restored data is asked.' }),
  database: key(scalar, {
    description: 'With `db`: the database to ask. Left out: the only one of the backup.',
  }),
  sql: key(textWithoutNul, {
    description: "With `db`: what its server's own client is asked, in a scratch server with the restored data.",
  }),
  equals: key(scalar, { description: 'With `sql`: the answer must be this.' }),
  atLeast: key(decimal, { description: 'With `sql`: the answer must be a number of at least this.' }),
  atMost: key(decimal, { description: 'With `sql`: the answer must be a number of at most this.' }),
  matches: key(pattern, { description: 'With `sql`: a regular expression that the answer must match.' }),
}

/** Keys of `drill.checks` that say what the answer to `sql` must be. */
export const ANSWER_KEYS = ['equals', 'atLeast', 'atMost', 'matches'] as const

const drillCheckSchema = z.strictObject(drillCheckShape)

/** Keys of `drill`. */
export const drillShape = {
  schedule: key(schedule, {
    description: 'When the drill is due, as `schedule` of an instance, in its time zone. Left out: by hand only.',
  }),
  maxAge: key(age, {
    description: 'How old the newest point may be, such as `26h` (RPO). An older one fails the drill.',
  }),
  maxDuration: key(age, {
    description: 'How long the restore may take, such as `30m` (RTO). A longer one fails the drill.',
  }),
  controls: key(z.array(scalar), {
    description:
      'Controls of a standard that the drill gives evidence for, such as `ISO27001-A.8.13`. They stand in `drill.json`.',
  }),
  image: key(z.union([image, z.record(z.string(), image)]), {
    description:
      'Image of the scratch servers that dumps are loaded into: one for all, or a map of the database containers with one each. Left out: the image that the container had when it was backed up.',
  }),
  checks: key(z.array(drillCheckSchema), {
    description: 'What is looked at besides what the manifest of the backup tells ([drills](drills.md)).',
  }),
}

const targetSchema = z.strictObject(targetShape).meta({ oneOf: [{ required: ['volume'] }, { required: ['db'] }] })

export const resourcesShape = {
  memory: key(memory, { description: 'Most memory the backup container may use, such as `512m` or `2g`.' }),
  cpus: key(cpus, { description: 'Most processors it may use, such as `0.5`.' }),
}

/** Keys that can stand at the top of the file and in an instance; the instance's value wins. */
export const sharedShape = {
  timezone: key(timezone, { description: 'Time zone of `schedule`, an IANA name.', default: DEFAULTS.timezone }),
  catchUp: key(catchUp, {
    description:
      'How late a missed backup may still run: `true` (any time), `false` (never later than the next start of the workflow), or a duration. However many were missed, it runs once.',
    default: DEFAULTS.catchUp,
  }),
  timeout: key(timeout, {
    description: 'Longest time that one backup may take; then it is stopped, and has failed.',
    default: DEFAULTS.timeout,
  }),
  resticTimeout: key(timeout, { description: "As `timeout`, for `repository` instances only: Marina's key." }),
  resticImage: key(image, {
    description: 'Image with restic and `sh` that serves `repository` instances.',
    default: DEFAULTS.resticImage,
  }),
  layout: key(oneOf(['timestamp', 'stable']), {
    description:
      '`timestamp`: data lies below `/backup/<timestamp>`. `stable`: below `/backup`, so that incremental tools meet the same paths.',
    default: DEFAULTS.layout,
  }),
  retention: key(retention, {
    description:
      'How many backups to keep: `7d:4w:6m` is 7 daily, 4 weekly and 6 monthly ones; `h` (hours) and `y` (years) work too. With `repository` restic removes the others; an image or script of your own reads it in `MARINA_RETENTION` and does that itself.',
    default: DEFAULTS.retention,
  }),
  stopAttached: key(flag, { description: 'Default of the targets’ `stopAttached`.', default: DEFAULTS.stopAttached }),
  nodeName: key(scalar, {
    description: "Name of the host in reports and in `MARINA_HOSTNAME`. The Docker host's name where left out.",
  }),
}

export const instanceShape = {
  id: id.meta({ description: 'Name of the instance: letters, digits and `_.-`, at most 63. Takes no variables.' }),
  customImage: key(image, {
    description: 'Image that makes the backup, by tag or digest. Either this or `repository`.',
  }),
  repository: key(repository, {
    description:
      'A [restic repository](restic.md): a folder of the Docker host (`/srv/restic`), or `s3:…`, `rest:…`, `sftp:…` and the others of restic. `env.RESTIC_PASSWORD` opens it. `layout` is then `stable` where left out.',
  }),
  schedule: key(schedule, {
    description:
      'Five cron fields, with `CRON_TZ=Zone` before them if wanted. It runs at the first start of the workflow after that time. Left out: by hand only.',
  }),
  targets: key(z.array(targetSchema), {
    description:
      'What is backed up. Left out: the volumes and containers that are labelled for this instance. `[]`: nothing, the image gets an empty `/backup`.',
  }),
  discover: key(oneOf(['labels', 'all']), {
    description:
      'Where `targets` is left out: `labels` takes what is labelled for the instance. `all` takes every named volume and database of the host that no other instance has, also those that are made later.',
    default: DEFAULTS.discover,
  }),
  except: key(z.array(scalar), {
    description: 'With `discover: all`: names of volumes and containers to leave out, `*` stands for anything.',
  }),
  env: key(z.record(z.string(), scalar), {
    description: 'Environment of the backup container. Values arrive as they are written (`0755`, `1.10`, `on`).',
  }),
  script: key(script, {
    description:
      'A script in the repository, by its path from the root. It is put into the container as `/backup.sh`, so that any image with its interpreter will do.',
  }),
  restoreScript: key(script, {
    description:
      'As `script`, for a restore: a script in the repository that is put into the container as `/restore.sh`. Left out: the image has one of its own.',
  }),
  pull: key(oneOf(['always', 'missing', 'never']), {
    description:
      '`always`: pull the image before each backup; where that fails, the one on the host is used, with a warning. `missing`: pull it only where the host has none. `never`: do not pull it. Left out: as `always`, but no registry is asked for an image that is named `localhost/…`, or was built on the host ([one exception](security.md)).',
  }),
  helperImage: key(image, {
    description:
      'Image that copies the data, where the backup image has no `sh`, `find`, `stat`, `cp` and `tar`. Pulled only where the host has none; with `pull: never` not at all.',
  }),
  entrypoint: key(entrypoint, {
    description: 'Replaces the image\'s ENTRYPOINT; a list gives it arguments, `""` removes it.',
  }),
  network: key(textWithoutNul, { description: 'Network of the backup container.' }),
  user: key(scalar, { description: 'User of the backup container, as `docker run --user` takes it.' }),
  mounts: key(z.array(mount), {
    description: 'Further mounts, `source:/target[:ro]` or as `docker run --mount` takes them. Never below `/backup`.',
  }),
  resources: key(z.strictObject(resourcesShape), { description: 'Limits of the backup container.' }),
  runsOn: key(z.union([runnerLabel, z.array(runnerLabel)]), {
    description: 'Labels of the runner beside its Docker host: they tell the host in a fleet. Takes no variables.',
  }),
  drill: key(z.strictObject(drillShape), {
    description: 'When and how `command: drill` proves that the backup can be restored ([drills](drills.md)).',
  }),
  ...sharedShape,
}

const instanceSchemaOnly = z.strictObject(instanceShape)

/** Checks and parses one instance. Texts with variables that are not filled in may fail here: `loadConfig` drops those issues. */
export const instanceSchema = instanceSchemaOnly.meta({
  oneOf: [{ required: ['customImage'] }, { required: ['repository'] }],
})

/** Keys that Marina's daemon reads and this action does not. Each is accepted with one notice, which says what replaces it. */
export const DAEMON_KEYS: Readonly<Record<string, string>> = {
  dbPath: 'nothing is kept in a database: runs, logs and reports are in the Actions tab',
  apiPort: 'the Actions tab and the API of GitHub replace the server',
  corsOrigins: 'the Actions tab replaces the dashboard',
  authPassword:
    'the Actions tab replaces the dashboard: who may read the repository sees the runs; remove the password from the file',
  peers: 'the fleet of runners replaces them: one runner beside each Docker host, `runsOn` in its instances',
  mesh: 'the fleet of runners replaces it; `nodeName` stands at the top of the file',
}

const daemonShape = {
  dbPath: key(anything, { description: 'Marina’s daemon only: ignored with a notice.' }),
  apiPort: key(anything, { description: 'Marina’s daemon only: ignored with a notice.' }),
  corsOrigins: key(anything, { description: 'Marina’s daemon only: ignored with a notice.' }),
  authPassword: key(anything, { description: 'Marina’s daemon only: ignored with a notice.' }),
  peers: key(anything, { description: 'Marina’s daemon only: ignored with a notice.' }),
  mesh: key(anything, { description: 'Early Marina’s daemon only: ignored with a notice.' }),
}

const topShape = {
  version: key(
    leaf({ type: ['number', 'string'], enum: [1, '1'] }, (text, fail) => (text === '1' ? 1 : fail('must be 1'))),
    {
      description: 'Version of this file.',
      default: 1,
    },
  ),
  coverage: key(oneOf(['report', 'enforce', 'off']), {
    description:
      'What happens if a named volume or a database container of the host is in no instance of the file. `report`: a run says so. `enforce`: it also fails. `off`: nobody looks.',
    default: DEFAULTS.coverage,
  }),
  ...sharedShape,
  'ping-url': key(pingUrl, {
    description:
      'Address of a watcher, such as Healthchecks, that is told when the backups of a run begin and how they end ([notifications](notifications.md)). It is a secret: give it by a variable.',
  }),
  ...daemonShape,
}

/** Parses the file's top without its instances. */
export const topSchema = z.strictObject(topShape)

/** Checks the whole file, after the `x-…` keys at its top were removed. */
export const fileSchema = z.strictObject({
  ...topShape,
  instances: z
    .array(instanceSchema)
    .min(1, 'must hold at least one instance')
    .meta({ description: 'The backups, each with an `id` of its own.' }),
})

export type InstanceValues = z.output<typeof instanceSchemaOnly>
export type TargetValues = z.output<typeof targetSchema>
export type DrillValues = NonNullable<InstanceValues['drill']>
export type TopValues = z.output<typeof topSchema>

export type KeyPlace = 'top' | 'instance' | 'target' | 'resources' | 'drill' | 'check'

/** The known keys of each place in the file, in the order in which messages list them. */
export const KNOWN_KEYS: Readonly<Record<KeyPlace, readonly string[]>> = {
  top: [...Object.keys(topShape), 'instances'],
  instance: Object.keys(instanceShape),
  target: Object.keys(targetShape),
  resources: Object.keys(resourcesShape),
  drill: Object.keys(drillShape),
  check: Object.keys(drillCheckShape),
}
