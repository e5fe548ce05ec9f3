import { expect, test } from 'vitest'
import { publicDrill, publicRestore } from '../../../src/report/publicPage.ts'
import { check, drilled, drillReport } from './drills.ts'
import { instance } from './reports.ts'

test('strangers read no names of files and tables of a drill, and no words of its container', () => {
  const sentence = 'volume data is not what was backed up: "letter-to-Anna.pdf" did not come back'
  const made = drillReport({
    warnings: ['family/divorce.sh is gone'],
    instances: [
      drilled({
        verdict: 'failed',
        error: sentence,
        warnings: ['see divorce.txt'],
        checks: [check({ passed: false, seen: sentence })],
        rows: [{ target: 'db', path: 'db/db/all.sql', table: 'shop.public.divorces', expected: 1, found: 1 }],
        stderr: ['cannot read letter-to-Anna.pdf'],
        point: { id: '1', time: null, text: 'partial letter-to-Anna.pdf' },
        hashes: [
          { target: '', path: 'manifest.json', sha256: 'a'.repeat(64) },
          { target: 'db', path: 'db/db/divorces.sql', sha256: 'b'.repeat(64) },
        ],
      }),
    ],
  })
  const shown = publicDrill(made)
  expect(JSON.stringify(shown)).not.toMatch(/Anna|divorce/)
  expect(shown.instances[0]).toMatchObject({
    verdict: 'failed',
    error: 'volume data is not what was backed up: "…" did not come back',
    point: { id: '1', time: null, text: 'partial' },
    hashes: [
      { target: '', path: 'manifest.json', sha256: 'a'.repeat(64) },
      { target: 'db', path: '…', sha256: 'b'.repeat(64) },
    ],
  })
})

test('strangers read no names of files of a restore, and where the data is', () => {
  const shown = publicRestore({
    version: 1,
    result: 'failed',
    dryRun: false,
    host: 'nas',
    repository: 'o/r',
    runUrl: null,
    configFile: 'config.yml',
    into: 'new',
    point: 'latest',
    backupOf: null,
    points: [{ id: '1', time: null, text: '/home/Anna divorce' }],
    restored: [{ kind: 'volume', name: 'data', to: 'data-restored.old', kept: null }],
    warnings: ['see divorce.txt'],
    errors: ['family/divorce.sh is gone'],
    instance: instance({
      status: 'failed',
      error: '"letter-to-Anna.pdf" of data-restored.old',
      tail: ['Anna'],
      stderr: ['Anna'],
      warnings: ['family/divorce.sh'],
    }),
  })
  expect(JSON.stringify(shown)).not.toMatch(/Anna|divorce/)
  expect(shown.points).toEqual([{ id: '1', time: null, text: '' }])
  expect(shown.instance.error).toBe('"…" of data-restored.old')
})
