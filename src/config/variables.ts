/**
 * Reads the `variables` input, in which many secrets are passed at once. Errors never quote a value, nor a name that the
 * configuration does not use: either may be part of a secret.
 *
 * GitHub pastes a value into the text before the action sees it. A value of several lines in `NAME=${{ secrets.NAME }}`
 * therefore looks like several lines of the input. Whatever may be such a rest of a value is refused, so that no value
 * arrives shortened; a block (`NAME<<END`) and a JSON object hold any value.
 */
import { InputError } from '../errors.ts'

/** The variables by name, and the doubts about them that only `refuseRestsOfValues` can settle, with the configuration. */
interface VariablesInput {
  readonly values: ReadonlyMap<string, string>
  /** Variables that may really be the rest of another value. */
  readonly doubtful: readonly Doubt[]
  /** Values of `NAME=value` lines, each with its line (1-based). A folded YAML text (`>`) may have joined them with the lines below. */
  readonly lines: readonly { readonly value: string; readonly line: number }[]
}

interface Doubt {
  readonly name: string
  /** Line of the input on which the doubtful variable begins, 1-based. */
  readonly line: number
  /** Line on which the variable begins whose value it may belong to, 1-based. */
  readonly after: number
}

const VARIABLE_NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const HOW_TO_WRITE =
  // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression, to be copied
  'write a value of several lines as a block (NAME<<END, its lines, and a line END), or the whole input as ${{ toJSON(secrets) }}'

/**
 * Takes the input apart: `NAME=value` lines, `NAME<<END` blocks up to a line `END`, or one JSON object of texts, whole numbers and
 * booleans. A value is taken as it stands, its quotes and spaces included. Empty lines and lines that begin with `#` are skipped above the
 * first variable and below a block; below a `NAME=value` line they are refused, because they may belong to its value. Call
 * `refuseRestsOfValues` before a value is used.
 * @throws InputError with the line of what cannot be read
 */
export function parseVariables(text: string): VariablesInput {
  return /^\s*\{/.test(text) ? readJson(text) : readLines(text)
}

/** Facts about a variable's name from outside the input: from the configuration and the step's environment. */
export interface NameFacts {
  /** Tells whether the configuration uses the variable. */
  readonly isUsed: (name: string) => boolean
  /** Returns the used variable that is not set and that differs from this name by a slip; `null` if there is none. */
  readonly nearestMissing: (name: string) => string | null
  /** Tells whether the step's environment sets the variable too. */
  readonly isInEnvironment: (name: string) => boolean
}

/**
 * Refuses an input in which a variable may really be the rest of another value, or in which a value holds a further variable. A name that
 * the configuration uses counts as a variable, unless the workflow gives it a second time, in the environment; any other name may be a line
 * of a secret that happens to contain a `=`.
 * @throws InputError that says how to write the value
 */
export function refuseRestsOfValues(
  input: VariablesInput,
  { isUsed, nearestMissing, isInEnvironment }: NameFacts,
): void {
  for (const { name, line, after } of input.doubtful) {
    const rest = `this may be a further line of the value of line ${after}`
    const near = isUsed(name) ? null : nearestMissing(name)
    if (near !== null)
      refuse(
        line,
        `no \${…} in the configuration uses the name that is set here, but one much like it, ${near}, is used and not set: write both alike`,
      )
    if (!isUsed(name))
      refuse(
        line,
        `no \${…} in the configuration uses what is set here, so ${rest}: remove it if it is a variable that nobody needs, or ${HOW_TO_WRITE}`,
      )
    if (isInEnvironment(name))
      refuse(
        line,
        `${name} is set in the step's environment too, so ${rest}: set it in one of the two places, or ${HOW_TO_WRITE}`,
      )
  }
  for (const { value, line } of input.lines) {
    if (input.doubtful.some(({ after }) => after === line) && beginsFile(value, isUsed))
      refuse(
        line,
        `the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW_TO_WRITE}`,
      )
    const names = [...value.matchAll(/\s([A-Za-z_][A-Za-z0-9_]*)(?:=|<<)/g)].map(([, name = '']) => name)
    if (!names.some(isUsed)) continue
    refuse(
      line,
      `the value holds a further variable, as it does where YAML has joined the lines: write \`variables: |\` with each variable on a line of its own, or ${HOW_TO_WRITE}`,
    )
  }
}

/**
 * Tells whether a value looks like the first line of a file of variables. Other values hold a `=` too: base64, `cn=admin,dc=example`. So
 * the name must look like that of a variable, or be one that the configuration uses.
 */
function beginsFile(value: string, isUsed: (name: string) => boolean): boolean {
  const [, exported, name] = /^\s*(export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*[^=\s]/.exec(value) ?? []
  if (name === undefined) return false
  return exported !== undefined || isUsed(name) || name.includes('_') || /^[A-Z][A-Z0-9]+$/.test(name)
}

/** Matches one name and value of a flat JSON object, as written, with the comma or brace behind them. */
const JSON_PAIR = /\s*("(?:[^"\\]|\\.)*")\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,{}[\]"]+)\s*([,}])/y

function readJson(text: string): VariablesInput {
  try {
    JSON.parse(text)
  } catch {
    // The parser's own message quotes the text around the fault, which may be a secret: neither shown nor kept as cause.
    throw new InputError(
      // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's expression, to be copied
      'the input "variables" begins like a JSON object but cannot be read as JSON: check its quotes and commas (a value goes in by `${{ toJSON(secrets.NAME) }}`, which puts the quotes around it)',
    )
  }
  const values = new Map<string, string>()
  if (/^\s*\{\s*\}\s*$/.test(text)) return { values, doubtful: [], lines: [] }
  JSON_PAIR.lastIndex = text.indexOf('{') + 1
  for (let sign = ','; sign === ','; ) {
    const [, quotedName, value, next] = JSON_PAIR.exec(text) ?? []
    if (quotedName === undefined || value === undefined || next === undefined)
      throw new InputError('the input "variables": each value of the JSON object must be text in quotes')
    const name = JSON.parse(quotedName) as string
    checkName(name, 'the JSON object')
    if (values.has(name)) throw new InputError(`the input "variables", the JSON object: ${name} is given twice`)
    values.set(name, readJsonValue(name, value))
    sign = next
  }
  return { values, doubtful: [], lines: [] }
}

