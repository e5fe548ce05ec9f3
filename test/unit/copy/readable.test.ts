/** Names and tools' words in a sentence: safe to show, short enough to read, and still telling. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { shownPath, shownWords } from '../../../src/copy/readable.ts'

const bytes = (...codes: number[]) => String.fromCharCode(...codes)
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

describe('a path', () => {
  test.each([
    ['plain', 'a/b.txt', '"a/b.txt"'],
    ['the root', '.', '"."'],
    ['UTF-8', utf8('Fotos/Zürich/日本/🎉'), '"Fotos/Zürich/日本/🎉"'],
    ['a line break', 'a\nb', '"a\\nb"'],
    ['a tab and a carriage return', 'a\tb\rc', '"a\\tb\\rc"'],
    ['a terminal sequence', 'a\x1b[31mred', '"a\\x1b[31mred"'],
    ['quotes and backslashes', 'say "hi" \\n', '"say \\"hi\\" \\\\n"'],
    ['latin1, which is no UTF-8', bytes(0x5a, 0xfc, 0x72, 0x69, 0x63, 0x68), '"Z\\xfcrich"'],
    ['the beginning of a character', bytes(0x61, 0xe2, 0x82), '"a\\xe2\\x82"'],
    ['an overlong slash', bytes(0xc0, 0xaf), '"\\xc0\\xaf"'],
    ['half of a surrogate pair, in CESU-8', bytes(0xed, 0xa0, 0x80), '"\\xed\\xa0\\x80"'],
    ['U+FFFD itself, beside a byte that is none', `${utf8('\ufffd')}\xff`, '"\ufffd\\xff"'],
    ['a control character of C1', utf8('a\u0085b'), '"a\\x85b"'],
    ['text that is turned around', utf8('a\u202etxt.exe'), '"a\\u202etxt.exe"'],
    ['a line separator', utf8('a\u2028b'), '"a\\u2028b"'],
    ['a workflow command', 'x\n::error::boo', '"x\\n::error::boo"'],
  ])('%s', (_, path, shown) => expect(shownPath(path)).toBe(shown))

  test('over 4096 bytes: its first and last directories, and its length', () => {
    const path = `first/${'middle/'.repeat(700)}last/file.txt`
    expect(path.length).toBeGreaterThan(4096)
    const shown = shownPath(path)
    expect(shown).toMatch(/^"first\/(middle\/)+…\/(middle\/)+last\/file\.txt" \(4919 bytes long\)$/)
    expect(shown.length).toBeLessThan(400)
  })

  test('a long name without directories is cut between characters', () => {
    expect(shownPath(utf8('🎉'.repeat(1000)))).toMatch(/^"(🎉)+…(🎉)+" \(4000 bytes long\)$/u)
    expect(shownPath('\xff'.repeat(4000))).toMatch(/^"(\\xff)+…(\\?xff|ff?)?(\\xff)+" \(4000 bytes long\)$/)
  })

  test('whatever its bytes: one line, short, and nothing that moves a cursor', () => {
    const path = fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
      maxLength: 6000,
    })
    fc.assert(
      fc.property(path, (any) => {
        const shown = shownPath(any)
        expect(shown.length).toBeLessThan(450)
        expect(shown).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/u)
      }),
    )
  })
})

describe('what a tool says', () => {
  test('is left as it is where it is short and plain', () => {
    const said = "cp: cannot open './a/b' for reading: Permission denied"
    expect(shownWords(`${said}\n`)).toBe(said)
  })

  test('stands on one line', () => expect(shownWords('cp: a\nb: Is a directory')).toBe('cp: a\\nb: Is a directory'))

  test('keeps its end, where the reason stands', () => {
    const said = shownWords(`stat: cannot statx './${'directory/'.repeat(500)}file': File name too long`)
    expect(said).toMatch(/^stat: cannot statx '\.\/directory\/.*…\/.*directory\/file': File name too long$/)
    expect(said.length).toBeLessThan(400)
  })
})
