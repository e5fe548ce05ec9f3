import { expect, test } from 'vitest'
import { decideMasking, openSecretRegister } from '../../../src/command/hideSecrets.ts'
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
