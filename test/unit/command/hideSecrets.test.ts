import { describe, expect, test } from 'vitest'
import { decideMasking, hideFound, openSecretRegister } from '../../../src/command/hideSecrets.ts'
import type { SecretText } from '../../../src/config/secretValues.ts'

const secret = (value: string, more: Partial<SecretText> = {}): SecretText => ({
  value,
  origin: 'the variable X',
  isCertain: true,
  ...more,
})
const PREFIX = { origin: '`env.S3_KEY_PREFIX` of instance a', isCertain: false }
const OPEN = ['photos-of-nas', 'https://github.com/octo/vault/actions/runs/1001', '/temp/marina-1']

const decide = (...secrets: SecretText[]) => {
  const { masked, notice, warnings } = decideMasking(secrets, OPEN)
  return { masked: masked.map(({ value }) => value), notice, warnings }
}
const HIDES =
  /^Masked as \*\*\* wherever it stands, though it is an everyday word or stands in an id, a link or a path of this run: the value of the variable X\. /
const NOT_MASKED =
  'Not masked, since the name tells of something else than a secret, and the value is an everyday word or stands in an id, a link or a path of this run: `env.S3_KEY_PREFIX` of instance a.'

test('a secret that is nowhere else is masked without a word', () => {
  expect(decide(secret('hunter22'), secret('archive/2026', PREFIX))).toEqual({
    masked: ['hunter22', 'archive/2026'],
    notice: null,
    warnings: [],
  })
})

test.each(['backup', 'Backup', ' backup\n', 'photos', 'vault', 'octo', '/temp', 'of-nas', 'https'])(
  'a secret %j is masked, which is said once, with its name and not with its value',
  (value) => {
    const { masked, notice, warnings } = decide(secret(value), secret(value))
    expect([...new Set(masked)]).toEqual([value])
    expect(notice).toBeNull()
    expect(warnings).toEqual([expect.stringMatching(HIDES)])
  },
)

test('a prefix that is an everyday word is not masked, which is said once', () => {
  expect(decide(secret('backup', PREFIX), secret('hunter22'))).toEqual({
    masked: ['hunter22'],
    notice: NOT_MASKED,
    warnings: [],
  })
})

test('a word that is a secret elsewhere is masked there and here', () => {
  expect(decide(secret('backup', PREFIX), secret('backup'))).toMatchObject({
    masked: ['backup', 'backup'],
    notice: null,
  })
})

test('short ones cannot be masked', () => {
  expect(decide(secret('nas'), secret('abc'))).toMatchObject({
    warnings: ['2 secrets are shorter than 4 characters and cannot be masked: use longer ones.'],
  })
})

test('the runner is told of each value once, and the redactor knows them all', () => {
  const told: string[] = []
  const console = { mask: (values: readonly string[]) => void told.push(...values) }
  const register = openSecretRegister(console as never)
  register.add(['first-secret'])
  register.add(['first-secret', 'second-secret'])
  expect(told).toEqual([...new Set(told)])
  expect(told).toEqual(expect.arrayContaining(['first-secret', 'second-secret']))
  expect(register.redactor.text('first-secret, second-secret')).toBe('***, ***')
})

describe('a password that is found during the run, in the command line of a server', () => {
  const ORIGIN = 'the password of database container "shop-redis-1"'
  function found(planned: readonly string[] = []) {
    const told: string[] = []
    const console = { mask: (values: readonly string[]) => void told.push(...values) }
    const register = openSecretRegister(console as never)
    const hide = hideFound(register, OPEN, planned)
    return { told, register, hide }
  }

  test('is masked without a word and told to the runner', () => {
    const { told, register, hide } = found()
    expect(hide(['hunter22'], ORIGIN)).toBeNull()
    expect(told).toContain('hunter22')
    expect(register.redactor.text('hunter22')).toBe('***')
  })

  test.each(['redis', 'backup', 'cache', 'data', 'Backup', 'photos', '/temp', 'shop-redis-1', 'shop'])(
    'is masked, named once and not told to the runner where it is %j',
    (value) => {
      const { told, register, hide } = found()
      const sentence = hide([value, 'hunter22'], ORIGIN)
      expect(sentence).toMatch(
        /^Masked as \*\*\* wherever Marina writes it, .*: the password of database container "shop-redis-1"\. /,
      )
      expect(told).toContain('hunter22')
      expect(told).not.toContain(value)
      expect(register.redactor.text(value)).toBe('***')
      expect(hide([value], ORIGIN)).toBeNull()
    },
  )

  test('is not named again where the plan has named it', () => {
    expect(found(['backup']).hide(['backup'], ORIGIN)).toBeNull()
  })

  test('is left alone where it is too short to be masked', () => {
    const { told, hide } = found()
    expect(hide(['nas'], ORIGIN)).toBeNull()
    expect(told).toEqual([])
  })

  test('of the host alone is never told to the runner', () => {
    const { told, register, hide } = found()
    expect(hide(['hunter22'], ORIGIN, 'untold')).toBeNull()
    expect(hide(['backup'], ORIGIN, 'untold')).toMatch(/^Masked as/)
    expect(told).toEqual([])
    expect(register.redactor.text('hunter22 backup')).toBe('*** ***')
  })
})
