/** Reads the labels of volumes and containers into targets, by the rules of early Marina versions. Pure. */
import { DB_KINDS, type DbKind } from '../databases/engines.ts'
import { excerpt } from './excerpt.ts'
import type { DbTarget, Target, VolumeTarget } from './model.ts'
import { nearestWord } from './nearestWord.ts'
import { editDistance } from './values/editDistance.ts'
import { normalisePaths } from './values/paths.ts'

export const LABEL_PREFIX = 'dev.polarfox.marina.'

type On = 'volume' | 'container'

interface LabelMeaning {
  readonly on: readonly On[]
  readonly description: string
}

/** Marina's labels, named without their prefix, in the order of the table of docs/configuration.md. */
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

/** Labels of early Marina versions that have no effect any more, each with what to do. */
const OLD: Readonly<Record<string, string>> = {
  tags: 'tags are up to the backup image',
  retention: '`retention` in config.yml replaces it',
  schedule: '`schedule` in config.yml replaces it',
}

/** A volume or container of the host with its labels. A task of swarm goes by its service's name, unless a container has that very name. */
export interface LabelledObject {
  readonly kind: On
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
}

/** The part of an instance's configuration that labels depend on. */
export interface LabelInstance {
  readonly id: string
  /** True where its targets come from labels: `targets` is left out, and `discover` is not `all`. */
  readonly discovers: boolean
  /** The default for a volume whose labels do not say. */
  readonly stopAttached: boolean
  /** Names of the volumes and containers in its `targets`; empty if `targets` is left out. */
  readonly names: readonly string[]
}

export interface Discovery {
  /**
   * Targets by instance id, volumes first. Their order does not depend on the order of the objects. An instance without a target has no
   * entry.
   */
  readonly targets: ReadonlyMap<string, readonly Target[]>
  /** By instance id: labels that cannot be followed, one sentence each. An instance with an error must not count as complete. */
  readonly errors: ReadonlyMap<string, readonly string[]>
  readonly warnings: readonly string[]
  readonly notices: readonly string[]
}

/**
 * Reads the labels of everything on the host. `instances`: all of the configuration, those with `targets` too.
 *
 * Labels that ask for a backup and cannot be followed are an error of each instance that they name, even by a misspelt id. If they name
 * none, they are an error of every instance that reads labels, unless a target covers the object anyway (then they are a warning). Without
 * the error these instances would succeed while nothing backs the object up. Labels for an instance with `targets`, which reads none, are a
 * warning, and so is an id that is like none in this configuration: another repository may back up this host too.
 */
export function discoverByLabel(objects: readonly LabelledObject[], instances: readonly LabelInstance[]): Discovery {
  const found: Findings = { targets: new Map(), errors: new Map(), nameless: [], warnings: [], notices: [] }
  for (const object of [...objects].sort(byKindAndName)) readObject(object, instances, found)
  const covered = new Set([
    ...instances.flatMap(({ names }) => names),
    ...[...found.targets.values()].flat().map((target) => (target.kind === 'db' ? target.container : target.name)),
  ])
  for (const { object, sentences } of found.nameless) {
    if (covered.has(object.name)) found.warnings.push(...sentences)
    else for (const { id, discovers } of instances) if (discovers) addErrors(found, id, sentences)
  }
  for (const list of found.targets.values()) list.sort((a, b) => Number(a.kind === 'db') - Number(b.kind === 'db'))
  return found
}

interface Findings {
  readonly targets: Map<string, Target[]>
  readonly errors: Map<string, string[]>
  /** Objects whose labels ask for a backup and name no instance, with sentences that say so. */
  readonly nameless: { readonly object: LabelledObject; readonly sentences: readonly string[] }[]
  readonly warnings: string[]
  readonly notices: string[]
}

function addErrors({ errors }: Findings, id: string, sentences: readonly string[]): void {
  if (sentences.length > 0) errors.set(id, [...(errors.get(id) ?? []), ...sentences])
}

