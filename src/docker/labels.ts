/**
 * What our containers say of themselves: the labels are the journal. Pure.
 * Whoever meets such a container later (this job's `post`, the next start on this host) knows from them alone whose it is,
 * until when it may work, and what must be started again.
 */
import type { Container } from './parseContainer.ts'

const PREFIX = 'dev.polarfox.marina-action.'
export const VERSION_LABEL = `${PREFIX}version`
const VERSION = '1'

const HEALTHY_FIRST = 'healthy-first'

/** In labels the helper keeps the name of earlier versions, whose claims may be on the host. */
const HELPER_IN_LABELS = 'workbench'

/** Who works: one process of one run. */
export interface Owner {
  /** `owner/name` of the repository and the run's id and attempt; the id is empty away from a forge. */
  readonly repository: string
  /** The forge's address: two of them can have a repository and a run of the same names. */
  readonly server: string
  readonly runId: string
  readonly attempt: number
  /** Random, one for each job's step; `post` knows it from the saved state. */
  readonly job: string
  /** `<boot id> <PID namespace> <pid> <start time>`: enough to prove that a process is gone, where the first two are ours. */
  readonly process: string
}

/** A container to start again. Those of one wave may start side by side, after the waves before it. */
export interface JournalEntry {
  readonly wave: number
  readonly id: string
  readonly name: string
  /** Something in a later wave is to be started only once this one is healthy. */
  readonly healthyFirst?: boolean
  /** What was wrong with it before it was stopped. */
  readonly before?: 'unhealthy' | 'restarting'
}

/** What the claim of a helper tells others on the host. */
export interface Journal {
  /** In the order of starting. */
  readonly restart: readonly JournalEntry[]
  /** Ids of the database containers that are dumped under it, and must run meanwhile. */
  readonly dumps: readonly string[]
  /** Names of the containers in which a postHook is still to run, if not all is over. */
  readonly hooks: readonly string[]
}

interface ClaimBase {
  readonly container: Container
  readonly instance: string
  /** Its first name; after a sweeper took it over the container's name is another. */
  readonly self: string
  readonly owner: Owner
  /** By the engine's clock, ms since 1970. */
  readonly deadline: number
}

/** The backup container itself is the lock of its instance. */
export interface BackupClaim extends ClaimBase {
  readonly kind: 'backup'
}

/** A helper is the lock of its instance, has the staging volume, and is the journal. */
export interface HelperClaim extends ClaimBase, Journal {
  readonly kind: 'helper'
}

/** The backup container beside a helper. */
export interface ImageClaim extends ClaimBase {
  readonly kind: 'image'
  /** Id of the helper it belongs to. */
  readonly helper: string
}

/** No lock, no data: only the memory of applications that could not be started again. Whoever starts next tries again. */
export interface JournalClaim extends ClaimBase {
  readonly kind: 'journal'
  /** In the order of starting. */
  readonly restart: readonly JournalEntry[]
}

/** A container of ours, as its labels tell of it. */
export type Claim = BackupClaim | HelperClaim | ImageClaim | JournalClaim

type WithoutContainer<C> = C extends Claim ? Omit<C, 'container'> : never
/** What is known of a claim before its container is created. */
export type PlannedClaim = WithoutContainer<Claim>

export const claimName = (instance: string) => `marina-run-${instance}`
export const imageName = (instance: string) => `marina-image-${instance}`
export const sweepName = (id: string, generation: number) =>
  `marina-sweep-${id.slice(0, 12)}${generation === 1 ? '' : `-${generation}`}`

/** `id` is that of the claim whose applications could not be started again. */
export const journalName = (id: string) => `marina-journal-${id.slice(0, 12)}`

/** The name of a claim whose sweeper ended without having repaired everything. */
export const releasedSweepName = (id: string, generation: number) => `${sweepName(id, generation)}-left`

