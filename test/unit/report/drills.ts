/** Reports of drills for tests: a small whole one, to be changed where a test cares. */
import type { DrillCheck, DrilledInstance, DrillReport } from '../../../src/drillReport.ts'
import type { PastDrill } from '../../../src/outcome.ts'

export function check(changes: Partial<DrillCheck> = {}): DrillCheck {
  return { kind: 'tree', target: 'data', passed: true, looked: true, seen: 'volume data came back', ...changes }
}

export function pastDrill(changes: Partial<PastDrill> = {}): PastDrill {
  return {
    startedAt: '2026-11-28T04:00:00.000Z',
    verdict: 'proven',
    isScheduled: true,
    ageSeconds: 7200,
    restoreSeconds: 12.3,
    runId: '7',
    attempt: 1,
    ...changes,
  }
}

export function drilled(changes: Partial<DrilledInstance> = {}): DrilledInstance {
  return {
    id: 'shop',
    line: 3,
    verdict: 'proven',
    error: null,
    warnings: [],
    point: { id: '20261128-020000', time: '2026-11-28T02:00:00Z', text: 'stored' },
    backupOf: '2026-11-28T02:00:00.000Z',
    ageSeconds: 7200,
    maxAgeSeconds: 93_600,
    rpoMet: true,
    restoreSeconds: 12.3,
    maxDurationSeconds: null,
    rtoMet: null,
    checks: [check()],
    hashes: [{ target: '', path: 'manifest.json', sha256: 'a'.repeat(64) }],
    rows: [{ target: 'db', path: 'db/db/all.sql', table: 'shop.public.orders', expected: 3, found: 3 }],
    images: [{ use: 'backup', name: 'shop', reference: 'img:1', id: 'sha256:1', digest: null }],
    controls: ['ISO27001-A.8.13'],
    tries: 1,
    phases: [{ phase: 'run', startedAt: '2026-11-28T04:00:01.000Z', seconds: 12.3 }],
    startedAt: '2026-11-28T04:00:00.000Z',
    seconds: 14.1,
    history: [pastDrill()],
    log: '/tmp/shop.log',
    stderr: [],
    ...changes,
  }
}

export function drillReport(changes: Partial<DrillReport> = {}): DrillReport {
  return {
    version: 1,
    result: 'proven',
    host: 'nas',
    repository: 'o/r',
    runUrl: null,
    runId: '7',
    attempt: 1,
    configFile: 'config.yml',
    startedAt: '2026-11-28T04:00:00.000Z',
    seconds: 15,
    engine: { version: '26.1.5', apiVersion: '1.45' },
    errors: [],
    warnings: [],
    instances: [drilled()],
    ...changes,
  }
}
