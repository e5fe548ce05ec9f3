// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${VAR}` is the language under test
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fillTemplate, isOpen, parseTemplate } from '../../../src/config/interpolation.ts'

const VALUES: Readonly<Record<string, string>> = { A: 'one', B_2: 'two $A ${A} $$', EMPTY: '' }
const fill = (text: string) => fillTemplate(parseTemplate(text), (name) => VALUES[name])

test.each`
  text                     | becomes
  ${'plain'}               | ${'plain'}
  ${'$A'}                  | ${'one'}
  ${'${A}'}                | ${'one'}
  ${'x${A}y$A-z'}          | ${'xoneyone-z'}
  ${'$A$A${A}'}            | ${'oneoneone'}
  ${'$AB${A}'}             | ${'one'}
  ${'${B_2}'}              | ${'two $A ${A} $$'}
  ${'$$A'}                 | ${'$A'}
  ${'$${A}'}               | ${'${A}'}
  ${'$$$A'}                | ${'$one'}
  ${'$$$$'}                | ${'$$'}
  ${'${A:-else}'}          | ${'one'}
  ${'${NONE:-else}'}       | ${'else'}
  ${'${EMPTY:-else}'}      | ${'else'}
  ${'${NONE:-}'}           | ${''}
  ${'${NONE:-a:-b}'}       | ${'a:-b'}
  ${'${NONE:-two\nlines}'} | ${'two\nlines'}
  ${'${NONE:-5$ or $$A}'}  | ${'5$ or $A'}
  ${'$'}                   | ${'$'}
  ${'costs 5$'}            | ${'costs 5$'}
  ${'$1 $? $( $" $-'}      | ${'$1 $? $( $" $-'}
  ${'{A} }'}               | ${'{A} }'}
`('$text', ({ text, becomes }) => {
  expect(fill(text).text).toBe(becomes)
})

test.each`
  text                       | problem
  ${'${'}                    | ${'a variable begins with a dollar sign and `{` but has no `}`: write `$$` for a dollar sign'}
  ${'${}'}                   | ${'`${}` is not a variable: `${NAME}` and `${NAME:-default}` are; write `$$` for a dollar sign'}
  ${'${A-b}'}                | ${'`${A-b}` is not a variable: `${NAME}` and `${NAME:-default}` are; write `$$` for a dollar sign'}
  ${'${A:?b}'}               | ${'`${A:?b}` is not a variable: `${NAME}` and `${NAME:-default}` are; write `$$` for a dollar sign'}
  ${'${{ secrets.A }}'}      | ${"`${{ … }}` is GitHub's and is not read here: hand the value over by the input `variables` and write `${NAME}`"}
  ${'${A:-$B}'}              | ${'the default of `${A:-…}` holds another variable, which is not taken: write `$$` for a dollar sign'}
  ${'${A:-${B}}'}            | ${'the default of `${A:-…}` holds another variable, which is not taken: write `$$` for a dollar sign'}
  ${'$ACTIONS_ID_TOKEN'}     | ${'`${ACTIONS_ID_TOKEN}` belongs to the runner and is not handed to a backup: choose another name'}
  ${'${INPUT_VARIABLES:-x}'} | ${'`${INPUT_VARIABLES}` belongs to the runner and is not handed to a backup: choose another name'}
  ${'$State_x'}              | ${'`${State_x}` belongs to the runner and is not handed to a backup: choose another name'}
`('$text is refused', ({ text, problem }) => {
  expect(parseTemplate(text).problems).toEqual([problem])
  expect(isOpen(text)).toBe(true)
})

test.each(['$ACTION', '${GITHUB_TOKEN}', '$INPUTS', '${MY_ACTIONS_X}'])('%s is nobody else’s', (text) => {
  expect(parseTemplate(text).problems).toEqual([])
})

test('what is missing, and whether it is empty', () => {
  expect(fill('$A ${EMPTY} $NONE ${NONE:-} ${EMPTY:-x}').missing).toEqual([
    { name: 'EMPTY', empty: true },
    { name: 'NONE', empty: false },
  ])
})

test('the values that came from variables, not the defaults', () => {
  expect(fill('${A} ${NONE:-default} ${EMPTY:-x} ${B_2:-y}').values).toEqual([
    { name: 'A', value: 'one' },
    { name: 'B_2', value: 'two $A ${A} $$' },
  ])
})

describe('any text', () => {
  const text = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.array(fc.constantFrom('$', '{', '}', 'A', ':-', '_', '1', '\n', '$$', '${A}')).map((all) => all.join('')),
  )

  test('is itself again, every $ doubled', () => {
    fc.assert(
      fc.property(text, (any) => {
        const doubled = any.replaceAll('$', '$$$$')
        expect(isOpen(doubled)).toBe(false)
        expect(fill(doubled)).toMatchObject({ text: any, missing: [], values: [] })
      }),
    )
  })

  test('is taken apart without loss, or is a problem; nothing is thrown', () => {
    fc.assert(
      fc.property(text, (any) => {
        const { parts, problems } = parseTemplate(any)
        if (problems.length > 0) return
        const again = parts.map((part) =>
          typeof part === 'string'
            ? part.replaceAll('$', '$$$$')
            : `\${${part.name}${part.fallback === null ? '' : `:-${part.fallback.replaceAll('$', '$$$$')}`}}`,
        )
        const settled = fillTemplate(parseTemplate(again.join('')), (name) => VALUES[name])
        expect(settled).toEqual(fill(any))
      }),
      { numRuns: 1000 },
    )
  })

  test('a value is never read as a template', () => {
    fc.assert(
      fc.property(text, (value) => {
        fc.pre(value !== '')
        expect(fillTemplate(parseTemplate('<$X>'), () => value).text).toBe(`<${value}>`)
      }),
    )
  })
})
