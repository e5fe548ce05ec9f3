/** Discovery by label: what the labels of volumes and containers ask for, as early Marina read them. Knows no Docker. */
import type { DbKind, DbTarget, Target, VolumeTarget } from './model.ts'
import { DB_KINDS } from './schema.ts'
import { normalisePaths } from './values/paths.ts'

export const LABEL_PREFIX = 'dev.polarfox.marina.'

type On = 'volume' | 'container'

interface LabelMeaning {
  readonly on: readonly On[]
  readonly description: string
}

/** The labels without their prefix, in the order of the README's table. */
export const LABELS: Readonly<Record<string, LabelMeaning>> = {
  enabled: {
    on: ['volume', 'container'],
    description: '`true`, `1` or `yes`: back this up. `false`: never, not even with `discover: all`.',
  },
  instanceID: { on: ['volume', 'container'], description: 'The instance of `config.yml` that backs it up.' },
  volumes: {
    on: ['container'],
    description:
      "Names of the container's volumes to back up: labels of a volume cannot be changed later, those of a container can.",
  },
  paths: { on: ['volume', 'container'], description: 'Only these paths, relative to the root of the volume.' },
  exclude: { on: ['volume', 'container'], description: "What to leave out, by gitignore's rules." },
  stopAttached: {
    on: ['volume', 'container'],
    description: 'Stop the containers that write to the volume while it is staged.',
  },
  db: { on: ['container'], description: `The database in it: ${DB_KINDS.map((kind) => `\`${kind}\``).join(', ')}.` },
  'dump.args': { on: ['container'], description: 'Further arguments of the dump tool.' },
  pre: {
    on: ['volume', 'container'],
    description: "As `preHook`. On a container with `db` and `volumes` it is the database's.",
  },
  post: { on: ['volume', 'container'], description: 'As `postHook`, likewise.' },
}

/** Labels of early Marina that ask for nothing any more. */
const OLD: Readonly<Record<string, string>> = {
  tags: 'tags are up to the backup image',
  retention: '`retention` in config.yml replaces it',
  schedule: '`schedule` in config.yml replaces it',
}

/** A volume or container of the host with its labels. */
export interface LabelledObject {
  readonly kind: On
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** What the configuration says of an instance. */
export interface LabelInstance {
  readonly id: string
  /** Whether its targets come from labels: `targets` left out, `discover` not `all`. */
  readonly discovers: boolean
  /** What a volume gets whose labels do not say. */
  readonly stopAttached: boolean
}

export interface Discovery {
  /** By instance id; an instance that is named nowhere is not in it. Volumes first, each by name. */
  readonly targets: ReadonlyMap<string, readonly Target[]>
  /** By instance id: labels that cannot be followed. The instance must not pass as complete. */
  readonly errors: ReadonlyMap<string, readonly string[]>
  readonly warnings: readonly string[]
  readonly notices: readonly string[]
}

/** Reads the labels of everything on the host, in an order of its own. `instances`: all of the configuration, by hand-written targets too. */
export function discoverByLabel(objects: readonly LabelledObject[], instances: readonly LabelInstance[]): Discovery {
  const found = {
    targets: new Map<string, Target[]>(),
    errors: new Map<string, string[]>(),
    warnings: [] as string[],
    notices: [] as string[],
  }
  const known = new Map(instances.map((instance) => [instance.id, instance]))
  for (const object of [...objects].sort(byKindAndName)) {
    const labels = ownLabels(object)
    if (labels.size === 0) continue
    remark(object, labels, found)
    const instance = instanceOf(object, labels, known, found.warnings)
    if (instance === null) continue
    const { targets, errors } = targetsOf(object, labels, instance)
    if (errors.length > 0) found.errors.set(instance.id, [...(found.errors.get(instance.id) ?? []), ...errors])
    if (targets.length === 0 && errors.length === 0) {
      found.warnings.push(
        `${nameOf(object)} is enabled but names neither \`${LABEL_PREFIX}db\` nor \`${LABEL_PREFIX}volumes\`: nothing of it is backed up`,
      )
    }
    const list = found.targets.get(instance.id) ?? []
    for (const target of targets) addTarget(list, target, object, found.warnings)
    if (list.length > 0) found.targets.set(instance.id, list)
  }
  for (const list of found.targets.values()) list.sort((a, b) => Number(a.kind === 'db') - Number(b.kind === 'db'))
  return found
}

