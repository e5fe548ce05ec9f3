import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import {
  CancelledError,
  CommandError,
  ConfigError,
  DockerUnavailableError,
  EngineLostError,
  InputError,
  InstanceError,
  sayError,
} from '../../src/errors.ts'

test.each([
  new InputError('said'),
  new InstanceError('said'),
  new EngineLostError('said'),
  new DockerUnavailableError('said'),
  new CommandError('said', { ended: { kind: 'exit', code: 1 }, stderr: '' }),
])('$name is no bug', (error) => {
  expect(sayError(error)).toBe('said')
})

test('neither is a cancel, nor a wrong configuration', () => {
  expect(sayError(new CancelledError())).toBe('cancelled')
  expect(sayError(new ConfigError('config.yml', []))).toBe('')
})

test('an error of the operating system says so, and what to look at', async () => {
  const error = await readFile('/nowhere/at/all').catch((one: unknown) => one)
  expect(sayError(error)).toMatch(/^the runner's operating system refused something: ENOENT.*\/nowhere\/at\/all.*disk/)
})

test.each([new TypeError('odd'), 'odd', undefined])('anything else is a bug, with its trace: %s', (error) => {
  expect(sayError(error)).toMatch(/^A bug in Marina, please report it: .*(odd|undefined)/s)
})
