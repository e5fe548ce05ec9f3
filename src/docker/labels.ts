/**
 * Writes and reads the labels and names of our containers: they are the journal. Whoever meets such a container later (this job's `post`,
 * the next start on this host) knows from them alone whose it is, until when it may work, and what must be started again. Pure.
 */
import type { Container } from './parseContainer.ts'

export const LABEL_PREFIX = 'dev.polarfox.marina-action.'
export const VERSION_LABEL = `${LABEL_PREFIX}version`
export const LABEL_VERSION = '1'
/** Label of a volume that a restore made; its value names the instance and the point, and ends with the id of the job. */
export const RESTORE_LABEL = `${LABEL_PREFIX}restore`
/** Label with the job's id, on a container that only looks at something and on a claim. */
export const LOOK_JOB_LABEL = `${LABEL_PREFIX}job`
/** Labels on a container that looks for longer than a moment (see `longLookLabels`). */
export const LOOK_PROCESS_LABEL = `${LABEL_PREFIX}process`
export const LOOK_DEADLINE_LABEL = `${LABEL_PREFIX}deadline`

const HEALTHY_FIRST = 'healthy-first'

/** The helper's kind in labels. It stays the word of earlier versions, whose claims may still be on the host. */
const HELPER_IN_LABELS = 'workbench'

/** Identifies the holder of a claim: one process of one run. */
export interface Owner {
  /** `owner/name` of the repository whose workflow run it is. `runId` and `attempt` identify the run; `runId` is empty away from a forge. */
  readonly repository: string
  /** The forge's address, because two forges can have a repository of the same name. */
  readonly server: string
  readonly runId: string
  readonly attempt: number
  /** Random id of one step of a job; `post` knows it from the saved state. */
  readonly job: string
  /** `<boot id> <PID namespace> <pid> <start time>`. It proves that a process is gone to a reader with the same boot id and PID namespace. */
  readonly process: string
}

/** A container to start again. The containers of one wave can start in parallel; a lower wave starts first. */
export interface JournalEntry {
  readonly wave: number
  readonly id: string
  readonly name: string
  /** True if a container of a later wave may be started only when this one is healthy. */
  readonly healthyFirst?: boolean
  /** The state that was wrong with the container before it was stopped; missing if nothing was. */
  readonly before?: 'unhealthy' | 'restarting'
}

/** A volume that a restore changes, and how a sweeper undoes that. */
export interface UndoEntry {
  /**
   * `place`: the volume's old data is kept in the volume `before`. `new`: the restore made the volume, which is worth nothing until it is
   * whole. `dumps`: the restore made the volume for dumps of what servers held.
   */
  readonly into: 'place' | 'new' | 'dumps'
  readonly volume: string
  /** Empty unless `place`. */
  readonly before: string
}

/** The facts that the claim of a helper tells other processes on the host. */
export interface Journal {
  /** Containers to start again, in the order of starting. */
  readonly restart: readonly JournalEntry[]
  /** Ids of the database containers that are dumped under this claim, and must run until it ends. */
  readonly dumps: readonly string[]
  /** Names of the containers in which a postHook is to run. If the claim does not end normally, these hooks may not have run. */
  readonly hooks: readonly string[]
  /** The volumes that a restore changes; missing for a backup. Number N is mounted at `/marina/to/N`, its `before` at `/marina/before/N`. */
  readonly undo?: readonly UndoEntry[]
}

interface ClaimBase {
  readonly container: Container
  readonly instance: string
  /** The name that the container was created with. A sweeper that took it over has renamed it. */
  readonly self: string
  readonly owner: Owner
  /** Time after which the claim is stale, by the engine's clock, ms since 1970; 0 if its label cannot be read. */
  readonly deadline: number
  /** Start of its run of the instance; missing for a journal, and for a claim of a version that did not say. */
  readonly start?: RunStart
}

/** The beginning of one instance's run. */
export interface RunStart {
  /** By the engine's clock, ms since 1970. */
  readonly at: number
  /** True if the instance was taken because it was due, false if somebody started it. */
  readonly isScheduled: boolean
}

/** A backup container that is itself the lock of its instance. */
export interface BackupClaim extends ClaimBase {
  readonly kind: 'backup'
}

/** A helper that is the lock of its instance, owns the staging volume, and carries the journal. */
export interface HelperClaim extends ClaimBase, Journal {
  readonly kind: 'helper'
}

/** A backup container beside a helper. */
export interface ImageClaim extends ClaimBase {
  readonly kind: 'image'
  /** Id of its helper. */
  readonly helper: string
}

/**
 * A container that is no lock and holds no data: it only remembers applications that could not be started again. Every run tries to start
 * them.
 */
export interface JournalClaim extends ClaimBase {
  readonly kind: 'journal'
  /** Containers to start again, in the order of starting. */
  readonly restart: readonly JournalEntry[]
}