function byKindAndName(a: LabelledObject, b: LabelledObject): number {
  return (
    Number(a.kind === 'container') - Number(b.kind === 'container') || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  )
}

function ownLabels({ labels }: LabelledObject): ReadonlyMap<string, string> {
  const own = Object.entries(labels).filter(([name]) => name.startsWith(LABEL_PREFIX))
  return new Map(own.map(([name, value]) => [name.slice(LABEL_PREFIX.length), value]))
}

function nameOf({ kind, name }: LabelledObject): string {
  return `${kind} "${name}"`
}

function remark(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
  into: { warnings: string[]; notices: string[] },
): void {
  for (const label of labels.keys()) {
    const full = `\`${LABEL_PREFIX}${label}\``
    const meaning = Object.hasOwn(LABELS, label) ? LABELS[label] : undefined
    if (Object.hasOwn(OLD, label))
      into.notices.push(`${nameOf(object)}: the label ${full} is not read any more: ${OLD[label]}`)
    else if (meaning === undefined)
      into.warnings.push(`${nameOf(object)}: the label ${full} is unknown${nearby(label)}`)
    else if (!meaning.on.includes(object.kind)) {
      into.warnings.push(`${nameOf(object)}: the label ${full} has no meaning on a ${object.kind}`)
    }
  }
  const forVolumes = ['paths', 'exclude', 'stopAttached'].filter((label) => labels.has(label))
  if (object.kind === 'container' && !labels.has('volumes') && forVolumes.length > 0) {
    const names = forVolumes.map((label) => `\`${LABEL_PREFIX}${label}\``).join(', ')
    into.warnings.push(`${nameOf(object)}: ${names} needs \`${LABEL_PREFIX}volumes\` beside it`)
  }
  if (labels.has('dump.args') && !labels.has('db') && object.kind === 'container') {
    into.warnings.push(`${nameOf(object)}: \`${LABEL_PREFIX}dump.args\` needs \`${LABEL_PREFIX}db\` beside it`)
  }
}

function nearby(label: string): string {
  const plain = (word: string) => word.toLowerCase().replace(/[^a-z]/g, '')
  const known = Object.keys(LABELS).find((word) => plain(word) === plain(label))
  return known === undefined ? '' : `: it is written \`${LABEL_PREFIX}${known}\``
}

/** The instance that the object is for; `null`, with a warning where it seems meant to be backed up, if none is. */
function instanceOf(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
  known: ReadonlyMap<string, LabelInstance>,
  warnings: string[],
): LabelInstance | null {
  const enabled = readYes(labels.get('enabled'))
  const warn = (message: string) => {
    warnings.push(`${nameOf(object)} ${message}`)
    return null
  }
  if (enabled === null) {
    const said = labels.get('enabled')
    if (said !== undefined)
      return warn(`is not backed up: \`${LABEL_PREFIX}enabled\` is "${said}", neither true nor false`)
    return labels.has('instanceID') ? warn(`is not backed up: \`${LABEL_PREFIX}enabled\` is missing`) : null
  }
  if (!enabled) return null
  const id = labels.get('instanceID')?.trim() ?? ''
  if (id === '') return warn(`is enabled but names no instance: add \`${LABEL_PREFIX}instanceID\``)
  const instance = known.get(id)
  if (instance === undefined) {
    return warn(`is for the instance "${id}", which config.yml does not have: it has ${[...known.keys()].join(', ')}`)
  }
  if (!instance.discovers)
    return warn(`is for the instance "${id}", which takes its targets from config.yml: the label asks for nothing`)
  return instance
}

