import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRedactor, maskable, redactorOf } from '../../../src/secrets/redaction.ts'

function streamed(secrets: readonly string[], data: Buffer, cuts: readonly number[]): Buffer {
  const stream = createRedactor(secrets).stream()
  const borders = [0, ...cuts.map((cut) => cut % (data.length + 1)).sort((a, b) => a - b), data.length]
  const parts = borders.slice(1).map((end, i) => Buffer.from(stream.write(data.subarray(borders[i], end))))
  return Buffer.concat([...parts, stream.end()])
}

describe('what is masked', () => {
  const secret = `pä ss'w"o$rd/+&<x>`
  test.each([
    ['raw', secret],
    ['URL component', encodeURIComponent(secret)],
    ['URL component, lower case', encodeURIComponent(secret).replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ['form', new URLSearchParams({ a: secret }).toString().slice(2)],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['JSON as Go writes it', `pä ss'w\\"o$rd/+\\u0026\\u003cx\\u003e`],
    ['JSON as Python writes it', `p\\u00e4 ss'w\\"o$rd/+&<x>`],
    ['single quotes of a shell', secret.replaceAll("'", "'\\''")],
    ['single quotes of dash', secret.replaceAll("'", `'"'"'`)],
    ['double quotes of a shell', `pä ss'w\\"o\\$rd/+&<x>`],
    ['base64', Buffer.from(secret).toString('base64')],
    ['base64 for URLs', Buffer.from(secret).toString('base64url')],
  ])('%s', (_, form) => {
    expect(createRedactor([secret]).text(`before ${form} after`)).toBe('before *** after')
  })

  test.each([0, 1, 2, 3, 4])('base64 of a longer text in which it begins at byte %i', (before) => {
    const encoded = Buffer.from(`${'x'.repeat(before)}correct horse battery${'y'.repeat(7)}`).toString('base64')
    const shown = createRedactor(['correct horse battery']).text(encoded)
    expect(shown).toContain('***')
    expect(Buffer.from(shown, 'base64').toString('latin1')).not.toMatch(/orrec|hors|atter/)
  })

  test('base64 that a tool broke into lines', () => {
    const secret = 'abcdefghijklmnopqrstuvwxyz0123456789'.repeat(5)
    const wrapped = (
      Buffer.from(secret)
        .toString('base64')
        .match(/.{1,76}/g) ?? []
    ).join('\n')
    expect(createRedactor([secret]).text(wrapped)).toBe(wrapped.replace(/[^\n]+/g, '***'))
  })

  test('a value of several lines: whole, and each line that says something', () => {
    const key = '-----BEGIN KEY-----\r\n  MIIEvQIBADANBgkq\n}\nab\nhkiG9w0BAQEFAASC\n-----END KEY-----\n'
    const redactor = createRedactor([key])
    expect(redactor.text(`a${key}b`)).toBe('a***b')
    expect(redactor.text('x MIIEvQIBADANBgkq } ab -----BEGIN KEY-----')).toBe('x *** } ab -----BEGIN KEY-----')
  })

  test('a value is found without the white space around it', () => {
    expect(createRedactor(['  hunter22\n']).text('[hunter22]')).toBe('[***]')
  })

  test('values under four characters and empty ones are let through', () => {
    expect(createRedactor(['', 'abc', '   a \n', '     ']).text('abc    a      ')).toBe('abc    a      ')
  })

  test('overlapping secrets leave nothing of either', () => {
    expect(createRedactor(['user:pass', 'pass@host']).text('to user:pass@host!')).toBe('to ***!')
    expect(createRedactor(['abcd']).text('abcdabcd')).toBe('******')
  })

  test('the longer of two that begin together', () => {
    expect(createRedactor(['secret', 'secretly']).text('secretly secret secretl')).toBe('*** *** ***l')
  })
})

describe('streams', () => {
  const words = fc.stringMatching(/^[ab]{4,9}$/)
  /** Secrets that hold and overlap each other, and a text that is mostly made of them and their pieces. */
  const secretsAndText = fc.array(words, { minLength: 1, maxLength: 5 }).chain((secrets) => {
    const inner = secrets.filter((secret) => secret.length > 6).map((secret) => secret.slice(1, -1))
    const all = [...secrets, ...inner]
    const piece = fc.oneof(
      fc.constantFrom(...all),
      fc.tuple(fc.constantFrom(...all), fc.nat(4)).map(([secret, from]) => secret.slice(from)),
      fc.constantFrom('a', 'b', ' '),
    )
    return fc.tuple(
      fc.constant(all),
      fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    )
  })

  test('every chunking gives what the whole gives', () => {
    fc.assert(
      fc.property(secretsAndText, fc.array(fc.nat(), { maxLength: 12 }), ([secrets, text], cuts) => {
        expect(streamed(secrets, Buffer.from(text), cuts).toString()).toBe(createRedactor(secrets).text(text))
      }),
      { numRuns: 500 },
    )
  })

  test('equals a slow search that marks every byte of every match', () => {
    fc.assert(
      fc.property(secretsAndText, ([texts, text]) => {
        expect(redactorOf(texts).text(text)).toBe(slowMask(texts, text))
      }),
      { numRuns: 500 },
    )
  })

  test('bytes that are no secret pass unchanged, invalid UTF-8 too', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(), { maxLength: 9 }), (bytes, cuts) => {
        expect(streamed(['\u0000never there'], Buffer.from(bytes), cuts)).toEqual(Buffer.from(bytes))
      }),
    )
  })

  test('a secret cut at each of its bytes, in bytes that are not UTF-8', () => {
    const data = Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from('päss wörd'), Buffer.from([0xe2, 0x82])])
    const masked = Buffer.concat([Buffer.from([0xff, 0xc3]), Buffer.from('***'), Buffer.from([0xe2, 0x82])])
    for (let cut = 0; cut <= data.length; cut++) expect(streamed(['päss wörd'], data, [cut])).toEqual(masked)
  })

  test('only what may be the beginning of a secret is kept back', () => {
    const stream = createRedactor(['secret', 'x'.repeat(5000)]).stream()
    expect(stream.write(Buffer.from('a line\nsec')).toString()).toBe('a line\n')
    expect(stream.write(Buffer.from('tion\n')).toString()).toBe('section\n')
    expect(stream.end().toString()).toBe('')
  })

  test('20 secrets cost little', () => {
    const secrets = Array.from({ length: 20 }, (_, i) => `Tok3n-${i}-${'kX9'.repeat(4)}`)
    const stream = createRedactor(secrets).stream()
    const chunk = Buffer.from('2026-11-24 18:00:00 INFO saving file /var/lib/data/some/where.txt\n'.repeat(1000))
    const begin = process.hrtime.bigint()
    let bytes = 0
    for (; bytes < 64e6; bytes += chunk.length) stream.write(chunk)
    const seconds = Number(process.hrtime.bigint() - begin) / 1e9
    expect(bytes / seconds / 1e6).toBeGreaterThan(50) // MB/s; a shared machine is slower than a quiet one
  })
})

describe('what the runner is told', () => {
  test('single lines only, forms included, no value twice', () => {
    const { values, tooShort } = maskable(['two words', 'line one\n}\nline two', 'two words', 'abc', ''])
    expect(values).toContain('two words')
    expect(values).toContain('two%20words')
    expect(values).toContain(Buffer.from('two words').toString('base64'))
    expect(values).toContain('line one')
    expect(values.filter((value) => /[\r\n]/.test(value) || value === '}')).toEqual([])
    expect(new Set(values).size).toBe(values.length)
    expect(tooShort).toBe(1)
  })
})

function slowMask(texts: readonly string[], text: string): string {
  const starts = new Map<number, number>()
  for (let at = 0; at < text.length; at++) {
    const longest = Math.max(0, ...texts.filter((t) => text.startsWith(t, at)).map((t) => t.length))
    if (longest > 0) starts.set(at, longest)
  }
  let shown = ''
  let maskedTo = 0
  for (let at = 0; at < text.length; at++) {
    const length = starts.get(at)
    if (length !== undefined) {
      if (at >= maskedTo) shown += '***'
      maskedTo = Math.max(maskedTo, at + length)
    }
    if (at >= maskedTo) shown += text[at]
  }
  return shown
}
