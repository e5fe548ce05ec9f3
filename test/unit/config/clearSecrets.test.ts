import fc from 'fast-check'
import { expect, test } from 'vitest'
import { clearSecret } from '../../../src/config/clearSecrets.ts'

// written in parts, so that no scanner of secrets takes this file for one
const token = (...parts: string[]) => parts.join('')
const LONG = 'AbCdEfGhIjKlMnOpQrStUvWxYz0123456789'

test.each([
  ['X', token('-----BEGIN OPENSSH ', 'PRIVATE KEY-----\nb3Blbn\n-----END OPENSSH PRIVATE KEY-----'), 'a private key'],
  ['X', token('-----BEGIN ', 'PRIVATE KEY-----'), 'a private key'],
  ['X', token('-----BEGIN PGP ', 'PRIVATE KEY BLOCK-----'), 'a private key'],
  ['X', token('AGE-SECRET-', 'KEY-1QQPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L'), 'a private key'],
  ['AWS_ACCESS_KEY_ID', token('AKIA', 'IOSFODNN7EXAMPLE'), 'the id of an AWS access key'],
  ['X', token('ASIA', 'IOSFODNN7EXAMPLE'), 'the id of an AWS access key'],
  ['X', token('ghp', '_', LONG), 'a GitHub token'],
  ['X', token('https://', 'ghs', '_', LONG, '@github.com/o/r'), 'a GitHub token'],
  ['X', token('github', '_pat_', LONG), 'a GitHub token'],
  ['X', token('glpat', '-', LONG.slice(0, 20)), 'a GitLab token'],
  ['X', token('xoxb', '-123456789012-', LONG), 'a Slack token'],
  ['X', token('https://hooks.slack.com', '/services/T000/B000/', LONG), 'the address of a Slack webhook'],
  ['X', token('sk', '_live_', LONG), 'a Stripe key'],
  ['X', token('rk', '_test_', LONG), 'a Stripe key'],
  ['X', token('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0.', LONG), 'a JSON Web Token'],
  ['X', 'postgres://app:hunter2@db/shop', 'a URL with a password'],
  ['X', 'rest:https://me:s3cret@backup.example.com/', 'a URL with a password'],
  ['X', 'redis://:hunter2@cache:6379', 'a URL with a password'],
  ['X', `\${URL:-postgres://app:hunter2@db/shop}`, 'a URL with a password'],
  ['RESTIC_PASSWORD', 'x9$$kQ!2p&Zr#7', 'a value that looks like a secret'],
  ['AWS_SECRET_ACCESS_KEY', token('wJalrXUtnFEMI/K7MDENG', '/bPxRfiCYEXAMPLEKEY'), 'a value that looks like a secret'],
  ['api-token', '0123456789abcdef0123456789abcdef01234567', 'a value that looks like a secret'],
  [
    'ENCRYPTION_KEY',
    '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
    'a value that looks like a secret',
  ],
  ['TOTP_SECRET', 'JBSWY3DPEHPK3PXP', 'a value that looks like a secret'],
  ['B2_ACCOUNT_KEY', `\${KEY:-K001x7Gh2kLm9QwErTy5UiOp}`, 'a value that looks like a secret'],
])('%s: %s', (name, value, kind) => expect(clearSecret(name, value)).toBe(kind))

test.each([
  ['RESTIC_PASSWORD', `\${RESTIC_PASSWORD}`],
  ['TOKEN', '$TOKEN'],
  ['TOKEN', `\${TOKEN:-}`],
  ['DATABASE_URL', `postgres://app:\${DB_PASSWORD}@db/shop`],
  ['DATABASE_URL', 'postgres://app@db/shop'],
  ['RESTIC_REPOSITORY', 'rest:https://backup.example.com:8000/path@2'],
  ['WEBHOOK', 'https://hc-ping.com/0f6b1a3c-5b1e-4a2f-9c3d-2b1a0f6b1a3c'],
  ['SECRET_URL', 'https://vault.example.com/v1/aB3dE5fG7hI9jK1l'],
  ['TOKEN', '0f6b1a3c-5b1e-4a2f-9c3d-2b1a0f6b1a3c'],
  ['KEY', 'sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['CACHE_KEY', '3f786850e387550fdab836ed7e6dc881de23001b'],
  ['EXPECTED_SHA256', '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['IMAGE', 'alpine@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'],
  ['GPG_KEY', '0123456789ABCDEF0123456789ABCDEF01234567'],
  ['SSH_KEY', '/run/secrets/aB3dE5fG7hI9jK1l'],
  ['SSH_HOST_KEY', 'SHA256:uNiVztksCsDhcc0u9e8BrqUJDYI0e1F0aX7W5m6Vt3E'],
  ['RESTIC_PASSWORD_FILE', 'secrets/aB3dE5fG7hI9jK1l'],
  ['AGE_PUBLIC_KEY', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
  ['RECIPIENT_KEY', 'age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p'],
  ['DEPLOY_KEY', 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl me'],
  ['S3_KEY_PREFIX', 'aB3dE5fG7hI9jK1l'],
  ['SECRET_NAME', 'prod-backup-restic-2024'],
  ['AWS_SECRET', 'prod/backup/restic-main'],
  ['KEY', 'BackupOfTheShopEuCentral1'],
  ['ALLOW_EMPTY_PASSWORD', 'yes'],
  ['KEYBOARD_LAYOUT', 'de-nodeadkeys-105'],
  ['X', 'aB3dE5fG7hI9jK1l'],
  ['BACKUP_COMPASS', 'north-northwest'],
  ['PGP', '-----BEGIN PGP PUBLIC KEY BLOCK-----'],
  ['TZ', 'Europe/Berlin'],
  ['TOKEN_TTL', '2592000seconds'],
])('%s: %s is none', (name, value) => expect(clearSecret(name, value)).toBeNull())

test('what is drawn by chance is found under a telling name, but for one in thousands, and a variable never', () => {
  const names = fc.constantFrom(
    'RESTIC_PASSWORD',
    'BORG_PASSPHRASE',
    'CLIENT_SECRET',
    'apiToken',
    'B2_KEY',
    'access_key',
  )
  // a value can look like words by chance: about 1 of 25,000 does, so the draws are always the same
  const bytes = fc.uint8Array({ minLength: 24, maxLength: 24 })
  const draws = fc.sample(fc.tuple(names, bytes), { seed: 1, numRuns: 5000 })
  const missed = draws.filter(([name, some]) => {
    return clearSecret(name, Buffer.from(some).toString('base64url')) !== 'a value that looks like a secret'
  })
  expect(missed.length).toBeLessThanOrEqual(1)
  fc.assert(
    fc.property(names, fc.stringMatching(/^[A-Z_]{1,40}$/), (name, variable) => {
      expect(clearSecret(name, `\${${variable}}`)).toBeNull()
    }),
  )
})

test('any text is judged without an error, and quickly', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ unit: 'binary', maxLength: 200 }), (name, value) => {
      expect([null, 'string']).toContain(clearSecret(name, value) === null ? null : 'string')
    }),
  )
  const started = performance.now()
  for (const text of ['a'.repeat(200_000), 'a:'.repeat(100_000), 'eyJ'.repeat(70_000), 'http://a:'.repeat(20_000)])
    clearSecret('KEY', text)
  expect(performance.now() - started).toBeLessThan(5000)
})
