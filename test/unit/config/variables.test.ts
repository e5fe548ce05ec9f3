// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${{ … }}` is what GitHub fills in
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseVariables, refuseRestsOfValues } from '../../../src/config/variables.ts'
import { InputError } from '../../../src/errors.ts'

const USED = new Set(['A', 'B', 'B_2', 'C', 'D', 'LAST'])

/** The variables that a run would take, where the configuration uses the names of `USED`. `environment`: names that the step sets. */
function read(text: string, environment: readonly string[] = []): Readonly<Record<string, string>> {
  const input = parseVariables(text)
  refuseRestsOfValues(input, {
    isUsed: (name) => USED.has(name),
    nearestMissing: (name) => (name === 'DB_PASSWORT' ? 'DB_PASSWORD' : null),
    isInEnvironment: (name) => environment.includes(name),
  })
  return Object.fromEntries(input.values)
}

test.each`
  what                                  | text                                               | variables
  ${'nothing'}                          | ${''}                                              | ${{}}
  ${'lines'}                            | ${'A=1\nB_2=two'}                                  | ${{ A: '1', B_2: 'two' }}
  ${'empty lines and comments above'}   | ${'\n# a comment = none\n\n  A=1\n'}               | ${{ A: '1' }}
  ${'values as they stand'}             | ${'A= "x" \nB=a=b\nC=\nD=x<<y'}                    | ${{ A: ' "x" ', B: 'a=b', C: '', D: 'x<<y' }}
  ${'a block'}                          | ${'A<<EOF\none\n two=2\n\nEOF\nB=1'}               | ${{ A: 'one\n two=2\n', B: '1' }}
  ${'a block with Windows line ends'}   | ${'A<<EOF\none\r\ntwo\r\nEOF\n'}                   | ${{ A: 'one\r\ntwo\r' }}
  ${'a block that is empty'}            | ${'A<<EOF\nEOF'}                                   | ${{ A: '' }}
  ${'a block of comments and JSON'}     | ${'A<<--x--\n# a\n{"b":1}\n--x--'}                 | ${{ A: '# a\n{"b":1}' }}
  ${'a gap and a comment below blocks'} | ${'A<<EOF\n1\nEOF\n\n# b\nB<<EOF\n2\nEOF\n'}       | ${{ A: '1', B: '2' }}
  ${'an empty secret above a block'}    | ${'A=\nB<<EOF\n1\nEOF'}                            | ${{ A: '', B: '1' }}
  ${'a first variable that is unused'}  | ${'OTHER=x\nA=1'}                                  | ${{ OTHER: 'x', A: '1' }}
  ${'unused blocks with own words'}     | ${'OTHER<<one\nx\none\nANOTHER<<two\ny\ntwo'}      | ${{ OTHER: 'x', ANOTHER: 'y' }}
  ${'base64 above others'}              | ${'A=QUJD=\nB=QUJDRA==\nC=D=\nD=x'}                | ${{ A: 'QUJD=', B: 'QUJDRA==', C: 'D=', D: 'x' }}
  ${'a name in a directory'}            | ${'A=cn=admin,dc=x\nB=1'}                          | ${{ A: 'cn=admin,dc=x', B: '1' }}
  ${'a file of one variable, last'}     | ${'A=1\nB=AWS_ID=x'}                               | ${{ A: '1', B: 'AWS_ID=x' }}
  ${'JSON'}                             | ${' {"A": "x\\ny", "B": 20, "C": true, "D": ""}'}  | ${{ A: 'x\ny', B: '20', C: 'true', D: '' }}
  ${'JSON with unused names'}           | ${'{"OTHER": "x=\\"y\\",", "github_token": "{}"}'} | ${{ OTHER: 'x="y",', github_token: '{}' }}
  ${'JSON of nothing'}                  | ${' { } '}                                         | ${{}}
  ${'a number with all of its digits'}  | ${'{"A": 12345678901234567890}'}                   | ${{ A: '12345678901234567890' }}
`('takes $what', ({ text, variables }) => {
  expect(read(text)).toEqual(variables)
})

