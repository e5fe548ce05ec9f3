import fc from 'fast-check'
import { expect, test } from 'vitest'
import { harmless, harmlessLine } from '../../../src/report/sanitize.ts'

test.each`
  what                             | text                                                                          | shown
  ${'plain text'}                  | ${'Größe: 5 €\t[0m (B ]0;'}                                                   | ${'Größe: 5 €\t[0m (B ]0;'}
  ${'what `tput sgr0` writes'}     | ${'red\x1b(B\x1b[m done'}                                                     | ${'red done'}
  ${'colours'}                     | ${'\x1b[1;38;5;196mred\x1b[0m'}                                               | ${'red'}
  ${'CSI with bytes between'}      | ${'a\x1b[?25l\x1b[1 q\x1b[>4;2mb'}                                            | ${'ab'}
  ${'CSI of one byte'}             | ${'a\x9b31mred\x9b0mb'}                                                       | ${'aredb'}
  ${'CSI that was cut'}            | ${'a\x1b[38;5'}                                                               | ${'a'}
  ${'a title, ended by BEL'}       | ${'a\x1b]0;a title\x07b'}                                                     | ${'ab'}
  ${'a title, ended by ST'}        | ${'a\x1b]0;a title\x1b\\b'}                                                   | ${'ab'}
  ${'a title, ended by the C1 ST'} | ${'a\x1b]0;a title\x9cb'}                                                     | ${'ab'}
  ${'a title in C1'}               | ${'a\x9d0;a title\x9cb'}                                                      | ${'ab'}
  ${'a link'}                      | ${'\x1b]8;;https://x.invalid\x1b\\text\x1b]8;;\x1b\\'}                        | ${'text'}
  ${'a title without an end'}      | ${'a\x1b]0;words that stay'}                                                  | ${'a0;words that stay'}
  ${'a title that a line ends'}    | ${'a\x1b]0;title\nb\x07'}                                                     | ${'a0;title\nb\ufffd'}
  ${'DCS'}                         | ${'a\x1bP1$r0m\x1b\\b\x90q#0\x9cc'}                                           | ${'abc'}
  ${'SOS, PM, APC'}                | ${'a\x1bXx\x1b\\b\x1b^y\x1b\\c\x1b_z\x1b\\d'}                                 | ${'abcd'}
  ${"screen's title"}              | ${'a\x1bktitle\x1b\\b'}                                                       | ${'ab'}
  ${'character sets'}              | ${'\x1b(0lqk\x1b(B \x1b)A\x1b*B\x1b+B\x1b-A\x1b.A\x1b/A\x1b%G\x1b$(C\x1b#8x'} | ${'lqk x'}
  ${'single escapes'}              | ${'a\x1b7\x1b8\x1b=\x1b>\x1bc\x1bM\x1bD\x1bE\x1bH\x1bnb'}                     | ${'ab'}
  ${'shifts'}                      | ${'a\x1bNb\x1bOP\x0e\x0f'}                                                    | ${'abP'}
  ${'a lone ESC'}                  | ${'a\x1b'}                                                                    | ${'a\ufffd'}
  ${'two ESC'}                     | ${'a\x1b\x1b[31mb'}                                                           | ${'a\ufffdb'}
  ${'C1 that begin nothing'}       | ${'a\x84\x85\x8db'}                                                           | ${'a\ufffd\ufffd\ufffdb'}
  ${'other controls'}              | ${'a\x00\x07\x08\x0b\x0c\r\x7fb\tc\nd'}                                       | ${'a\ufffd\ufffd\ufffd\ufffd\ufffd\ufffd\ufffdb\tc\nd'}
  ${'what hides or turns text'}    | ${'a\u202e\u2066b\u200b\ufeffc'}                                              | ${'abc'}
`('$what', ({ text, shown }) => {
  expect(harmless(text)).toBe(shown)
})

test('whatever is written, no control character is left, and text that follows a whole sequence stays', () => {
  const piece = fc.constantFrom(
    '\x1b',
    '[',
    ']',
    '(',
    'B',
    '0',
    ';',
    'm',
    '\\',
    '\x07',
    '\x9b',
    '\x9c',
    '\x90',
    'P',
    'word',
    ' ',
    '\x1b(B',
    '\x1b[m',
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 15 }).map((pieces) => pieces.join('')),
      (text) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: they are looked for
        expect(harmless(text)).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f]/)
        expect(harmless(`\x1b(B\x1b[0mfirst ${text}`)).toMatch(/^first /)
      },
    ),
    { numRuns: 2000 },
  )
})

test('one line, at most so long', () => {
  expect(harmlessLine('a\nb\tc', 10)).toBe('a b c')
  expect(harmlessLine('x'.repeat(11), 10)).toBe(`${'x'.repeat(9)}…`)
  expect(harmlessLine('xx😀xx', 4)).toBe('xx…') // no half of a character
})