/** Labels of one of our containers. */
export function claimLabels(claim: PlannedClaim): Record<string, string> {
  const { owner } = claim
  return {
    [VERSION_LABEL]: VERSION,
    [`${PREFIX}kind`]: claim.kind === 'helper' ? HELPER_IN_LABELS : claim.kind,
    [`${PREFIX}instance`]: claim.instance,
    [`${PREFIX}self`]: claim.self,
    [`${PREFIX}run`]: [owner.repository, owner.runId, owner.attempt, owner.server].join(' '),
    [`${PREFIX}job`]: owner.job,
    [`${PREFIX}process`]: owner.process,
    [`${PREFIX}deadline`]: new Date(claim.deadline).toISOString(),
    ...(claim.kind === 'image' ? { [`${PREFIX}${HELPER_IN_LABELS}`]: claim.helper } : {}),
    ...('restart' in claim ? restartLabels(claim.restart) : {}),
    ...('dumps' in claim ? numbered('dumps.', claim.dumps) : {}),
    ...('hooks' in claim ? numbered('hook.', claim.hooks) : {}),
  }
}

function restartLabels(entries: readonly JournalEntry[]): Record<string, string> {
  return Object.fromEntries(
    entries.map(({ wave, id, name, healthyFirst, before }, index) => [
      `${PREFIX}restart.${digits(wave)}.${digits(index)}`,
      [id, name, ...(healthyFirst ? [HEALTHY_FIRST] : []), ...(before === undefined ? [] : [before])].join(' '),
    ]),
  )
}

function numbered(key: string, values: readonly string[]): Record<string, string> {
  return Object.fromEntries(values.map((value, index) => [`${PREFIX}${key}${digits(index)}`, value]))
}

/** For keys that are sorted as text. */
function digits(index: number): string {
  return String(index).padStart(4, '0')
}

/** Labels of a staging volume. */
export function stagingLabels(instance: string): Record<string, string> {
  return { [VERSION_LABEL]: VERSION, [`${PREFIX}kind`]: 'staging', [`${PREFIX}instance`]: instance }
}

/** Any container of ours, for whoever lists applications. */
export function isOurs(labels: Readonly<Record<string, string>>): boolean {
  return labels[VERSION_LABEL] !== undefined
}

type Labelled = Pick<Container, 'id' | 'name' | 'labels'>

/** Whether a container is a helper, a backup container or a journal of this action. */
export function isClaim(container: Labelled): boolean {
  return kindOf(container) !== null
}

/**
 * What a container is for us; `null` where it is not ours. Images can carry labels too, so it must carry our labels, our version, and
 * a `self` that is its name, or have been renamed by a sweeper to a name with its own id.
 */
function kindOf(container: Labelled): Claim['kind'] | null {
  const { labels, name } = container
  const self = labels[`${PREFIX}self`] ?? ''
  if (labels[VERSION_LABEL] !== VERSION || self === '') return null
  if (self !== name && sweepGeneration(container) === 0) return null
  const kind = labels[`${PREFIX}kind`]
  if (kind === HELPER_IN_LABELS) return 'helper'
  return kind === 'backup' || kind === 'image' || kind === 'journal' ? kind : null
}

/** The claim that a container is; `null` where it is not ours. */
export function parseClaim(container: Container): Claim | null {
  const label = (key: string) => container.labels[`${PREFIX}${key}`] ?? ''
  const [repository = '', runId = '', attempt = '', server = ''] = label('run').split(' ')
  const deadline = Date.parse(label('deadline'))
  const base: ClaimBase = {
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
    .filter((key) => key.startsWith(`${PREFIX}restart.`))
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

function valuesOf({ labels }: Pick<Container, 'labels'>, begins: string): readonly string[] {
  return Object.keys(labels)
    .filter((key) => key.startsWith(`${PREFIX}${begins}`))
    .sort()
    .map((key) => labels[key] ?? '')
}

/** How many sweepers have taken this container over: 0 where none has. */
export function sweepGeneration(container: Pick<Container, 'id' | 'name'>): number {
  const match = /^marina-sweep-([0-9a-f]{12})(?:-(\d+))?(?:-left)?$/.exec(container.name)
  if (!match || !container.id.startsWith(match[1] ?? '-')) return 0
  return match[2] === undefined ? 1 : Number(match[2])
}

/** Whether the last sweeper ended without having repaired everything: nobody is at it. */
export function isReleasedSweep(container: Pick<Container, 'name'>): boolean {
  return container.name.endsWith('-left')
}

/** Ids of the containers that a claim of ours has stopped, or will: of its labels alone. */
export function stoppedBy(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).flatMap(([key, value]) =>
    key.startsWith(`${PREFIX}restart.`) ? [value.split(' ')[0] ?? ''] : [],
  )
}

/** The version label's value on a container that only looks at something, and is gone at once: no claim, and no application. */
export const LOOK = 'look'
