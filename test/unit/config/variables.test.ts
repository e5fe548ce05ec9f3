import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseVariables } from '../../../src/config/variables.ts'
import { InputError } from '../../../src/errors.ts'

const read = (text: string) => Object.fromEntries(parseVariables(text))

test.each`
  what                              | text                                             | variables
  ${'nothing'}                      | ${''}                                            | ${{}}
  ${'lines'}                        | ${'A=1\nB_2=two'}                                | ${{ A: '1', B_2: 'two' }}
  ${'empty lines and comments'}     | ${'\n# a comment = none\n\n  A=1\n'}             | ${{ A: '1' }}
  ${'values as they stand'}         | ${'A= "x" \nB=a=b\nC=\nD=x<<y'}                  | ${{ A: ' "x" ', B: 'a=b', C: '', D: 'x<<y' }}
  ${'Windows line ends'}            | ${'A=1\r\nB=2\r\n'}                              | ${{ A: '1', B: '2' }}
  ${'a block'}                      | ${'A<<EOF\none\n two=2\n\nEOF\nB=1'}             | ${{ A: 'one\n two=2\n', B: '1' }}
  ${'a block that is empty'}        | ${'A<<EOF\nEOF'}                                 | ${{ A: '' }}
  ${'a block of comments and JSON'} | ${'A<<--x--\n# a\n{"b":1}\n--x--'}               | ${{ A: '# a\n{"b":1}' }}
  ${'JSON'}                         | ${' {"A": "x\\ny", "B": 2, "C": true, "D": ""}'} | ${{ A: 'x\ny', B: '2', C: 'true', D: '' }}
`('takes $what', ({ text, variables }) => {
  expect(read(text)).toEqual(variables)
})

test.each`
  what                         | text                      | message
  ${'a line without ='}        | ${'A=1\nhush-hush'}       | ${'the input "variables", line 2: expected NAME=value or NAME<<END (the line is not shown, it may be secret)'}
  ${'a space before ='}        | ${'A =hush'}              | ${'the input "variables", line 1: expected NAME=value or NAME<<END (the line is not shown, it may be secret)'}
  ${'no name'}                 | ${'=hush'}                | ${'the input "variables", line 1: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
  ${'a name with other signs'} | ${'hush-hush=1'}          | ${'the input "variables", line 1: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
  ${'a name twice'}            | ${'A=hush\nA=hush'}       | ${'the input "variables", line 2: A is given twice'}
  ${'a block without an end'}  | ${'A<<EOF\nhush'}         | ${'the input "variables", line 1: the block of A has no line that ends it'}
  ${'a block without a word'}  | ${'A<<\nhush'}            | ${'the input "variables", line 1: A<< needs a word that ends the block'}
  ${'broken JSON'}             | ${'{"A": "hush}'}         | ${'the input "variables" begins like a JSON object but cannot be read as JSON: check its quotes and commas'}
  ${'JSON with a map in it'}   | ${'{"A": {"B": "hush"}}'} | ${'the input "variables": A must be text in quotes'}
  ${'JSON with a fraction'}    | ${'{"A": 1.10}'}          | ${'the input "variables": A must be text in quotes'}
  ${'JSON with a null'}        | ${'{"A": null}'}          | ${'the input "variables": A must be text in quotes'}
  ${'JSON with a wrong name'}  | ${'{"hush hush": "x"}'}   | ${'the input "variables", the JSON object: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
`('refuses $what', ({ text, message }) => {
  expect(() => read(text)).toThrow(new InputError(message))
})

describe('any variables', () => {
  const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,8}$/)
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\r'))

  test('come back from blocks, and from JSON', () => {
    fc.assert(
      fc.property(fc.dictionary(name, value, { noNullPrototype: true }), (variables) => {
        const blocks = Object.entries(variables).map(
          ([key, text]) => `${key}<<~end of ${key}~\n${text}\n~end of ${key}~\n`,
        )
        expect(parseVariables(blocks.join('\n'))).toEqual(
          new Map(Object.entries(variables).map(([key, text]) => [key, text])),
        )
        expect(parseVariables(JSON.stringify(variables))).toEqual(new Map(Object.entries(variables)))
      }),
    )
  })

  test('a broken input throws an InputError only, and never shows a value', () => {
    const secret = 'qzx7-secret-value'
    const piece = fc.constantFrom(secret, '=', '<<', 'A', 'B', '\n', ' ', '{', '}', '"', ':', ',', 'EOF')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
        try {
          parseVariables(pieces.join(''))
        } catch (error) {
          expect(error).toBeInstanceOf(InputError)
          expect(String((error as Error).stack)).not.toContain(secret)
          expect((error as Error).cause).toBeUndefined()
        }
      }),
      { numRuns: 2000 },
    )
  })
})
