import { expect, test } from 'vitest'
import { redactReport } from '../../../src/report/redact.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'
import { instance, report } from './reports.ts'

test('texts of users, tools and containers lose their secrets; ids, links and paths stay whole', () => {
  const made = report({
    runUrl: 'https://github.com/octo/backup/actions/runs/1',
    repository: 'octo/backup',
    configFile: 'backup.yml',
    host: 'backup-host',
    warnings: ['a backup'],
    instances: [instance({ id: 'backup', error: 'backup failed', tail: ['backup'], log: '/t/backup.log' })],
  })
  const shown = redactReport(made, createRedactor(['backup']).text)
  expect(shown).toMatchObject({
    runUrl: 'https://github.com/octo/backup/actions/runs/1',
    repository: 'octo/backup',
    configFile: 'backup.yml',
    host: '***-host',
    warnings: ['a ***'],
    instances: [{ id: 'backup', error: '*** failed', tail: ['***'], log: '/t/backup.log' }],
  })
})
