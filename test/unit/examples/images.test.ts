/** What holds of every example image: its files, the parts that its scripts share, and which backups they keep. */

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

const FOLDER = join(import.meta.dirname, '../../../examples/images')
const NAMES = readdirSync(FOLDER, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name)
const fileOf = (name: string, file: string) => readFileSync(join(FOLDER, name, file), 'utf8')
const KEPT = /^# Prints which of the times[\s\S]*?^}$/m

test.each(NAMES)(
  '%s: the base is the reader’s choice, both scripts run and are short, and a README of one screen says how',
  (name) => {
    expect(fileOf(name, 'Dockerfile')).toMatch(/^ARG BASE_IMAGE=\S+\nFROM \$\{BASE_IMAGE\}$/m)
    for (const script of ['backup.sh', 'restore.sh']) {
      expect(statSync(join(FOLDER, name, script)).mode & 0o111, script).toBe(0o111)
      execFileSync('sh', ['-n', join(FOLDER, name, script)])
      const text = fileOf(name, script)
      expect(text).toMatch(/^#!\/bin\/sh\n# .*\n(# .*\n)*set -eu\n/)
      expect(text.split('\n').length, script).toBeLessThanOrEqual(64)
    }
    expect(fileOf(name, 'backup.sh')).toMatch(/\bMARINA_PARTIAL\b/)
    expect(fileOf(name, 'backup.sh')).toMatch(/\bMARINA_RESULT\b/)
    expect(fileOf(name, 'restore.sh')).toMatch(/\bMARINA_RESTORE_LIST\b/)
    expect(fileOf(name, 'README.md').split('\n').length).toBeLessThanOrEqual(60)
  },
)

test.each(['backup.sh', 'restore.sh'])('the %s of the three clouds differ only in where they store', (script) => {
  const shared = ['s3', 'gcs', 'azure-blob'].map((name) => fileOf(name, script).split('# From here on')[1])
  expect(shared[0]).toContain('rclone')
  expect(shared).toEqual([shared[0], shared[0], shared[0]])
})

test('one rule says everywhere which backups are kept', () => {
  const rules = [
    's3/backup.sh',
    'airgap-ssh/backup.sh',
    'encrypted/backup.sh',
    'workflow/steps/after/20-retention',
  ].map((path) => KEPT.exec(fileOf('', path))?.[0])
  expect(rules).toEqual([expect.stringMatching(/^kept\(\) \{$/m), rules[0], rules[0], rules[0]])
})

describe('kept', () => {
  const script = `${KEPT.exec(fileOf('s3', 'backup.sh'))?.[0]}\nkept`
  const kept = (rule: string, times: readonly string[]) => {
    const env = { ...process.env, MARINA_RETENTION: rule }
    const said = execFileSync('sh', ['-euc', script], { env, input: times.map((time) => `${time}\n`).join('') })
    return said.toString().split('\n').filter(Boolean)
  }

  test.each(['7d:4w:6m', '24h', '2y', '3:2:5', '5d', '2w', '12m:3y', ':4', '1d:1w', '48h:7d:4w:12m:2y', '0d:3w'])(
    '%s: the last backup of each span, over two years with leap day and turn of the year',
    (rule) => {
      const times = nightly(Date.UTC(2027, 6, 3, 2, 17), 420, 17.3)
      expect(kept(rule, times)).toEqual(expected(rule, times))
    },
  )

  test('nothing to read is an error, so that nothing is deleted', () => {
    expect(() => kept('7d', [])).toThrow()
  })
})

/** Times of backups from a first one on, so many hours apart. */
function nightly(first: number, count: number, hours: number): string[] {
  return Array.from({ length: count }, (_, at) =>
    new Date(first + at * hours * 3_600_000)
      .toISOString()
      .replace(/[-:]|\..*/g, '')
      .replace('T', '-'),
  )
}

/** The same rule in another language, newest first. */
function expected(rule: string, times: readonly string[]): string[] {
  const newestFirst = [...times].sort().reverse()
  const keep = new Set<string>()
  for (const [at, part] of rule.split(':').entries()) {
    const unit = /[a-z]$/.exec(part)?.[0] ?? 'dwm'[at]
    const spans = new Map<string, string>()
    for (const time of newestFirst) {
      const span = spanOf(time, unit ?? '')
      if (!spans.has(span)) spans.set(span, time)
    }
    for (const time of [...spans.values()].slice(0, Number.parseInt(part, 10) || 0)) keep.add(time)
  }
  return newestFirst.filter((time) => keep.has(time))
}

function spanOf(time: string, unit: string): string {
  const [, y, m, d, h] = /^(....)(..)(..)-(..)/.exec(time) ?? []
  const day = Date.UTC(Number(y), Number(m) - 1, Number(d)) / 86_400_000
  const spans: Readonly<Record<string, string>> = {
    h: `${y}${m}${d}${h}`,
    d: `${y}${m}${d}`,
    w: String(Math.floor((day + 3) / 7)), // the first of January 1970 was a Thursday
    m: `${y}${m}`,
    y: String(y),
  }
  return spans[unit] ?? ''
}
