/**
 * Makes and sorts the issues of the file. Turns zod's issues into sentences for people, with the place, the kind of value there, and the
 * nearest known key.
 */
import type { z } from 'zod'
import type { ConfigIssue } from '../errors.ts'
import { excerpt } from './excerpt.ts'
import { nearestWord } from './nearestWord.ts'
import { type KeyPlace, KNOWN_KEYS } from './schema.ts'
import { type Path, type Tree, treeAt, writePath, type YamlSource } from './yaml.ts'

type ZodIssue = z.core.$ZodIssue

/** Describes zod's issues, in their order. `tree` and the paths of the issues begin at the top of the file. */
export function describeIssues(found: readonly ZodIssue[], tree: Tree, source: YamlSource): ConfigIssue[] {
  return found.flatMap((issue) => describeIssue(issue, tree, source))
}

/** Longest message, characters. A message may quote a text of the file, which may be of any length. */
const MESSAGE_CHARACTERS = 1000
const PATH_CHARACTERS = 300

/** Makes an issue at the position of the value at `path`, or of its key. A long message or path is shortened. */
export function issueAt(source: YamlSource, path: Path, message: string, at: 'key' | 'value' = 'value'): ConfigIssue {
  const place = at === 'key' ? source.keyAt(path) : source.valueAt(path)
  return { message: excerpt(message, MESSAGE_CHARACTERS), path: excerpt(writePath(path), PATH_CHARACTERS), ...place }
}

/** Largest number of issues that are shown: more help nobody, and printing them would take minutes. */
const MOST_ISSUES = 200

/** Sorts issues by line and column, drops duplicates, and replaces those beyond `MOST_ISSUES` by one that tells their number. */
export function sortIssues(issues: readonly ConfigIssue[]): ConfigIssue[] {
  const said = new Set<string>()
  const sorted = [...issues].sort((a, b) => a.line - b.line || a.column - b.column)
  const unique = sorted.filter(({ path, message }) => {
    const text = `${path}\n${message}`
    return !said.has(text) && said.add(text)
  })
  const next = unique[MOST_ISSUES]
  if (next === undefined) return unique
  const more = `and ${unique.length - MOST_ISSUES} more errors, from this line on`
  return [...unique.slice(0, MOST_ISSUES), { ...next, path: '', message: more }]
}

function describeIssue(issue: ZodIssue, tree: Tree, source: YamlSource): ConfigIssue[] {
  const path = issue.path as Path
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => issueAt(source, [...path, key], unknownKey(key, placeOfPath(path)), 'key'))
  }
  if (issue.code === 'invalid_union') return [describeUnion(issue, tree, source)]
  const value = treeAt(tree, path)
  const name = keyName(path)
  if (issue.code === 'invalid_type') {
    if (value === undefined) return [issueAt(source, path, `${name} is missing`)]
    return [issueAt(source, path, `${name} ${wrongKind(issue.expected, value, path)}`)]
  }
  return [issueAt(source, path, `${name} ${issue.message}`)]
}

/**
 * Describes an issue of a union. Each union here is "a text, or a list or map of texts", so the message is that of the side whose kind fits
 * the value.
 */
function describeUnion(issue: z.core.$ZodIssueInvalidUnion, tree: Tree, source: YamlSource): ConfigIssue {
  const path = issue.path as Path
  const side = issue.errors.find(([first]) => first?.code !== 'invalid_type' || first.path.length > 0)?.[0]
  if (side === undefined) {
    const other = issue.errors[1]?.[0]
    const many = other?.code === 'invalid_type' && other.expected === 'array' ? 'a list' : 'a map'
    return issueAt(source, path, `${keyName(path)} must be text or ${many}, not ${valueKind(treeAt(tree, path))}`)
  }
  const at = [...path, ...(side.path as Path)]
  const words = side.code === 'invalid_type' ? wrongKind(side.expected, treeAt(tree, at) ?? null, at) : side.message
  return issueAt(source, at, `${keyName(at)} ${words}`)
}