const HOW =
  'write a value of several lines as a block (NAME<<END, its lines, and a line END), or the whole input as ${{ toJSON(secrets) }}'

test.each`
  what                                  | text                                    | message
  ${'a line without ='}                 | ${'hush-hush\nA=1'}                     | ${'line 1: expected NAME=value or NAME<<END (the line is not shown, it may be secret)'}
  ${'a line without = below a value'}   | ${'A=1\nhush-hush'}                     | ${`line 2: a line that sets no variable below NAME=value may be a further line of the value of line 1: remove it, or ${HOW}`}
  ${'an empty line below a value'}      | ${'A=1\n\nB=2'}                         | ${`line 2: an empty line or a comment below NAME=value may be a further line of the value of line 1: remove it, or ${HOW}`}
  ${'an empty line at the end'}         | ${'A=1\n\n'}                            | ${`line 2: an empty line or a comment below NAME=value may be a further line of the value of line 1: remove it, or ${HOW}`}
  ${'a comment below a value'}          | ${'A=1\n # hush\nB=2'}                  | ${`line 2: an empty line or a comment below NAME=value may be a further line of the value of line 1: remove it, or ${HOW}`}
  ${'an unused name below a value'}     | ${'A=1\nhush=='}                        | ${`line 2: no \${…} in the configuration uses what is set here, so this may be a further line of the value of line 1: remove it if it is a variable that nobody needs, or ${HOW}`}
  ${'a name with a slip below a value'} | ${'A=1\nDB_PASSWORT=hush'}              | ${'line 2: no ${…} in the configuration uses the name that is set here, but one much like it, DB_PASSWORD, is used and not set: write both alike'}
  ${'an unused block below a value'}    | ${'A=1\nhush<<x\nx'}                    | ${`line 2: no \${…} in the configuration uses what is set here, so this may be a further line of the value of line 1: remove it if it is a variable that nobody needs, or ${HOW}`}
  ${'an unused name inside of a block'} | ${'A<<x\n1\nx\nhush<<x\ny\nx'}          | ${`line 4: no \${…} in the configuration uses what is set here, so this may be a further line of the value of line 1: remove it if it is a variable that nobody needs, or ${HOW}`}
  ${'an end word inside of a block'}    | ${'A<<EOF\nhush\nEOF\nhush\nEOF'}       | ${'line 4: expected NAME=value or NAME<<END (the line is not shown, it may be secret). Where the value of the block of line 1 holds its end word, choose another word'}
  ${'an end word with spaces'}          | ${'A<<EOF\nhush\n EOF\nhush\nEOF'}      | ${'line 3: the end of the block of line 1 has spaces around it, so that it may be part of the value: write it without spaces, or choose another word'}
  ${'an indented block'}                | ${'  A<<EOF\n  hush\n  EOF'}            | ${'line 1: the block is indented, and so would be its value: let the block, its lines and its end begin where the other lines begin'}
  ${'lines that YAML has joined'}       | ${'A=hush B=2 LAST=hush'}               | ${`line 1: the value holds a further variable, as it does where YAML has joined the lines: write \`variables: |\` with each variable on a line of its own, or ${HOW}`}
  ${'a file of variables, all used'}    | ${'LAST=A=hush\nB=hush'}                | ${`line 1: the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW}`}
  ${'a file of variables, one used'}    | ${'LAST=AWS_ID=hush\nB=hush'}           | ${`line 1: the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW}`}
  ${'a file of small variables'}        | ${'LAST=db_user=hush\nB=hush'}          | ${`line 1: the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW}`}
  ${'a file of exports'}                | ${'LAST=export hush=hush\nB=hush'}      | ${`line 1: the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW}`}
  ${'a file of variables over a block'} | ${'LAST= AWS_ID = hush\nB<<X\nhush\nX'} | ${`line 1: the value begins like a variable of its own (NAME=…), and the lines below may belong to it, as they do where the value is a file of variables: ${HOW}`}
  ${'a carriage return'}                | ${'A=hush\r\nB=2\r\n'}                  | ${`line 1: the line ends with a carriage return, which may belong to the value: use Unix line ends, or ${HOW}`}
  ${'a space before ='}                 | ${'A =hush'}                            | ${'line 1: expected NAME=value or NAME<<END (the line is not shown, it may be secret)'}
  ${'no name'}                          | ${'=hush'}                              | ${'line 1: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
  ${'a name with other signs'}          | ${'hush-hush=1'}                        | ${'line 1: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
  ${'a name twice'}                     | ${'A=hush\nA=hush'}                     | ${'line 2: a name is given twice'}
  ${'a block without an end'}           | ${'A<<EOF\nhush'}                       | ${'line 1: the block has no line that ends it: a line that holds the word after << and nothing else'}
  ${'a block without a word'}           | ${'A<<\nhush'}                          | ${'line 1: a block needs a word after << that ends it'}
  ${'JSON with a name twice'}           | ${'{"A": "hush", "A": "x"}'}            | ${'the JSON object: A is given twice'}
  ${'JSON with a wrong name'}           | ${'{"hush hush": "x"}'}                 | ${'the JSON object: a name is made of letters, digits and _ (what stands there is not shown, it may be secret)'}
`('refuses $what', ({ text, message }) => {
  expect(() => read(text)).toThrow(new InputError(`the input "variables", ${message}`))
})

test.each`
  what                            | text                      | message
  ${'broken JSON'}                | ${'{"A": "hush}'}         | ${'the input "variables" begins like a JSON object but cannot be read as JSON: check its quotes and commas (a value goes in by `${{ toJSON(secrets.NAME) }}`, which puts the quotes around it)'}
  ${'JSON with a map in it'}      | ${'{"A": {"B": "hush"}}'} | ${'the input "variables": each value of the JSON object must be text in quotes'}
  ${'JSON with a list in it'}     | ${'{"A": ["hush"]}'}      | ${'the input "variables": each value of the JSON object must be text in quotes'}
  ${'JSON with a fraction'}       | ${'{"A": 1.10}'}          | ${'the input "variables": A must be text in quotes'}
  ${'JSON with an exponent'}      | ${'{"A": 1e3}'}           | ${'the input "variables": A must be text in quotes'}
  ${'JSON with a null'}           | ${'{"A": null}'}          | ${'the input "variables": A must be text in quotes'}
  ${'JSON with half a character'} | ${'{"A": "\\ud800"}'}     | ${'the input "variables": A holds half of a character, which cannot be handed on'}
`('refuses $what', ({ text, message }) => {
  expect(() => read(text)).toThrow(new InputError(message))
})

test('refuses a line that the environment sets, too, unless no value stands above it', () => {
  expect(() => read('A=hush\nB=hush', ['B'])).toThrow(
    new InputError(
      `the input "variables", line 2: B is set in the step's environment too, so this may be a further line of the value of line 1: set it in one of the two places, or ${HOW}`,
    ),
  )
  expect(read('B=1\nA=2', ['B'])).toEqual({ B: '1', A: '2' })
  expect(read('B<<EOF\n1\nEOF\nC=2', ['B', 'C'])).toEqual({ B: '1', C: '2' })
})

