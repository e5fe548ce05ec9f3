/** What becomes of whatever a phase throws: a sentence for people, and "a bug" only where it is one. */

import { expect, test } from 'vitest'
import {
  ApplicationDownError,
  CancelledError,
  CommandError,
  DockerUnavailableError,
  InstanceError,
  RestoreFailedError,
} from '../../../src/errors.ts'
import { openAbort } from '../../../src/instance/abort.ts'
import { explainFailure, type InstanceRun } from '../../../src/instance/instanceRun.ts'

function explained(error: unknown, abort = openAbort(new AbortController().signal)): string {
  const said: string[] = []
  const report = { fail: (sentence: string) => said.push(sentence), cancel: (words: string) => said.push(words) }
  explainFailure({ report, abort } as unknown as InstanceRun, error)
  return said.join('; ')
}

function systemError(code: string, message: string): Error {
  return Object.assign(new Error(message), { code, errno: -1, syscall: 'write' })
}

test.each([
  [new InstanceError('volume data is gone'), /^volume data is gone$/],
  [new CommandError('it failed', { ended: { kind: 'exit', code: 1 }, stderr: '' }), /^it failed$/],
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

test('an application that stays down is told beside a cancel and beside the deadline', () => {
  const down = new ApplicationDownError('container "web" could not be started again')
  const cancel = new AbortController()
  cancel.abort()
  expect(explained(down, openAbort(cancel.signal))).toBe('cancelled; container "web" could not be started again')
  const over = new AbortController()
  const abort = openAbort(new AbortController().signal)
  abort.also(over.signal, 'it did not end within 5 s: raise timeout')
  over.abort()
  expect(explained(down, abort)).toBe(
    'it did not end within 5 s: raise timeout; container "web" could not be started again',
  )
})

test('what a restore did to data is told beside a cancel, the deadline, and its own cause', () => {
  const failed = (cause: Error) => new RestoreFailedError(cause, 'The old data is in place again')
  const cancel = new AbortController()
  cancel.abort()
  expect(explained(failed(new CancelledError()), openAbort(cancel.signal))).toBe(
    'cancelled. The old data is in place again',
  )
  const abort = openAbort(new AbortController().signal)
  abort.also(AbortSignal.abort(), 'it did not end within 5 s')
  expect(explained(failed(new CancelledError()), abort)).toBe(
    'it did not end within 5 s. The old data is in place again',
  )
  expect(explained(failed(new InstanceError('no room')))).toBe('no room. The old data is in place again')
  expect(explained(failed(new TypeError('x is undefined')))).toMatch(
    /^a bug in Marina.*TypeError.*\. The old data is in place again$/s,
  )
})
