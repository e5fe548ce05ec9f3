/** Sentences of errors: none has two marks beside each other, however they are put together. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { reason } from '../../src/docker/callResult.ts'
import { joinSentences } from '../../src/format.ts'

const SOURCE = join(import.meta.dirname, '../../src')
/** Two marks where one belongs; `…`, `::` of IPv6 and a closing quote or bracket between them are none. */
const GLUED = /[.?!;,][.?!;,:]|:[.?!;,]/
const RAISED =
  /(?:new (?:Instance|Input|Command|DockerUnavailable)Error|issueAt|unresolved|failed|report\.(?:warn|fail)|host\.warn)\(/g

/** The texts of a source file that become errors and warnings, what is filled in standing as `X`. */
function sentencesOf(source: string): string[] {
  return [...source.matchAll(RAISED)].flatMap(({ index }) => {
    const call = source.slice(index, endOfCall(source, source.indexOf('(', index)))
    return [...call.matchAll(/`((?:[^`\\]|\\.)*)`|'((?:[^'\\\n]|\\.)*)'/g)]
      .map(([, template, text]) => withoutFilled(template ?? text ?? ''))
      .filter((text) => /[a-z] [a-z]/.test(text))
  })
}

function endOfCall(source: string, open: number): number {
  let depth = 0
  for (let at = open; at < source.length; at += 1) {
    if (source[at] === '(') depth += 1
    if (source[at] === ')') depth -= 1
    if (depth === 0) return at
  }
  return source.length
}

function withoutFilled(text: string): string {
  let depth = 0
  let kept = ''
  for (let at = 0; at < text.length; at += 1) {
    if (text.startsWith('${', at)) {
      if (depth === 0) kept += 'X'
      depth += 1
      at += 1
    } else if (depth > 0) {
      if (text[at] === '{') depth += 1
      if (text[at] === '}') depth -= 1
    } else kept += text[at]
  }
  return kept
}

const all = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => sentencesOf(readFileSync(join(SOURCE, name), 'utf8')).map((text) => ({ name, text })))

test('the errors of the source are found', () => {
  expect(all.length).toBeGreaterThan(120)
})

test('no error ends with a mark: others are put behind it', () => {
  expect(all.filter(({ text }) => /[.;:,!]$/.test(text))).toEqual([])
})

test('no error holds two marks beside each other', () => {
  expect(all.filter(({ text }) => GLUED.test(text.replaceAll('...', '')))).toEqual([])
})

const sentence = fc
  .tuple(fc.stringMatching(/^[a-z]+( [a-z]+){0,3}$/), fc.constantFrom('', '?', '.', '!', '…'))
  .map((parts) => parts.join(''))

test('sentences that are joined are not glued', () => {
  fc.assert(
    fc.property(fc.array(sentence, { minLength: 1, maxLength: 5 }), (sentences) => {
      expect(joinSentences(sentences)).not.toMatch(GLUED)
    }),
  )
})

test('docker’s own words end without a mark, so that ours can follow', () => {
  fc.assert(
    fc.property(sentence, fc.constantFrom('', '.', '\n', '?\n', ':'), (words, end) => {
      expect(`${reason({ kind: 'exit', code: 1 }, `${words}${end}`)}. See that`).not.toMatch(GLUED)
    }),
  )
})