function wrongKind(expected: string, value: Tree, path: Path): string {
  if (path.at(-1) === 'targets' && (value === null || value === ''))
    return 'has no value: leave the key out for discovery by label, or write `targets: []` for an empty `/backup`'
  if (expected === 'array' && typeof value === 'string') return `must be a list, not text${asList(value, path)}`
  const wanted = expected === 'string' ? 'text' : expected === 'array' ? 'a list' : 'a map'
  if (value !== null) return `must be ${wanted}, not ${valueKind(value)}`
  return expected === 'string' ? 'has no value: write "" for an empty text' : `must be ${wanted}, not empty`
}

/** Matches what separates the items if somebody wrote one of these lists as one text. */
const PARTED_BY: Readonly<Record<string, RegExp>> = {
  databases: /[\s,]+/,
  paths: /\s*,\s*/,
  exclude: /\s*,\s*/,
  except: /[\s,]+/,
  dumpArgs: /\s+/,
}
/** Matches a text of dumpArgs that may hold a password, or that would break where it is split at spaces. */
const NOT_TO_BE_SHOWN = /-p|-a|pass|pwd|secret|token|auth|:\/\/|["'\\]/i

/** Returns the advice how to write a text as the list that was probably meant, to be put behind the message; empty if there is none. */
function asList(text: string, path: Path): string {
  const key = String(path.at(-1))
  const by = PARTED_BY[key]
  if (key === 'dumpArgs' && NOT_TO_BE_SHOWN.test(text)) return ': write one argument an item, such as ["-U", "x"]'
  if (by === undefined)
    return key === 'targets' ? ': write each target on a line of its own, such as `- volume: my-volume`' : ''
  const words = text.split(by).filter((word) => word !== '')
  return `: write [${words.map((word) => JSON.stringify(word)).join(', ')}]`
}

function valueKind(value: Tree | undefined): string {
  if (value === null || value === undefined) return 'empty'
  return typeof value === 'string' ? 'text' : Array.isArray(value) ? 'a list' : 'a map'
}

/** Writes a key for people: `` `env.KEY` ``, `` item 2 of `paths` ``; an empty path is "the file". */
export function keyName(path: Path): string {
  if (path.length === 0) return 'the file'
  const last = path.at(-1) as string | number
  const above = path.at(-2)
  if (typeof last === 'number')
    return `item ${last + 1} of \`${
      path
        .slice(0, -1)
        .filter((part) => typeof part === 'string')
        .at(-1) ?? ''
    }\``
  return above === 'env' || above === 'resources' || above === 'drill' ? `\`${above}.${last}\`` : `\`${last}\``
}

function placeOfPath(path: Path): KeyPlace {
  if (path.length === 0) return 'top'
  if (path.at(-1) === 'resources') return 'resources'
  if (path[2] === 'drill') return path.includes('checks') ? 'check' : 'drill'
  return path.includes('targets') ? 'target' : 'instance'
}

const PLACE_WORDS: Readonly<Record<KeyPlace, string>> = {
  top: 'the top of the file',
  instance: 'an instance',
  target: 'a target',
  resources: '`resources`',
  drill: '`drill`',
  check: 'a check of a drill',
}

/** Keys of similar tools that are spelt quite differently from ours, in small letters without signs, each with our key. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  image: 'customImage',
  cron: 'schedule',
  environment: 'env',
  volumes: 'targets',
  sources: 'targets',
  name: 'id',
  container: 'db',
  database: 'db',
  ignore: 'exclude',
  args: 'dumpArgs',
  labels: 'runsOn',
  tz: 'timezone',
  command: 'script',
}

function unknownKey(key: string, place: KeyPlace): string {
  const known = KNOWN_KEYS[place]
  const nearest = nearestWord(key, known, OTHER_WORDS)
  if (nearest !== null) return `unknown key \`${key}\`: did you mean \`${nearest}\`?`
  const elsewhere = (['instance', 'target', 'top', 'resources', 'drill', 'check'] as const).filter((other) =>
    KNOWN_KEYS[other].includes(key),
  )
  if (elsewhere.length > 0) {
    return `\`${key}\` is not a key of ${PLACE_WORDS[place]}: it belongs to ${elsewhere.map((other) => PLACE_WORDS[other]).join(' or ')}`
  }
  const free = place === 'top' ? ', and any that begins with `x-`' : ''
  return `unknown key \`${key}\`: ${PLACE_WORDS[place]} takes ${known.map((word) => `\`${word}\``).join(', ')}${free}`
}
