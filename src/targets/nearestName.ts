/** Suggests which volume or container was meant by a name that does not exist. Pure. */
import { editDistance } from '../config/values/editDistance.ts'
import { lastingName } from './services.ts'

/** A volume or a container of the host. */
export interface HostObject {
  readonly kind: 'volume' | 'container'
  readonly id: string | null
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** True for a container whose image is known to be a database's. */
  readonly isDatabase?: boolean
}

/** Largest number of names that are suggested. */
const MOST_NAMES = 3
/** Matches what may be the beginning of a container's id. A word of fewer than six hex digits may be one by chance. */
const ID_PREFIX = /^[0-9a-f]{6,63}$/

const PROJECT_IN_FRONT = "Docker compose puts the project's name in front"
const STACK_IN_FRONT = "Docker stack puts the stack's name in front"

/**
 * Makes the sentence that follows "… does not exist": the names on the host that are like `wanted`, and why they differ; for a container,
 * if none is like it, the databases of the host; or that the name is there by now. `null` if there is nothing to suggest. Rules are tried
 * in order, and the first that finds something answers.
 */
export function nearestName(kind: HostObject['kind'], wanted: string, objects: readonly HostObject[]): string | null {
  const same = objects.filter((one) => one.kind === kind)
  if (same.some((one) => bears(one, wanted))) return 'It is there now: run this again'
  for (const { finds, because } of kind === 'volume' ? VOLUME_RULES : CONTAINER_RULES) {
    const names = [...new Set(same.filter((one) => finds(one, wanted)).map(lastingName))]
    if (names.length > 0) return `Did you mean ${listed(names)}?${because === null ? '' : ` ${because}`}`
  }
  const byId = same.find(({ id }) => ID_PREFIX.test(wanted) && id?.startsWith(wanted))
  if (byId) return `The id of container "${byId.name}" begins so: give its name, which lasts longer than its id`
  const other = objects.find((one) => one.kind !== kind && bears(one, wanted))
  if (other)
    return `There is a ${other.name === wanted ? other.kind : 'swarm service'} of that name: write "${KEYS[other.kind]}: ${wanted}"`
  const close = closest(wanted, same)
  if (close.length > 0) return `Did you mean ${listed(close)}?`
  const databases = same.filter((one) => one.isDatabase && isPlain(one)).map(lastingName)
  return databases.length > 0 ? `The databases of this host are in ${listed([...new Set(databases)], 'and')}` : null
}

function bears(object: HostObject, name: string): boolean {
  return object.name === name || lastingName(object) === name
}

const KEYS = { volume: 'volume', container: 'db' } as const

interface Rule {
  readonly finds: (object: HostObject, wanted: string) => boolean
  /** The reason why the real name differs from the wanted one, as a sentence; `null`: no reason is given. */
  readonly because: string | null
}

const isPlain = ({ labels }: HostObject) => labels['com.docker.compose.oneoff']?.toLowerCase() !== 'true'

const VOLUME_RULES: readonly Rule[] = [
  { finds: ({ labels }, wanted) => labels['com.docker.compose.volume'] === wanted, because: PROJECT_IN_FRONT },
  {
    finds: ({ name, labels }, wanted) => name === `${labels['com.docker.stack.namespace']}_${wanted}`,
    because: STACK_IN_FRONT,
  },
  { finds: ({ name }, wanted) => /^.+[-_.]$/.test(frontOf(name, wanted)), because: PROJECT_IN_FRONT },
  { finds: ({ name }, wanted) => folded(name) === folded(wanted), because: null },
  { finds: ({ name }, wanted) => /^.+[-_.]$/.test(frontOf(wanted, name)), because: null },
]

const CONTAINER_RULES: readonly Rule[] = [
  {
    finds: (one, wanted) => one.labels['com.docker.compose.service'] === wanted && isPlain(one),
    because: "Docker compose puts the project's name in front of the service's, and a number behind it",
  },
  {
    finds: ({ labels }, wanted) =>
      labels['com.docker.swarm.service.name'] === `${labels['com.docker.stack.namespace']}_${wanted}`,
    because: STACK_IN_FRONT,
  },
  {
    finds: (one, wanted) => isTask(one) && wanted.startsWith(`${lastingName(one)}.`),
    because: 'Docker swarm names each task anew, so name the service',
  },
  {
    finds: (one, wanted) => isPlain(one) && folded(withoutNumber(one.name)) === folded(withoutNumber(wanted)),
    because: null,
  },
  {
    finds: (one, wanted) => isPlain(one) && /^.+[-_.]$/.test(frontOf(withoutNumber(one.name), withoutNumber(wanted))),
    because: null,
  },
  { finds: ({ name }, wanted) => /^.+[-_.]$/.test(frontOf(withoutNumber(wanted), withoutNumber(name))), because: null },
]

function isTask({ labels }: HostObject): boolean {
  return labels['com.docker.swarm.task.id'] !== undefined
}

/** Returns the part of `name` before `end`; empty if `name` does not end with `end`, or `end` is empty. */
function frontOf(name: string, end: string): string {
  return end !== '' && name.endsWith(end) ? name.slice(0, -end.length) : ''
}

/** Removes the number at the end that compose adds to the containers of a service: `shop-db-1`, `shop_db_1`. */
function withoutNumber(name: string): string {
  return name.replace(/[-_]\d+$/, '')
}

/** Writes a name in small letters, with `-` for `_` and `.`: old versions of compose join words with `_`, new ones with `-`. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[-_.]/g, '-')
}

/**
 * Returns the names that differ from `wanted` by one or two slips (fewer in short words), the nearest first. The names of compose's volumes
 * and services and of swarm's services, of which the real names are made, are compared too.
 */
function closest(wanted: string, objects: readonly HostObject[]): readonly string[] {
  const most = Math.min(2, Math.floor(wanted.length / 3))
  const near = objects.flatMap((one) => {
    const words = [
      one.name,
      withoutNumber(one.name),
      lastingName(one),
      ...WORD_LABELS.map((key) => one.labels[key] ?? ''),
    ]
    const distance = Math.min(...words.map((word) => editDistance(folded(word), folded(wanted))))
    return distance <= most ? [{ name: lastingName(one), distance }] : []
  })
  return [...new Set(near.sort((a, b) => a.distance - b.distance).map(({ name }) => name))]
}

const WORD_LABELS = ['com.docker.compose.volume', 'com.docker.compose.service', 'com.docker.swarm.service.name']

function listed(names: readonly string[], joint: 'or' | 'and' = 'or'): string {
  const shown = names.slice(0, MOST_NAMES).map((name) => `"${name}"`)
  const last = shown.pop() ?? ''
  return shown.length === 0 ? last : `${shown.join(', ')} ${joint} ${last}`
}