/** Secrets of several lines as people have them. */
const LONG_SECRETS: Readonly<Record<string, string>> = {
  'two lines of base64': 'cXV4cXV4cXV4cXV4cXV4\nQmFzZTY0TGluZQ==',
  'base64 with one =': 'cXV4cXV4cXV4cXV4cXV4\nQmFzZTY0TGluZTE=',
  'a key in PEM': '-----BEGIN PRIVATE KEY-----\nMIIEvQ+/abc=\n-----END PRIVATE KEY-----\n',
  'a file of variables': 'FIRST=1\nSECOND=2\n# third\nTHIRD=3',
  'JSON over several lines': '{\n  "type": "service_account",\n  "key": "x=y"\n}',
  'a line break at the end': 'hush\n',
  'two line breaks at the end': 'hush\n\n',
  'a line break at the beginning': '\nhush',
  'Windows line ends': 'one\r\ntwo=2\r\n',
  'a carriage return at the end': 'hush\r',
  'a block within': 'one\nOTHER<<EOF\ntwo\nEOF\nthree',
  'its own block': 'one\nEOF\nOTHER<<EOF\ntwo',
  'an empty line in it': 'one\n\ntwo',
  'spaces around it': '  hush  ',
  'a second line like a variable of the input': 'one\nB=two',
  'a second line like a variable of the environment': 'one\nC=two',
  'a second line like a block': 'one\nC<<X\ntwo\nX',
  'spaces only': '   ',
  nothing: '',
}