function readObject(object: LabelledObject, instances: readonly LabelInstance[], found: Findings): void {
  const labels = ownLabels(object)
  if (labels.size === 0) return
  const { problems, warnings, notices } = remarks(object, labels)
  found.notices.push(...notices)
  found.warnings.push(...warnings)
  if (readYes(labels.get('enabled')) === false) return
  const named = namedInstances(labels, instances)
  for (const one of named) readForInstance({ object, labels, problems }, one, found)
  if (named.length > 0) return
  const sentences = [...problems, ...withoutInstance(object, labels, instances)]
  if (idOf(labels) === null && asksForBackup(labels)) found.nameless.push({ object, sentences })
  else found.warnings.push(...sentences)
}

/** The labels of one object, and their faults that do not depend on the instance (`problems`, one sentence each). */
interface ReadLabels {
  readonly object: LabelledObject
  readonly labels: ReadonlyMap<string, string>
  readonly problems: readonly string[]
}

function readForInstance({ object, labels, problems }: ReadLabels, named: NamedInstance, found: Findings): void {
  const { id } = named.instance
  if (!named.instance.discovers) {
    found.warnings.push(
      `${objectName(object)} is for the instance "${id}", which takes its targets from config.yml: the label asks for nothing`,
    )
    return
  }
  const list = found.targets.get(id) ?? []
  const read = targetsOf(object, labels, named.instance)
  const errors = [
    ...enabledProblems(object, labels, problems.length > 0),
    ...idProblems(object, labels, named),
    ...problems,
    ...read.errors,
  ]
  if (errors.length === 0) for (const target of read.targets) errors.push(...addTarget(list, target, object))
  addErrors(found, id, errors)
  if (list.length > 0) found.targets.set(id, list)
}

function byKindAndName(a: LabelledObject, b: LabelledObject): number {
  return (
    Number(a.kind === 'container') - Number(b.kind === 'container') || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)
  )
}

/** Tells whether a label is one of Marina's. The prefix may be written in capitals. */
export function isMarinaLabel(label: string): boolean {
  return label.toLowerCase().startsWith(LABEL_PREFIX)
}

/** Returns an object's labels of Marina's, named without their prefix. A prefix in capitals stays, which makes the label an unknown one. */
function ownLabels({ labels }: LabelledObject): ReadonlyMap<string, string> {
  const own = Object.entries(labels).filter(([name]) => isMarinaLabel(name))
  return new Map(
    own.map(([name, value]) => [name.startsWith(LABEL_PREFIX) ? name.slice(LABEL_PREFIX.length) : name, value]),
  )
}

function objectName({ kind, name }: LabelledObject): string {
  return `${kind} "${name}"`
}

/** Writes a label's full name, quoted. `label` may lack the prefix. */
function full(label: string): string {
  return `\`${isMarinaLabel(label) ? label : LABEL_PREFIX + label}\``
}

/** Names that people may write instead of a label's own, in small letters without signs, each with the label. */
const SYNONYMS: Readonly<Record<string, string>> = {
  active: 'enabled',
  backup: 'enabled',
  id: 'instanceID',
  volume: 'volumes',
  path: 'paths',
  ignore: 'exclude',
  stop: 'stopAttached',
  database: 'db',
  dbkind: 'db',
  args: 'dump.args',
  prehook: 'pre',
  posthook: 'post',
}

/** Words that tell which label is meant, wherever they stand in its name (`stopContainers`, `exclude-patterns`), each with that label. */
const TELLING: readonly (readonly [string, string])[] = [
  ['instance', 'instanceID'],
  ['exclude', 'exclude'],
  ['ignore', 'exclude'],
  ['stop', 'stopAttached'],
  ['dump', 'dump.args'],
  ['volume', 'volumes'],
  ['path', 'paths'],
  ['database', 'db'],
  ['prehook', 'pre'],
  ['posthook', 'post'],
  ['enable', 'enabled'],
]

