/** The `variables` input: how many secrets pass at once. Its errors never quote a value. */
import { InputError } from '../errors.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

/**
 * Reads `NAME=value` lines, `NAME<<END` blocks up to a line `END`, or one JSON object of texts, numbers and booleans
 * (such as `toJSON(secrets)`). Values of lines are taken as they stand, quotes and spaces included; a later line wins nothing:
 * a name given twice is an error. Empty lines and lines that begin with `#` are skipped.
 * @throws InputError with the line of what cannot be read
 */
export function parseVariables(text: string): ReadonlyMap<string, string> {
  return /^\s*\{/.test(text) ? readJson(text) : readLines(text)
}

function readJson(text: string): ReadonlyMap<string, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text around the fault, which may be a secret: neither shown nor kept as cause.
    throw new InputError(
      'the input "variables" begins like a JSON object but cannot be read as JSON: check its quotes and commas',
    )
  }
  const variables = new Map<string, string>()
  for (const [name, item] of Object.entries(value as Record<string, unknown>)) {
    checkName(name, 'the JSON object')
    if (item === null || typeof item === 'object' || (typeof item === 'number' && !Number.isSafeInteger(item))) {
      throw new InputError(`the input "variables": ${name} must be text in quotes`) // 1.10 would arrive as 1.1
    }
    variables.set(name, String(item))
  }
  return variables
}

function readLines(text: string): ReadonlyMap<string, string> {
  const lines = text.split(/\r?\n/)
  const variables = new Map<string, string>()
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as string
    const where = `line ${at + 1}`
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const found = /^\s*([^=<\s]*)(=|<<)(.*)$/.exec(line)
    if (found === null) {
      throw new InputError(
        `the input "variables", ${where}: expected NAME=value or NAME<<END (the line is not shown, it may be secret)`,
      )
    }
    const [, name = '', operator, rest = ''] = found
    checkName(name, where)
    if (variables.has(name)) throw new InputError(`the input "variables", ${where}: ${name} is given twice`)
    if (operator === '=') {
      variables.set(name, rest)
      continue
    }
    const end = findEnd(lines, at, rest.trim(), name)
    variables.set(name, lines.slice(at + 1, end).join('\n'))
    at = end
  }
  return variables
}

function findEnd(lines: readonly string[], at: number, marker: string, name: string): number {
  if (marker === '')
    throw new InputError(`the input "variables", line ${at + 1}: ${name}<< needs a word that ends the block`)
  const end = lines.findIndex((line, index) => index > at && line.trim() === marker)
  if (end < 0)
    throw new InputError(`the input "variables", line ${at + 1}: the block of ${name} has no line that ends it`)
  return end
}

function checkName(name: string, where: string): void {
  if (NAME.test(name)) return
  // A line of a secret that was split over several lines can look like a name: it is not shown either.
  throw new InputError(
    `the input "variables", ${where}: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)`,
  )
}
