/** On a public repository our own sentences keep their words: whatever stands in the source behind "path" or "script" is no name. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { withoutFileNames } from '../../../src/report/hideFileNames.ts'

const SOURCE = join(import.meta.dirname, '../../../src')
const texts = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) => [...readFileSync(join(SOURCE, name), 'utf8').matchAll(/`(?:[^`\\]|\\.)*`|'(?:[^'\\\n]|\\.)*'/g)])
  .map(([text]) => text)
const behind = texts
  .flatMap((text) => [...text.matchAll(/\b(?:path|script|link at|directory at) ([a-z]+)/g)])
  .filter(([, word = '']) => !['photos', 'secret'].includes(word)) // names in examples

test.each([...new Set(behind.map(([said]) => said))])('"%s" stays', (said) => {
  expect(withoutFileNames(`it ${said} so`, new Set())).toBe(`it ${said} so`)
})

test('such sentences are found', () => expect(behind.length).toBeGreaterThan(15))

test.each([
  'its script ended with exit code 1 after 1.8 s',
  'the script ended with exit code 3',
  'the script went on and ended with exit code 0',
  'memory ran out, and a process that the script had started was killed',
  'a mount needs a target: a path in the backup container',
  'its path is from the root of the repository',
])('whole: %s', (sentence) => {
  expect(withoutFileNames(sentence, new Set())).toBe(sentence)
})
