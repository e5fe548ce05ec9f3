/**
 * Parses YAML into a tree of texts with positions. Every scalar keeps its source text (`0755`, `1.10`, `on`), because its meaning depends
 * on the key. Merge keys and aliases are expanded here.
 */
import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml'
import type { ConfigIssue } from '../errors.ts'
import { excerpt } from './excerpt.ts'

/** A value of the file. `null` is YAML's null or an empty value; the text "null" in quotes stays a text. */
export type Tree = string | null | readonly Tree[] | { readonly [key: string]: Tree }

export type Path = readonly (string | number)[]

interface Position {
  /** Line and column are 1-based. */
  readonly line: number
  readonly column: number
}

export interface YamlSource {
  /** The values; `undefined` if `issues` is not empty. */
  readonly tree: Tree | undefined
  readonly issues: readonly ConfigIssue[]
  /** Finds the position of the value at `path`; if there is none, of the nearest value above it. */
  readonly valueAt: (path: Path) => Position
  /** Finds the position of the key of `path`: for an item of a list, which has no key, that of its value. If there is none, as `valueAt`. */
  readonly keyAt: (path: Path) => Position
}

const MAX_TEXT = 8 * 1024 * 1024
/**
 * Number of nodes that aliases may make, beside one more for each character of the text. Thousands of instances that share an `env` stay
 * below it; a text made to explode passes it within moments, and before it takes much memory.
 */
const FREE_COPIES = 200_000
/** Number of aliases within each other from which on only `DEEP_COPIES` nodes may be made: only a text made to explode nests them so deep. */
const DEEP_ALIASES = 4
const DEEP_COPIES = 50_000
const MAX_DEPTH = 50
const MAX_SYNTAX = 5

/** Parses YAML 1.2 with merge keys. Text that is not valid does not throw: what is wrong is listed in `issues`. */
export function readTree(text: string): YamlSource {
  const reader = new Reader(text)
  const tree = reader.read()
  return {
    tree: reader.issues.length === 0 ? tree : undefined,
    issues: reader.issues,
    valueAt: (path) => reader.find(reader.values, path),
    keyAt: (path) => reader.find(reader.keys, path),
  }
}