/** Finds the known label that a misspelt one stands for; `null` if it is like none. */
function meantLabel(label: string): string | null {
  const word = label.toLowerCase().replace(LABEL_PREFIX, '')
  const nearest = nearestWord(word, Object.keys(LABELS), SYNONYMS)
  if (nearest !== null) return nearest
  const letters = lettersOf(word)
  return TELLING.find(([part]) => letters.includes(part))?.[1] ?? null
}

/**
 * Describes an object's labels in sentences: those that are misspelt or cannot be followed (`problems`), unknown ones that are like none of
 * Marina's (`warnings`), and old ones without effect (`notices`).
 */
function remarks(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
): { problems: string[]; warnings: string[]; notices: string[] } {
  const problems: string[] = []
  const warnings: string[] = []
  const notices: string[] = []
  for (const label of labels.keys()) {
    const meaning = Object.hasOwn(LABELS, label) ? LABELS[label] : undefined
    const nearest = meantLabel(label)
    if (Object.hasOwn(OLD, label))
      notices.push(`${objectName(object)}: the label ${full(label)} is not read any more: ${OLD[label]}`)
    else if (meaning === undefined && nearest !== null)
      problems.push(`${objectName(object)}: the label ${full(label)} is unknown: it is written ${full(nearest)}`)
    else if (meaning === undefined) warnings.push(`${objectName(object)}: the label ${full(label)} is unknown`)
    else if (!meaning.on.includes(object.kind))
      problems.push(`${objectName(object)}: the label ${full(label)} has no meaning on a ${object.kind}`)
  }
  const forVolumes = ['paths', 'exclude', 'stopAttached'].filter((label) => labels.has(label))
  if (object.kind === 'container' && !labels.has('volumes') && forVolumes.length > 0)
    problems.push(`${objectName(object)}: ${forVolumes.map(full).join(', ')} needs ${full('volumes')} beside it`)
  if (labels.has('dump.args') && !labels.has('db') && object.kind === 'container')
    problems.push(`${objectName(object)}: ${full('dump.args')} needs ${full('db')} beside it`)
  return { problems, warnings, notices }
}

interface NamedInstance {
  readonly instance: LabelInstance
  /** The label by which the instance was named, without its prefix: `instanceID`, or an unknown one. */
  readonly label: string
  readonly value: string
}

/** Returns the value of `instanceID`, trimmed; `null` if there is none, or if it has no letter or digit. */
function idOf(labels: ReadonlyMap<string, string>): string | null {
  const id = labels.get('instanceID')?.trim() ?? ''
  return lettersOf(id) === '' ? null : id
}

/**
 * Finds the instances that an object's labels name. If `instanceID` has a value, it decides: an id, perhaps with other capitals or in
 * quotes; several ids (`nas, cloud`); or an id with a slip in it. Else a misspelt `instanceID` decides, or an unknown label whose value is
 * an id. Only an exact id in `instanceID` is right: an instance that is named in any other way gets an error (see `idProblems`).
 */
function namedInstances(labels: ReadonlyMap<string, string>, instances: readonly LabelInstance[]): NamedInstance[] {
  const id = idOf(labels)
  if (id !== null) return instancesOf(id, instances).map((instance) => ({ instance, label: 'instanceID', value: id }))
  for (const [label, value] of labels) {
    if (Object.hasOwn(LABELS, label) || Object.hasOwn(OLD, label)) continue
    const named = meantLabel(label) === 'instanceID' ? instancesOf(value, instances) : instancesNamed(value, instances)
    if (named.length > 0) return named.map((instance) => ({ instance, label, value }))
  }
  return []
}

function instancesOf(value: string, instances: readonly LabelInstance[]): LabelInstance[] {
  const inIt = instancesIn(value, instances)
  const ids = instances.map(({ id }) => id)
  const near = inIt.length > 0 && !isList(value) ? [] : wordsOf(value).map((word) => nearestId(word, ids))
  return instances.filter((one) => inIt.includes(one) || near.includes(one.id))
}

