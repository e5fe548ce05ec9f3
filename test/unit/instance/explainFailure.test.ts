/** What becomes of whatever a phase throws: a sentence for people, and "a bug" only where it is one. */

import { expect, test } from 'vitest'
import { CommandError, DockerUnavailableError, InstanceError } from '../../../src/errors.ts'
import { openAbort } from '../../../src/instance/abort.ts'
import { explainFailure, type InstanceRun } from '../../../src/instance/instanceRun.ts'

function explained(error: unknown, abort = openAbort(new AbortController().signal)): string {
  const said: string[] = []
  const report = { fail: (sentence: string) => said.push(sentence), cancel: () => said.push('cancelled') }
  explainFailure({ report, abort } as unknown as InstanceRun, error)
  return said.join('; ')
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, errno: -1, syscall: 'write' })
}

test.each([
  [new InstanceError('volume data is gone'), /^volume data is gone$/],
  [new CommandError('it failed', { argv: [], ended: { kind: 'exit', code: 1 }, stderr: '' }), /^it failed$/],
  [new DockerUnavailableError('no client'), /^no client$/],
  [
    systemError('ENOSPC', 'ENOSPC: no space left on device, write'),
    /^the runner's operating system refused something: ENOSPC: no space left on device, write\. See its disk/,
  ],
  [systemError('EPIPE', 'write EPIPE'), /^the runner's operating system refused something: write EPIPE/],
  [systemError('E2BIG', 'spawn E2BIG'), /^the runner's operating system refused something: spawn E2BIG/],
  [new TypeError('x is undefined'), /^a bug in Marina, please report it: TypeError: x is undefined/],
  ['a string', /^a bug in Marina, please report it: .*a string/],
])('%s', (error, sentence) => expect(explained(error)).toMatch(sentence))

test('the abort explains more than the step that it broke', () => {
  const cancel = new AbortController()
  cancel.abort()
  expect(explained(new InstanceError('broken'), openAbort(cancel.signal))).toBe('cancelled')
  const lost = new AbortController()
  const abort = openAbort(new AbortController().signal)
  abort.also(lost.signal, 'the helper died')
  lost.abort()
  expect(abort.signal.aborted).toBe(true)
  expect(explained(new InstanceError('broken'), abort)).toBe('the helper died')
})