/** Writes a path for people: `instances[0].env.KEY`. */
export function writePath(path: Path): string {
  return path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

export function isTreeMap(tree: Tree | undefined): tree is { readonly [key: string]: Tree } {
  return typeof tree === 'object' && tree !== null && !Array.isArray(tree)
}

/** Returns the value at `path`, `undefined` where there is none. */
export function treeAt(tree: Tree | undefined, path: Path): Tree | undefined {
  let at: Tree | undefined = tree
  for (const part of path) {
    if (typeof at !== 'object' || at === null) return undefined
    at = Object.hasOwn(at, part) ? (at as { readonly [key: string | number]: Tree })[part] : undefined
  }
  return at
}

/** Stops the parsing of a document that expands or nests too far. Its issue is already recorded. */
class TooMuch extends Error {}

class Reader {
  readonly issues: ConfigIssue[] = []
  /** Offset in the text of each value, by `pathKey`. Line numbers are computed only when asked for: a file has many positions and few issues. */
  readonly values = new Map<string, number>()
  readonly keys = new Map<string, number>()
  readonly #text: string
  readonly #lines = new LineCounter()
  readonly #ancestors = new Set<Node>()
  #anchors: ReadonlyMap<Alias, Node> = new Map()
  #copies = 0
  /** Number of aliases and merge keys within which the present node is read. */
  #aliases = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): Tree | undefined {
    if (this.#text.length > MAX_TEXT) {
      this.#note('the file is larger than 8 MiB: that is no configuration', 0, [])
      return undefined
    }
    try {
      return this.#readDocument()
    } catch (error) {
      if (error instanceof TooMuch) return undefined
      if (!(error instanceof RangeError)) throw error
      this.#note('the file is nested too deeply to be read', 0, []) // yaml's composer recurses
      return undefined
    }
  }

  #readDocument(): Tree | undefined {
    const document = parseDocument(this.#text, {
      schema: 'failsafe',
      uniqueKeys: false, // found here, where both lines can be named
      prettyErrors: false,
      lineCounter: this.#lines,
    })
    const problems = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0])
    if (problems.some(({ message }) => message.includes('call stack'))) throw new RangeError('yaml recursed too deeply')
    // One slip of syntax draws a tail of others behind it, which help nobody.
    const star = problems.slice(0, MAX_SYNTAX).find(({ pos }) => starOf(this.#text, pos[0]) >= 0)
    if (star !== undefined) this.#note(UNQUOTED_STAR, starOf(this.#text, star.pos[0]), [])
    else
      for (const { code, message, pos } of problems.slice(0, MAX_SYNTAX))
        this.#note(plainWords(code, message), pos[0], [])
    if (this.issues.length > 0) return undefined
    if (this.#text.includes('&')) this.#anchors = anchorsOf(document)
    if (document.contents === null) return null
    return this.#convert(document.contents as Node, [])
  }

  find(offsets: ReadonlyMap<string, number>, path: Path): Position {
    const own = offsets.get(pathKey(path))
    if (own !== undefined) return this.#positionOf(own)
    for (let length = path.length; length >= 0; length--) {
      const above = this.values.get(pathKey(path.slice(0, length)))
      if (above !== undefined) return this.#positionOf(above)
    }
    return { line: 1, column: 1 }
  }

  #convert(node: Node | null | undefined, path: Path, placed = false): Tree {
    if (node === null || node === undefined) return null
    if (this.#aliases > 0) this.#copies++
    const most = this.#aliases < DEEP_ALIASES ? FREE_COPIES + this.#text.length : DEEP_COPIES
    if (this.#copies > most || path.length > MAX_DEPTH) this.#refuse(node, path)
    if (!placed) this.#place(this.values, path, node)
    if (isAlias(node)) {
      const target = this.#anchors.get(node)
      if (target !== undefined) return this.#convertCopy(target, path) // stands where the alias does
      this.#note(`the alias *${node.source} has no anchor above it: ${QUOTE_STAR}`, offset(node), path)
      return null
    }
    if (this.#ancestors.has(node)) this.#refuse(node, path)
    this.#ancestors.add(node)
    this.#refuseTag(node, path)
    try {
      if (isMap(node)) return this.#convertMap(node, path)
      if (isSeq(node)) return node.items.map((item, index) => this.#convert(item as Node, [...path, index]))
      return this.#convertScalar(node)
    } finally {
      this.#ancestors.delete(node)
    }
  }

  /** Converts a node that an alias or a merge key repeats. Its path keeps the position that it has. */
  #convertCopy(node: Node, path: Path): Tree {
    this.#aliases++
    const tree = this.#convert(node, path, true)
    this.#aliases--
    return tree
  }

  /** Refuses a tag, unless it names the type that the value has anyway: any other tag would change the meaning. */
  #refuseTag(node: Node, path: Path): void {
    const kind = isMap(node) ? 'map' : isSeq(node) ? 'seq' : 'str'
    if (node.tag === undefined || node.tag === `tag:yaml.org,2002:${kind}` || node.tag === '!') return
    this.#note(`the tag ${node.tag.replace('tag:yaml.org,2002:', '!!')} is not taken`, offset(node), path)
  }

  #convertScalar(node: Node): Tree {
    if (!isScalar(node)) throw new TypeError('a node of YAML that is no scalar, map, list or alias')
    const text = String(node.value)
    const plain = node.type === 'PLAIN' && node.tag === undefined
    return plain && ['', '~', 'null', 'Null', 'NULL'].includes(text) ? null : text
  }

  #convertMap(node: YAMLMap, path: Path): Tree {
    const map: Record<string, Tree> = Object.create(null)
    const pairs = (node.items as Pair<Node, Node>[]).map((pair) => ({ pair, key: this.#keyOf(pair, path) }))
    // Merged first, last source first, so that what wins (the map's own keys, then the first source) comes later.
    for (const { pair, key } of pairs.toReversed()) if (key === MERGE) this.#merge(pair.value, map, path)
    const seen = new Map<string, Node>()
    for (const { pair, key } of pairs) {
      if (typeof key !== 'string') continue
      const own = [...path, key]
      const first = seen.get(key)
      if (first === undefined) {
        seen.set(key, pair.key)
        this.#place(this.keys, own, pair.key)
        if (isEmpty(pair.value)) this.#place(this.values, own, pair.key)
        map[key] = this.#convert(pair.value, own, isEmpty(pair.value))
      } else
        this.#note(
          `the key \`${key}\` stands twice: here and in line ${this.#positionOf(offset(first)).line}`,
          offset(pair.key),
          own,
        )
    }
    return map
  }

  #merge(source: Node | null, into: Record<string, Tree>, path: Path): void {
    const node = isAlias(source) ? this.#anchors.get(source) : source
    if (isSeq(node)) {
      for (const item of (node.items as Node[]).toReversed()) this.#merge(item, into, path)
    } else if (isMap(node)) Object.assign(into, this.#convertCopy(node, path))
    else this.#note('`<<` takes a map, an alias of one, or a list of those', offset(source), path)
  }

  #keyOf(pair: Pair<Node, Node>, path: Path): string | typeof MERGE | null {
    const key = isAlias(pair.key) ? this.#anchors.get(pair.key) : pair.key
    if (!isScalar(key)) {
      this.#note('a key must be a word', offset(pair.key), path)
      return null
    }
    const name = String(key.value)
    if (name === '<<' && key.type === 'PLAIN') return MERGE
    if (name !== '__proto__') return name
    this.#note('the key `__proto__` is not taken', offset(pair.key), path)
    return null
  }

  #refuse(node: Node, path: Path): never {
    this.#note(
      'the file expands to far more than a configuration can hold: mind its aliases and nesting',
      offset(node),
      path.slice(0, 3),
    )
    throw new TooMuch()
  }

  #place(offsets: Map<string, number>, path: Path, node: Node): void {
    offsets.set(pathKey(path), offset(node))
  }

  #positionOf(at: number): Position {
    const { line, col } = this.#lines.linePos(at)
    return { line: Math.max(line, 1), column: Math.max(col, 1) }
  }

  #note(message: string, at: number, path: Path): void {
    this.issues.push({ message: excerpt(message, 1000), path: excerpt(writePath(path), 300), ...this.#positionOf(at) })
  }
}