/** Marina's rule: `true`, `1` or `yes`. `null`: absent, or a word that says nothing. */
function readYes(value: string | undefined): boolean | null {
  const word = value?.trim().toLowerCase()
  if (word === 'true' || word === '1' || word === 'yes') return true
  return word === 'false' || word === '0' || word === 'no' ? false : null
}

/** Whether the labels say that this must never be backed up. */
export function isDisabled(labels: Readonly<Record<string, string>>): boolean {
  return readYes(labels[`${LABEL_PREFIX}enabled`]) === false
}

function targetsOf(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
  instance: LabelInstance,
): { targets: readonly Target[]; errors: string[] } {
  const errors: string[] = []
  const say = (label: string, message: string) =>
    errors.push(`${nameOf(object)}: the label \`${LABEL_PREFIX}${label}\` ${message}`)
  const db = object.kind === 'container' ? labels.get('db') : undefined
  const volumes = object.kind === 'volume' ? [object.name] : splitList(labels.get('volumes'))
  const targets: Target[] = []
  if (volumes.length > 0) {
    const shape = volumeShape(labels, instance, say, db === undefined)
    targets.push(...volumes.map((name): VolumeTarget => ({ kind: 'volume', name, ...shape })))
  }
  if (db !== undefined) {
    const dbKind = DB_KINDS.find((kind) => kind === db.trim().toLowerCase())
    if (dbKind === undefined) say('db', `is "${db}": ${DB_KINDS.join(', ')} are known`)
    else targets.push(dbTarget(object.name, dbKind, labels))
  }
  return { targets: errors.length > 0 ? [] : targets, errors }
}

type Say = (label: string, message: string) => void

function volumeShape(
  labels: ReadonlyMap<string, string>,
  instance: LabelInstance,
  say: Say,
  withHooks: boolean,
): Omit<VolumeTarget, 'kind' | 'name'> {
  const stop = labels.get('stopAttached')
  const stopAttached = stop === undefined || stop === '' ? instance.stopAttached : readYes(stop)
  if (stopAttached === null) say('stopAttached', `is "${stop}": it takes true or false`)
  const { paths, problems } = normalisePaths(splitList(labels.get('paths')))
  for (const { message } of problems) say('paths', `cannot be followed: ${message}`)
  return {
    paths,
    exclude: splitList(labels.get('exclude')),
    stopAttached: stopAttached ?? false,
    staging: null,
    allowEmpty: false,
    preHook: withHooks ? hook(labels, 'pre') : null,
    postHook: withHooks ? hook(labels, 'post') : null,
    line: null,
  }
}

function dbTarget(container: string, dbKind: DbKind, labels: ReadonlyMap<string, string>): DbTarget {
  return {
    kind: 'db',
    container,
    dbKind,
    databases: [],
    dumpArgs: splitList(labels.get('dump.args')),
    preHook: hook(labels, 'pre'),
    postHook: hook(labels, 'post'),
    line: null,
  }
}

function hook(labels: ReadonlyMap<string, string>, label: 'pre' | 'post'): string | null {
  return labels.get(label) || null // an empty label asks for nothing
}

function splitList(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/** A volume's own labels come first; a container that names it again in other words is not followed. */
function addTarget(list: Target[], target: Target, object: LabelledObject, warnings: string[]): void {
  const same = list.find((other) => other.kind === 'volume' && target.kind === 'volume' && other.name === target.name)
  if (same === undefined) list.push(target)
  else if (JSON.stringify(same) !== JSON.stringify(target)) {
    const name = target.kind === 'volume' ? target.name : target.container
    warnings.push(`${nameOf(object)} asks for volume "${name}" in other words than labels read before: those count`)
  }
}
