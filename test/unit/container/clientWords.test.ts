import { expect, test } from 'vitest'
import { filterClientWords } from '../../../src/container/clientWords.ts'

const FAILED =
  "Error response from daemon: error while mounting volume '/v/x/_data': failed to mount local volume: mount //nas/s:/v/x/_data, data: password=hun: ter,2: no such device\nError: failed to start containers: 1\n"
const SHOWN = FAILED.replace('password=hun: ter,2', '***')

/** All that is shown of an output that comes in these chunks. */
function shown(chunks: readonly string[]): string {
  const filter = filterClientWords()
  return [...chunks.map((chunk) => filter.take(Buffer.from(chunk)).toString()), filter.rest().toString()].join('')
}

test.each([1, 7, 40, 1000])('the client words of a mount that failed are masked, in pieces of %i', (size) => {
  const chunks = FAILED.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g')) ?? []
  expect(shown(chunks)).toBe(SHOWN)
  expect(shown([FAILED.replace('hun: ter', 'hun\nter')])).toBe(SHOWN)
})

test.each([
  ['password=hunter2 mount'],
  ['Error'],
  ['Error response from daemon: no such container\n', 'more mount password=x\n'],
  ['\n', FAILED],
  [`Error response from daemon: ${'x'.repeat(100_000)}`, 'y'],
])('all else is the container’s own, byte for byte: %j', (...chunks) => {
  expect(shown(chunks)).toBe(chunks.join(''))
})

test('what is not held back passes at once', () => {
  const filter = filterClientWords()
  expect(filter.take(Buffer.from('Err')).toString()).toBe('')
  expect(filter.take(Buffer.from('ata')).toString()).toBe('Errata')
})