/** How GitHub's templates put a value into each documented form. */
const FORMS: Readonly<Record<string, (value: string) => string>> = {
  'a line': (value) => `A=${value}\n`,
  'a line among others': (value) => `LAST=1\nA=${value}\nB=2\n`,
  'a line above a block': (value) => `A=${value}\nB<<EOF\n2\nEOF\n`,
  'a block': (value) => `A<<EOF\n${value}\nEOF\n`,
  'a block among others': (value) => `LAST<<EOF\n1\nEOF\nA<<EOF\n${value}\nEOF\nB<<EOF\n2\nEOF\n`,
  'a block above a line': (value) => `A<<EOF\n${value}\nEOF\nB=2\n`,
  'a JSON object': (value) => `{"B": "2", "A": ${JSON.stringify(value)}}`,
  'all secrets': (value) => JSON.stringify({ A: value, B: '2', OTHER: 'x' }, null, 2),
}

/**
 * The value as it arrives, or `null` where the input is refused. The workflow gives each name that the configuration uses somewhere: in
 * the input, as the form does it, or in the environment.
 */
function arrives(paste: (value: string) => string, value: string): string | null {
  const given = paste('')
  const environment = [...USED].filter((name) => name !== 'A' && !new RegExp(`\\b${name}\\b`).test(given))
  try {
    return read(paste(value), environment).A ?? 'not there'
  } catch (error) {
    if (error instanceof InputError) return null
    throw error
  }
}

describe.each(Object.entries(FORMS))('in %s', (form, paste) => {
  test.each(Object.entries(LONG_SECRETS))('a secret of %s arrives whole or is refused', (_, value) => {
    const arrived = arrives(paste, value)
    if (arrived !== null) expect(arrived).toBe(value)
    if (!/line/.test(form) && value !== LONG_SECRETS['its own block'] && value !== LONG_SECRETS['a block within'])
      expect(arrived, 'blocks and JSON take all of these').toBe(value)
  })

  test('any value arrives whole or is refused', () => {
    const piece = fc.oneof(
      {
        weight: 3,
        arbitrary: fc.constantFrom(
          '\n',
          '\r',
          ' ',
          '=',
          '<<',
          '#',
          '{',
          '}',
          '"',
          '\\',
          'EOF',
          'OTHER',
          'Zm8=',
          '\nB=',
          '\nC=x',
          '\nD<<EOF\n',
        ),
      },
      { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 5 }) },
    )
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
        (value) => {
          const arrived = arrives(paste, value)
          if (arrived !== null) expect(arrived).toBe(value)
        },
      ),
      { numRuns: 3000 },
    )
  })
})

test('a value of one line arrives in every form', () => {
  const value = fc.string({ unit: 'grapheme' }).filter((text) => !/[\r\n]|EOF|^\s*\w+\s*=/.test(text))
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(FORMS)), value, (paste, text) => {
      expect(arrives(paste, text)).toBe(text)
    }),
  )
})

test('a broken input throws an InputError only, and never shows a value', () => {
  const secret = 'qzx7_secret_value'
  const piece = fc.constantFrom(secret, '=', '<<', 'A', 'B', '\n', ' ', '{', '}', '"', ':', ',', 'EOF')
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      try {
        read(pieces.join(''))
      } catch (error) {
        expect(error).toBeInstanceOf(InputError)
        if (!pieces.includes('{')) expect(String((error as Error).stack)).not.toContain(secret)
        expect((error as Error).cause).toBeUndefined()
      }
    }),
    { numRuns: 2000 },
  )
})
