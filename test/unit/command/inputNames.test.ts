import { expect, test } from 'vitest'
import { checkInputNames } from '../../../src/command/inputNames.ts'

test.each([
  ['instance', 'instances'],
  ['instanzes', 'instances'],
  ['dry_run', 'dry-run'],
  ['dryrun', 'dry-run'],
  ['max_paralell', 'max-parallel'],
  ['configs', 'config'],
])('the input %s is refused: %s is meant', (name, meant) => {
  expect(() => checkInputNames([name], {})).toThrow(`Input ${name} is unknown: did you mean ${meant}?`)
})

test('all of them are said at once', () => {
  expect(() => checkInputNames(['dry_run', 'instance'], {})).toThrow(/^Input dry_run .*\nInput instance /)
})

test('one that is near none may be another action’s: the platform warns of it', () => {
  expect(checkInputNames(['who-to-greet'], {})).toBeNull()
  expect(checkInputNames([], {})).toBeNull()
})

test.each(['ACT', 'GITEA_ACTIONS', 'FORGEJO_ACTIONS'])(
  'where inputs of a composite action reach its steps (%s), it is only said',
  (platform) => {
    expect(checkInputNames(['instance'], { [platform]: 'true' })).toBe(
      'Input instance is unknown: did you mean instances? It is ignored',
    )
  },
)

test('another word for an input is only said: a job may have INPUT_… variables of its own', () => {
  expect(checkInputNames(['backup'], {})).toBe('Input backup is unknown: did you mean instances? It is ignored')
  expect(checkInputNames(['secrets'], {})).toBe('Input secrets is unknown: did you mean variables? It is ignored')
})
