/**
 * Parses the file in which a backup image tells of its backup (`$MARINA_RESULT`). The file is text of a stranger: nothing in it is trusted,
 * and what is wrong is left out, with a sentence that says so. Pure.
 */
import { z } from 'zod'
import type { ImageResult } from '../outcome.ts'
import { harmless, harmlessLine } from '../report/sanitize.ts'

/** The result that an image told (`null`: nothing that can be used), and a sentence for each part that was left out. */
export interface ToldResult {
  readonly result: ImageResult | null
  readonly problems: readonly string[]
}

const LONGEST = { snapshot: 100, text: 500, name: 60, url: 2000 } as const
const MOST_METRICS = 50
/** Keys of the file that a sentence names; more are counted. */
const KEYS_NAMED = 5
const SUBJECT = "the image's result"

type Redact = (text: string) => string

/** Parses the content of the file. `redact` masks the instance's secrets. Never throws. */
export function parseResult(content: Uint8Array, redact: Redact): ToldResult {
  const told = objectIn(content)
  if (told === null) return { result: null, problems: [`${SUBJECT} is left out: it is no JSON object`] }
  const parts = partsOf(redact)
  const problems: string[] = []
  const read = <T>(part: keyof typeof parts & string, schema: z.ZodType<T>): T | undefined => {
    const value = told[part] ?? undefined // a tool that writes `null` had nothing to tell
    const checked = schema.optional().safeParse(value)
    if (checked.success) return checked.data
    problems.push(`${SUBJECT}: ${part} ${checked.error.issues[0]?.message ?? 'is wrong'}, and is left out`)
    return undefined
  }
  const result = withoutUndefined({
    bytes: read('bytes', parts.bytes),
    files: read('files', parts.files),
    addedBytes: read('added_bytes', parts.added_bytes),
    snapshot: read('snapshot', parts.snapshot),
    url: read('url', parts.url),
    text: read('text', parts.text),
    metrics: read('metrics', parts.metrics),
  })
  problems.push(...unknownKeys(Object.keys(told), Object.keys(parts), redact))
  return { result: Object.keys(result).length === 0 ? null : result, problems }
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

function withoutUndefined<T extends object>(values: T): Defined<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>
}

function objectIn(content: Uint8Array): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(content)) // it drops a byte order mark
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : null
  } catch {
    return null
  }
}

/** Makes the schema of each key. A blank text, and an empty object, become `undefined`: nothing was told. */
function partsOf(redact: Redact) {
  const size = z.int('must be a whole number, 0 or more').min(0, 'must be a whole number, 0 or more')
  const text = z.string('must be a text')
  const line = (limit: number) => text.transform((value) => cleanLine(value, limit, redact) || undefined)
  return {
    bytes: size,
    files: size,
    added_bytes: size,
    snapshot: line(LONGEST.snapshot),
    url: text.transform((value, context) => {
      if (value.trim() === '') return undefined
      const problem = addressProblem(value, redact)
      if (problem === null) return addressOf(value)
      context.addIssue(problem)
      return z.NEVER
    }),
    text: line(LONGEST.text),
    metrics: z
      .record(z.string(), z.number('must hold numbers only').nullable(), 'must be an object of numbers')
      .refine((values) => Object.keys(values).length <= MOST_METRICS, `has more than ${MOST_METRICS} numbers`)
      .transform((values) => metricsOf(values, redact)),
  } as const
}

/** Writes text of the image on one line. Secrets are masked before it is shortened, so that no half of one is left. */
function cleanLine(text: string, limit: number, redact: Redact): string {
  return harmlessLine(redact(harmless(redact(text))), limit).trim()
}

/** Matches names of parameters by which an address gives access to whoever has it: `?sig=…`, `X-Amz-Signature`, `#access_token=…`. */
const GIVES_ACCESS = /^sig$|signature|token|secret|passw|credential|api-?_?key|access-?_?key|^auth/i

/** Says why an address must not become a link, in words for a place after its key; `null` if it may. */
function addressProblem(text: string, redact: Redact): string | null {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) return 'must begin with http:// or https://'
  const { username, password, searchParams, hash } = new URL(text)
  const parameters = [...searchParams.keys(), ...new URLSearchParams(hash.slice(1)).keys()]
  const address = addressOf(text)
  const isMasked = redact(text) !== text || redact(address) !== address
  if (isMasked || username !== '' || password !== '' || parameters.some((name) => GIVES_ACCESS.test(name)))
    return 'holds a password or a key'
  // a shortened address would lead nowhere
  return address.length > LONGEST.url ? `is longer than ${LONGEST.url} characters` : null
}

/** Writes an address with those characters escaped that would end a table's cell or an attribute. */
function addressOf(text: string): string {
  return new URL(text).href.replace(/[\\|`'"<>^{}]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
}

function metricsOf(
  values: Readonly<Record<string, number | null>>,
  redact: Redact,
): Readonly<Record<string, number>> | undefined {
  const numbers = Object.entries(values).flatMap(([key, value]) => {
    const name = cleanLine(key, LONGEST.name, redact)
    return value === null || name === '' ? [] : [[name, value] as const]
  })
  return numbers.length === 0 ? undefined : Object.fromEntries(numbers)
}

function unknownKeys(keys: readonly string[], known: readonly string[], redact: Redact): readonly string[] {
  const unknown = keys.filter((key) => !known.includes(key))
  if (unknown.length === 0) return []
  const named = unknown.slice(0, KEYS_NAMED).map((key) => JSON.stringify(cleanLine(key, LONGEST.name, redact)))
  const more = unknown.length > named.length ? ` and ${unknown.length - named.length} more` : ''
  return [
    `${SUBJECT} has keys that are left out: ${named.join(', ')}${more}. Those that are read are ${known.join(', ')}`,
  ]
}