/** Finds the instances whose id is the whole text, whatever its signs and capitals. */
function instancesNamed(value: string, instances: readonly LabelInstance[]): LabelInstance[] {
  const exact = instances.filter(({ id }) => id === value.trim())
  return exact.length > 0 ? exact : instances.filter(({ id }) => lettersOf(id) === lettersOf(value))
}

/** Finds the instances whose ids stand in a text: as the whole text, else as a word of it. */
function instancesIn(value: string, instances: readonly LabelInstance[]): LabelInstance[] {
  const same = instancesNamed(value, instances)
  if (same.length > 0) return same
  const words = wordsOf(value)
  return instances.filter(({ id }) => words.includes(id))
}

function isList(value: string): boolean {
  return /[,;\s]/.test(value.trim())
}

function wordsOf(value: string): string[] {
  return value.split(/[^A-Za-z0-9_.-]+/).filter((word) => word !== '')
}

/**
 * Finds the id that `word` is with a slip of the fingers in it; `null` if there is none. A slip: two neighbours swapped, a letter too many or
 * too few, or a wrong letter in a word of five letters or more. An id with another short part (`web-a` and `web-b`, `main` and `mail`, `nas1`
 * and `nas2`) is another one on purpose, and may be another repository's.
 */
function nearestId(word: string, ids: readonly string[]): string | null {
  return ids.find((id) => isSlip(word.toLowerCase(), id.toLowerCase())) ?? null
}

function isSlip(word: string, id: string): boolean {
  if (Math.min(word.length, id.length) < 3 || editDistance(word, id) !== 1) return false
  const [long, short] = word.length >= id.length ? [word, id] : [id, word]
  const at = [...long].findIndex((sign, index) => sign !== short[index])
  if (long.length > short.length) return lettersAround(long, at) > 1
  const isSwap = long.slice(at, at + 2) === [...short.slice(at, at + 2)].reverse().join('')
  return isSwap || Math.min(lettersAround(long, at), lettersAround(short, at)) >= 5
}

/** Returns the length of the run of letters that holds the sign at `at`; 0 if that sign is no letter. */
function lettersAround(text: string, at: number): number {
  const before = /\p{L}*$/u.exec(text.slice(0, at))?.[0] ?? ''
  const from = /^\p{L}+/u.exec(text.slice(at))?.[0] ?? ''
  return from === '' ? 0 : before.length + from.length
}

/** Tells whether labels that name no instance ask for a backup: `enabled`, perhaps misspelt, is there and does not say no. */
function asksForBackup(labels: ReadonlyMap<string, string>): boolean {
  const said = [...labels].filter(([label]) => label === 'enabled' || isMisspelt(label, 'enabled'))
  return said.some(([, value]) => readYes(value) !== false)
}

function isMisspelt(label: string, known: string): boolean {
  return !Object.hasOwn(LABELS, label) && !Object.hasOwn(OLD, label) && meantLabel(label) === known
}

/** Returns a text's letters and digits, in small letters. */
function lettersOf(text: string): string {
  return text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')
}

function idProblems(object: LabelledObject, labels: ReadonlyMap<string, string>, named: NamedInstance): string[] {
  const { label, value, instance } = named
  if (label !== 'instanceID') {
    const what = labels.has('instanceID') ? 'has no value' : 'is missing'
    return [`${objectName(object)}: the label ${full('instanceID')} ${what}`]
  }
  if (value.trim() === instance.id) return []
  const many = value.includes(',') ? ' (one instance, no list: a second one can name the object in its `targets`)' : ''
  return [
    `${objectName(object)}: the label ${full('instanceID')} is "${excerpt(value)}": the instance is written ${instance.id}${many}`,
  ]
}

/**
 * Says why the object is not enabled; empty if it is. A missing `enabled` is not reported if the object's labels have other faults
 * (`hasOthers`): one of them may be a misspelt `enabled`.
 */