/** A container of ours, as its labels describe it. */
export type Claim = BackupClaim | HelperClaim | ImageClaim | JournalClaim

type WithoutContainer<C> = C extends Claim ? Omit<C, 'container'> : never
/** A claim before its container is created. */
export type PlannedClaim = WithoutContainer<Claim>

export const claimName = (instance: string) => `marina-run-${instance}`
/** Name of the helper that brings restored data into its place; it stands beside the claim. */
export const placeClaimName = (instance: string) => `marina-place-${instance}`
export const imageClaimName = (instance: string) => `marina-image-${instance}`
export const sweepName = (id: string, generation: number) =>
  `marina-sweep-${id.slice(0, 12)}${generation === 1 ? '' : `-${generation}`}`

/** Makes the name of a journal container. `id` is that of the claim whose applications could not be started again. */
export const journalName = (id: string) => `marina-journal-${id.slice(0, 12)}`

/**
 * Makes the name of a claim whose sweeper gave up without having repaired everything. `generation` is the number in the name that the claim
 * has then (see `sweepGeneration`).
 */
export const releasedSweepName = (id: string, generation: number) => `${sweepName(id, generation)}-left`

/** Makes the labels of one of our containers. */
export function claimLabels(claim: PlannedClaim): Record<string, string> {
  const { owner } = claim
  return {
    [VERSION_LABEL]: LABEL_VERSION,
    [`${LABEL_PREFIX}kind`]: claim.kind === 'helper' ? HELPER_IN_LABELS : claim.kind,
    [`${LABEL_PREFIX}instance`]: claim.instance,
    [`${LABEL_PREFIX}self`]: claim.self,
    [`${LABEL_PREFIX}run`]: [owner.repository, owner.runId, owner.attempt, owner.server].join(' '),
    [`${LABEL_PREFIX}job`]: owner.job,
    [`${LABEL_PREFIX}process`]: owner.process,
    [`${LABEL_PREFIX}deadline`]: new Date(claim.deadline).toISOString(),
    ...(claim.start === undefined ? {} : { [`${LABEL_PREFIX}start`]: startText(claim.start) }),
    ...(claim.kind === 'image' ? { [`${LABEL_PREFIX}${HELPER_IN_LABELS}`]: claim.helper } : {}),
    ...('restart' in claim ? restartLabels(claim.restart) : {}),
    ...('dumps' in claim ? numbered('dumps.', claim.dumps) : {}),
    ...('hooks' in claim ? numbered('hook.', claim.hooks) : {}),
    ...('undo' in claim && claim.undo !== undefined
      ? numbered(
          'undo.',
          claim.undo.map(({ into, volume, before }) => `${into} ${volume} ${before}`.trim()),
        )
      : {}),
  }
}

function startText({ at, isScheduled }: RunStart): string {
  return `${new Date(at).toISOString()} ${isScheduled ? BY_SCHEDULE : 'hand'}`
}

function startOf(text: string): RunStart | null {
  const [time = '', by] = text.split(' ')
  const at = Date.parse(time)
  return Number.isNaN(at) ? null : { at, isScheduled: by === BY_SCHEDULE }
}

const BY_SCHEDULE = 'schedule'

function restartLabels(entries: readonly JournalEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries.map(({ wave, id, name, healthyFirst, before }, index) => [
      `${LABEL_PREFIX}restart.${digits(wave)}.${digits(index)}`,
      [id, name, ...(healthyFirst ? [HEALTHY_FIRST] : []), ...(before === undefined ? [] : [before])].join(' '),
    ]),
  )
}