/** Reads a JSON value as text. A number keeps its digits as written: JavaScript would turn 1.0 into 1. */
function readJsonValue(name: string, text: string): string {
  const isText = text.startsWith('"')
  const value = isText ? (JSON.parse(text) as string) : text
  if (!isText && !/^(?:true|false|0|-?[1-9][0-9]*)$/.test(text))
    throw new InputError(`the input "variables": ${name} must be text in quotes`)
  if (/\p{Surrogate}/u.test(value))
    throw new InputError(`the input "variables": ${name} holds half of a character, which cannot be handed on`)
  return value
}

/** The variable that was read last, with the line on which it begins (1-based). A line below it may still belong to its value. */
interface LastVariable {
  readonly line: number
  /** The word that ends its block; `null` for a `NAME=value` line. */
  readonly endWord: string | null
}

function readLines(text: string): VariablesInput {
  const lines = text.split('\n')
  if (lines.at(-1) === '') lines.pop() // YAML ends a text with a line break of its own
  const values = new Map<string, string>()
  const doubtful: Doubt[] = []
  const single: { value: string; line: number }[] = []
  let last: LastVariable | null = null
  for (let at = 0; at < lines.length; at++) {
    const text = lines[at] as string
    const line = at + 1
    if (text.trim() === '' || text.trimStart().startsWith('#')) {
      refuseBelowLine(last, line, 'an empty line or a comment')
      continue
    }
    const { name, operator, rest } = readHead(text, line, last)
    if (values.has(name)) refuse(line, 'a name is given twice')
    if (last !== null && mayBelongTo(last, lines, at)) doubtful.push({ name, line, after: last.line })
    if (operator === '=') {
      values.set(name, rest)
      single.push({ value: rest, line })
      last = { line, endWord: null }
    } else {
      const endWord = rest.trim()
      const end = findEnd(lines, at, endWord)
      values.set(name, lines.slice(at + 1, end).join('\n'))
      last = { line, endWord }
      at = end
    }
  }
  return { values, doubtful, lines: single }
}

/**
 * Tells whether the line of index `at` may belong to the value of the variable above it: always below a `NAME=value` line; below a block
 * only if the block's end word occurs once more from there on.
 */
function mayBelongTo(last: LastVariable, lines: readonly string[], at: number): boolean {
  return last.endWord === null || lines.indexOf(last.endWord, at) >= 0
}

function refuseBelowLine(last: LastVariable | null, line: number, what: string): void {
  if (last === null || last.endWord !== null) return
  refuse(
    line,
    `${what} below NAME=value may be a further line of the value of line ${last.line}: remove it, or ${HOW_TO_WRITE}`,
  )
}

/**
 * Parses the line that begins a variable. `line` is its number, `last` the variable above it. Throws an `InputError` if it begins none, ends
 * with a carriage return, or begins an indented block.
 */
function readHead(
  text: string,
  line: number,
  last: LastVariable | null,
): { name: string; operator: string; rest: string } {
  const [, indent = '', name = '', operator = '', rest = ''] = /^(\s*)([^=<\s]*)(=|<<)([\s\S]*)$/.exec(text) ?? []
  if (!VARIABLE_NAME.test(name)) refuseLine(line, operator, last)
  if (text.endsWith('\r')) {
    refuse(
      line,
      `the line ends with a carriage return, which may belong to the value: use Unix line ends, or ${HOW_TO_WRITE}`,
    )
  }
  if (operator === '<<' && indent !== '') {
    refuse(
      line,
      'the block is indented, and so would be its value: let the block, its lines and its end begin where the other lines begin',
    )
  }
  return { name, operator, rest }
}

/** Refuses a line that sets no variable. The line is not shown, because it may be part of a secret. */
function refuseLine(line: number, operator: string, last: LastVariable | null): never {
  refuseBelowLine(last, line, 'a line that sets no variable')
  if (last === null && operator !== '') checkName('', `line ${line}`)
  const next =
    last === null ? '' : `. Where the value of the block of line ${last.line} holds its end word, choose another word`
  return refuse(line, `expected NAME=value or NAME<<END (the line is not shown, it may be secret)${next}`)
}

/**
 * Returns the index of the line that ends the block beginning at index `at`. Throws an `InputError` if there is none, or if it has spaces
 * around it.
 */
function findEnd(lines: readonly string[], at: number, endWord: string): number {
  if (endWord === '') refuse(at + 1, 'a block needs a word after << that ends it')
  const end = lines.findIndex((line, index) => index > at && line.trim() === endWord)
  if (end < 0)
    refuse(at + 1, 'the block has no line that ends it: a line that holds the word after << and nothing else')
  if (lines[end] !== endWord) {
    refuse(
      end + 1,
      `the end of the block of line ${at + 1} has spaces around it, so that it may be part of the value: write it without spaces, or choose another word`,
    )
  }
  return end
}

function checkName(name: string, where: string): void {
  if (VARIABLE_NAME.test(name)) return
  // A line of a secret that was split over several lines can look like a name: it is not shown either.
  throw new InputError(
    `the input "variables", ${where}: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)`,
  )
}

function refuse(line: number, why: string): never {
  throw new InputError(`the input "variables", line ${line}: ${why}`)
}
