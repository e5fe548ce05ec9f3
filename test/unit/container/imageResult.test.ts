/** What an image told of its backup: what counts, what is left out and said to be, and that nothing in it can do harm. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseResult } from '../../../src/container/imageResult.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'

const SECRET = 'hunter2-hunter2'
const { text: redact } = createRedactor([SECRET])
const parse = (content: unknown) =>
  parseResult(Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)), redact)
const NOTHING = { result: null, problems: [] }

test('all parts', () => {
  const metrics = { dedup_ratio: 1.52, 'files new': 0, delta: -3 }
  expect(
    parse({
      ...{ bytes: 3_200_000_000, files: 12, added_bytes: 0, snapshot: '3f2a9c1b', url: 'https://s.example/b?id=3' },
      ...{ text: 'kept 7 daily', metrics },
    }),
  ).toEqual({
    result: {
      ...{ bytes: 3_200_000_000, files: 12, addedBytes: 0, snapshot: '3f2a9c1b', url: 'https://s.example/b?id=3' },
      ...{ text: 'kept 7 daily', metrics },
    },
    problems: [],
  })
})

test.each<[string, unknown]>([
  ['an empty object', {}],
  ['null, as jq writes what it does not find', { bytes: null, snapshot: null, url: null, metrics: null }],
  ['blank texts, as a script writes an unset variable', { snapshot: '', url: ' ', text: ' \n', metrics: {} }],
  ['metrics of null', { metrics: { a: null } }],
])('%s tells nothing', (_, told) => {
  expect(parse(told)).toEqual(NOTHING)
})

test.each<[string, string]>([
  ['an empty file', ''],
  ['half an object', '{"bytes": 1'],
  ['two objects, as restic prints', '{"bytes":1}\n{"bytes":2}\n'],
  ['a list', '[{"bytes":1}]'],
  ['a number', '7'],
  ['null', 'null'],
  ['a text', '"ok"'],
  ['words', 'done'],
  ['NaN', '{"bytes": NaN}'],
  ['a comment', '{"bytes": 1} // done'],
  ['deep brackets', '['.repeat(60_000)],
])('%s is no result, and is said to be none', (_, content) => {
  expect(parse(content)).toEqual({
    result: null,
    problems: ["the image's result is left out: it is no JSON object"],
  })
})

const NUMBER = 'must be a whole number, 0 or more'
const WEB = 'must begin with http:// or https://'
const ACCESS = 'holds a password or a key'

test.each<[string, unknown, string]>([
  ...[-1, 1.5, '7', true, [], {}, 2 ** 53].map((bad): [string, unknown, string] => ['bytes', bad, NUMBER]),
  ['files', '12', NUMBER],
  ['added_bytes', -5, NUMBER],
  ['snapshot', 7, 'must be a text'],
  ['text', ['a'], 'must be a text'],
  ['url', 7, 'must be a text'],
  ['url', 'nas/backups', WEB],
  ['url', 'javascript:alert(1)', WEB],
  ['url', 'file:///etc/passwd', WEB],
  ['url', 's3://bucket/x', WEB],
  ['url', 'https://', WEB],
  ['url', 'https://user:pw@s.example/', ACCESS],
  ['url', 'https://user@s.example/', ACCESS],
  ['url', 'https://s.example/c?sv=1&sig=abc', ACCESS],
  ['url', 'https://s.example/c?X-Amz-Signature=abc', ACCESS],
  ['url', 'https://s.example/c?X-Amz-Security-Token=abc', ACCESS],
  ['url', 'https://s.example/c?api_key=abc', ACCESS],
  ['url', 'https://s.example/c#access_token=abc', ACCESS],
  ['url', `https://s.example/${SECRET}`, ACCESS],
  ['url', `https://s.example/${'x'.repeat(2000)}`, 'is longer than 2000 characters'],
  ['metrics', [1], 'must be an object of numbers'],
  ['metrics', { a: '1' }, 'must hold numbers only'],
  ['metrics', { a: { b: 1 } }, 'must hold numbers only'],
  ['metrics', Object.fromEntries(Array.from({ length: 51 }, (_, at) => [`m${at}`, at])), 'has more than 50 numbers'],
])('%s: %j is left out, and the rest counts', (part, value, why) => {
  const other = part === 'files' ? { bytes: 1 } : { files: 1 }
  expect(parse({ ...other, [part]: value })).toEqual({
    result: other,
    problems: [`the image's result: ${part} ${why}, and is left out`],
  })
})

test('a number that JSON cannot hold is no size', () => {
  expect(parse('{"bytes": 1e999}').problems).toEqual([`the image's result: bytes ${NUMBER}, and is left out`])
  expect(parse('{"metrics": {"a": 1e999}}').result).toBe(null)
})

test('unknown keys are named, few of them and short, and the rest counts', () => {
  expect(parse({ bytes: 1, size: 2, addedBytes: 3 })).toEqual({
    result: { bytes: 1 },
    problems: [
      `the image's result has keys that are left out: "size", "addedBytes". Those that are read are bytes, files, added_bytes, snapshot, url, text, metrics`,
    ],
  })
  const many = Object.fromEntries(Array.from({ length: 9 }, (_, at) => [`${at}k${'x'.repeat(100)}`, 1]))
  const [said] = parse(many).problems
  expect(said).toMatch(/^the image's result has keys that are left out: ("\dkx{57}…"(, )?){5} and 4 more\. /)
  expect(parse('{"__proto__": {"bytes": 1}, "constructor": 1}').problems[0]).toContain('"__proto__", "constructor"')
})

test('a byte order mark is none of the text', () => {
  expect(parse('\ufeff{"bytes":1}').result).toEqual({ bytes: 1 })
})

describe('texts', () => {
  test('are one harmless line, shortened', () => {
    const text = `\x1b[31mred\x1b[0m\n::error::x\u202eturned ${'y'.repeat(600)}`
    const told = parse({ text, snapshot: 'z'.repeat(200) }).result
    expect(told?.text).toMatch(/^red ::error::xturned y+…$/)
    expect([told?.text?.length, told?.snapshot?.length]).toEqual([500, 100])
  })

  test('lose secrets, also one that a shortened text would cut in two, or that hides behind invisible characters', () => {
    const cut = `${'y'.repeat(490)}${SECRET}`
    const hidden = `a ${SECRET.slice(0, 5)}\u200b${SECRET.slice(5)}`
    expect(parse({ text: cut, snapshot: hidden, metrics: { [`of ${SECRET}`]: 1 } }).result).toEqual({
      text: `${'y'.repeat(490)}***`,
      snapshot: 'a ***',
      metrics: { 'of ***': 1 },
    })
    expect(parse({ [SECRET]: 1 }).problems[0]).toContain('left out: "***"')
  })

  test('an address is escaped where a table or an attribute would end', () => {
    expect(parse({ url: `https://s.example/a|b?c='d'|"e"&f=\`g\`#<h>` }).result?.url).toBe(
      'https://s.example/a%7Cb?c=%27d%27%7C%22e%22&f=%60g%60#%3Ch%3E',
    )
  })
})

test('whatever a file holds, only checked, harmless and short values come out of it', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 700 }),
    fc.webUrl({ withQueryParameters: true, withFragments: true }),
    fc.constantFrom(SECRET, `x${SECRET}y`, `https://a.example/?q=${SECRET}`, '\x1b[31m', '\u202e'),
  )
  const values = fc.oneof(fc.jsonValue(), fc.double(), fc.nat(), texts, fc.dictionary(texts, fc.double()))
  const keys = ['bytes', 'files', 'added_bytes', 'snapshot', 'url', 'text', 'metrics', '__proto__', 'toString', 'other']
  const files = fc.oneof(
    fc
      .dictionary(fc.oneof(fc.constantFrom(...keys), texts), values, { maxKeys: 9 })
      .map((told) => JSON.stringify(told)),
    fc.json(),
    fc.string({ unit: 'binary' }),
  )
  const printable = /^[^\p{Cc}\u202a-\u202e\u200b\u2066-\u2069]*$/u
  fc.assert(
    fc.property(files, (file) => {
      const { result, problems } = parse(file)
      expect(parse(file)).toEqual({ result, problems })
      const { bytes, files: number, addedBytes, snapshot, url, text, metrics = {} } = result ?? {}
      for (const size of [bytes, number, addedBytes])
        expect(size === undefined || (Number.isSafeInteger(size) && size >= 0)).toBe(true)
      for (const metric of Object.values(metrics)) expect(Number.isFinite(metric)).toBe(true)
      const words = [snapshot, text, ...Object.keys(metrics), ...problems].filter((word) => word !== undefined)
      for (const word of words) expect(word).toMatch(printable)
      for (const [word, limit] of [
        ...[[snapshot, 100] as const, [text, 500] as const, [url, 2000] as const],
        ...Object.keys(metrics).map((name) => [name, 60] as const),
      ])
        expect(word === undefined || (word.length > 0 && word.length <= limit)).toBe(true)
      if (url !== undefined) expect(url).toMatch(/^https?:\/\/[^\s@|`'"<>\\]+(\/[^\s|`'"<>\\]*)?$/)
      expect(JSON.stringify({ result, problems })).not.toContain(SECRET)
      expect(problems.length).toBeLessThanOrEqual(8)
    }),
    { numRuns: 200 },
  )
})