/** Writes a path as the key of a map. It is fast, because a file has tens of thousands of paths. */
function pathKey(path: Path): string {
  return path.join('\0')
}

/** Maps each alias to the last node above it that has its anchor. (The package's own search walks the whole file for each alias.) */
function anchorsOf(document: Document): ReadonlyMap<Alias, Node> {
  const latest = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  visit(document, {
    Node(_, node) {
      const target = isAlias(node) ? latest.get(node.source) : undefined
      if (isAlias(node) && target !== undefined) targets.set(node, target)
      if (!isAlias(node) && node.anchor !== undefined) latest.set(node.anchor, node)
    },
  })
  return targets
}

const MERGE = Symbol('<<')
const QUOTE_STAR = 'write a text that begins with * in quotes, such as "* 2 * * *" or "*.log"'
const UNQUOTED_STAR = `YAML takes a * at the beginning of a value for an alias: ${QUOTE_STAR}`

/** Returns the offset of the `*` with which the value of the line of `at` begins, at or before `at`; -1 if it begins with another character. */
function starOf(text: string, at: number): number {
  const begin = text.lastIndexOf('\n', at - 1) + 1
  const head = /^[^#"']*?(?::\s+|-\s+|\[\s*|,\s*)(?=\*)/.exec(text.slice(begin, at + 1))?.[0]
  return head === undefined ? -1 : begin + head.length
}

function offset(node: Node | null | undefined): number {
  return node?.range?.[0] ?? 0
}

function isEmpty(node: Node | null | undefined): boolean {
  return node === null || node === undefined || (isScalar(node) && node.type === 'PLAIN' && node.value === '')
}

function plainWords(code: string, message: string): string {
  if (code === 'TAB_AS_INDENT') return 'YAML is indented with spaces, not with tabs'
  if (code === 'MULTIPLE_DOCS') return 'the file holds more than one document: remove the line ---'
  if (code === 'TAG_RESOLVE_FAILED') {
    return `YAML reads ${message.replace('Unresolved tag: ', '')} as a tag, which is not taken: put a text that begins with ! in quotes`
  }
  return `not readable as YAML: ${message}`
}