function enabledProblems(object: LabelledObject, labels: ReadonlyMap<string, string>, hasOthers: boolean): string[] {
  const said = labels.get('enabled')
  if (readYes(said) === true) return []
  if (said === undefined)
    return hasOthers
      ? []
      : [`${objectName(object)} is not backed up: ${full('enabled')} is missing, add it as true or false`]
  return [
    `${objectName(object)} is not backed up: ${full('enabled')} is "${excerpt(said)}", neither true nor false (quotes are part of a label's value)`,
  ]
}

/**
 * Makes sentences for labels that name no instance of this configuration; empty if the object has neither `instanceID` nor `enabled`. The
 * instance may be another repository's.
 */
function withoutInstance(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
  instances: readonly LabelInstance[],
): string[] {
  const said = labels.get('enabled')
  const id = idOf(labels)
  if (id !== null) {
    const ids = instances.map((instance) => instance.id)
    return [
      `${objectName(object)} is for the instance "${excerpt(id)}", which config.yml does not have: it has ${ids.join(', ')}`,
    ]
  }
  if (said === undefined) return []
  return readYes(said) === true
    ? [`${objectName(object)} is enabled but names no instance: add ${full('instanceID')}`]
    : [`${objectName(object)} is not backed up: ${full('enabled')} is "${excerpt(said)}", neither true nor false`]
}

/** Parses yes (`true`, `1`, `yes`) and no (`false`, `0`, `no`) as Marina does; `null` if the label is absent or says anything else. */
export function readYes(value: string | undefined): boolean | null {
  const word = value?.trim().toLowerCase()
  if (word === 'true' || word === '1' || word === 'yes') return true
  return word === 'false' || word === '0' || word === 'no' ? false : null
}

function targetsOf(
  object: LabelledObject,
  labels: ReadonlyMap<string, string>,
  instance: LabelInstance,
): { targets: readonly Target[]; errors: string[] } {
  const errors: string[] = []
  const say = (label: string, message: string) =>
    errors.push(`${objectName(object)}: the label ${full(label)} ${message}`)
  const db = object.kind === 'container' ? labels.get('db') : undefined
  const volumes = object.kind === 'volume' ? [object.name] : splitList(labels.get('volumes'))
  const targets: Target[] = []
  if (volumes.length > 0) {
    const shape = volumeShape(labels, instance, say, db === undefined)
    targets.push(...volumes.map((name): VolumeTarget => ({ kind: 'volume', name, ...shape })))
  }
  if (db !== undefined) {
    const dbKind = DB_KINDS.find((kind) => kind === db.trim().toLowerCase())
    if (dbKind === undefined) say('db', `is "${excerpt(db)}": ${DB_KINDS.join(', ')} are known`)
    else targets.push(dbTarget(object.name, dbKind, labels))
  }
  if (targets.length === 0 && errors.length === 0) {
    errors.push(
      `${objectName(object)} is enabled but names neither ${full('db')} nor ${full('volumes')}: nothing of it is backed up`,
    )
  }
  return { targets, errors }
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
  if (stopAttached === null) say('stopAttached', `is "${excerpt(stop ?? '')}": it takes true or false`)
  const { paths, problems } = normalisePaths(splitList(labels.get('paths')))
  for (const { message } of problems) say('paths', `cannot be followed: ${message}`)
  return {
    paths,
    exclude: splitList(labels.get('exclude')),
    stopAttached: stopAttached ?? false,
    staging: null,
    allowEmpty: false,
    verify: null,
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

export function splitList(value: string | undefined): readonly string[] {
  return (value ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}

/**
 * Adds a target to the list. Returns an error if the volume is in it already with other settings: two objects that name it must ask for the
 * same. The same volume with the same settings is added once.
 */
function addTarget(list: Target[], target: Target, object: LabelledObject): string[] {
  const same = list.find((other) => other.kind === 'volume' && target.kind === 'volume' && other.name === target.name)
  if (same === undefined) {
    list.push(target)
    return []
  }
  if (JSON.stringify(same) === JSON.stringify(target)) return []
  const name = target.kind === 'volume' ? target.name : target.container
  return [
    `${objectName(object)} asks for volume "${name}" in other words than labels read before: make them say the same, or name the volume once`,
  ]
}