function numbered(key: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${LABEL_PREFIX}${key}${digits(index)}`, value]))
}

/** Writes a number with leading zeros, for keys that are sorted as text. */
function digits(index: number): string {
  return String(index).padStart(4, '0')
}

/** Makes the labels of a staging volume. */
export function stagingLabels(instance: string): Record<string, string> {
  return { [VERSION_LABEL]: LABEL_VERSION, [`${LABEL_PREFIX}kind`]: 'staging', [`${LABEL_PREFIX}instance`]: instance }
}

/**
 * Tells whether labels are those of a container or a volume of ours, also of a container that only looks at something. Looks for our version
 * label alone, which an image can have too: `isClaim` checks more. For code that lists what belongs to others.
 */
export function isOurs(labels: Readonly<Record<string, string>>): boolean {
  return labels[VERSION_LABEL] !== undefined
}

type Labelled = Pick<Container, 'id' | 'name' | 'labels'>

/** Tells whether a container is a helper, a backup container or a journal of this action. */
export function isClaim(container: Labelled): boolean {
  return kindOf(container) !== null
}

/**
 * Returns what kind of claim a container is; `null` if it is none. Labels can come from an image, so more is checked: our version label,
 * and a `self` label that equals the container's name, or a name that a sweeper makes from its id.
 */
function kindOf(container: Labelled): Claim['kind'] | null {
  const { labels, name } = container
  const self = labels[`${LABEL_PREFIX}self`] ?? ''
  if (labels[VERSION_LABEL] !== LABEL_VERSION || self === '') return null
  if (self !== name && sweepGeneration(container) === 0) return null
  const kind = labels[`${LABEL_PREFIX}kind`]
  if (kind === HELPER_IN_LABELS) return 'helper'
  return kind === 'backup' || kind === 'image' || kind === 'journal' ? kind : null
}

/** Reads the claim from a container; `null` if it is none. */
export function parseClaim(container: Container): Claim | null {
  const label = (key: string) => container.labels[`${LABEL_PREFIX}${key}`] ?? ''
  const [repository = '', runId = '', attempt = '', server = ''] = label('run').split(' ')
  const deadline = Date.parse(label('deadline'))
  const start = startOf(label('start'))
  const base: ClaimBase = {
    ...(start === null ? {} : { start }),
    container,
    self: label('self'),
    instance: label('instance'),
    owner: { repository, server, runId, attempt: Number(attempt) || 1, job: label('job'), process: label('process') },
    deadline: Number.isNaN(deadline) ? 0 : deadline,
  }
  const restart = restartOf(container)
  switch (kindOf(container)) {
    case 'backup':
      return { ...base, kind: 'backup' }
    case 'helper':
      return {
        ...base,
        kind: 'helper',
        restart,
        dumps: valuesOf(container, 'dumps.'),
        hooks: valuesOf(container, 'hook.'),
        ...undoOf(container),
      }
    case 'image':
      return { ...base, kind: 'image', helper: label(HELPER_IN_LABELS) }
    case 'journal':
      return { ...base, kind: 'journal', restart }
    case null:
      return null
  }
}

function restartOf({ labels }: Pick<Container, 'labels'>): readonly JournalEntry[] {
  return Object.keys(labels)
    .filter((key) => key.startsWith(`${LABEL_PREFIX}restart.`))
    .sort()
    .map((key) => {
      const [id = '', name = '', ...words] = (labels[key] ?? '').split(' ')
      const before = (['unhealthy', 'restarting'] as const).find((word) => words.includes(word))
      return {
        wave: Number(key.split('.').at(-2)) || 0,
        id,
        name,
        ...(words.includes(HEALTHY_FIRST) ? { healthyFirst: true } : {}),
        ...(before === undefined ? {} : { before }),
      }
    })
}

function undoOf(container: Pick<Container, 'labels'>): Pick<Journal, 'undo'> {
  const undo = valuesOf(container, 'undo.').map((text): UndoEntry => {
    const [into, volume = '', before = ''] = text.split(' ')
    return { into: into === 'new' || into === 'dumps' ? into : 'place', volume, before }
  })
  return undo.length === 0 ? {} : { undo }
}

function valuesOf({ labels }: Pick<Container, 'labels'>, begins: string): readonly string[] {
  return Object.keys(labels)
    .filter((key) => key.startsWith(`${LABEL_PREFIX}${begins}`))
    .sort()
    .map((key) => labels[key] ?? '')
}

/**
 * Returns the number in a sweeper's name of this container: 1 for the first name. Each take-over adds 1, and so does each sign of life that a
 * long sweep gives. Returns 0 if the name is not a sweeper's, also for a journal that its sweeper gave back.
 */
export function sweepGeneration(container: Pick<Container, 'id' | 'name'>): number {
  const match = /^marina-sweep-([0-9a-f]{12})(?:-(\d+))?(?:-left)?$/.exec(container.name)
  if (!match || !container.id.startsWith(match[1] ?? '-')) return 0
  return match[2] === undefined ? 1 : Number(match[2])
}

/** Tells by the name of a claim's container whether its last sweeper gave up without having repaired everything, so that nobody works on it. */
export function isReleasedSweep(container: Pick<Container, 'name'>): boolean {
  return container.name.endsWith('-left')
}

/** Value of the version label on a short-lived container that only looks at something. Such a container is neither a claim nor an application. */
export const LOOK = 'look'

/** Makes the labels of a container that only looks at something. `job` is the id of the job whose `post` removes it if it is still there. */
export function lookLabels(job: string): Record<string, string> {
  return { [VERSION_LABEL]: LOOK, [LOOK_JOB_LABEL]: job }
}

/**
 * Makes the labels of a container that looks for longer than a moment: a scratch server. `process` is as in `Owner`; `deadline` is by the
 * engine's clock, ms since 1970. Nobody else removes it before one of the two has ended.
 */
export function longLookLabels(look: {
  readonly job: string
  readonly process: string
  readonly deadline: number
}): Record<string, string> {
  return {
    ...lookLabels(look.job),
    [LOOK_PROCESS_LABEL]: look.process,
    [LOOK_DEADLINE_LABEL]: new Date(look.deadline).toISOString(),
  }
}
