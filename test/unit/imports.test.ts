/** The linter holds the direction of imports (biome.imports.json): each line here is one import, judged by it. */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const rows: { path: string; imported: string; expected: 'allowed' | 'refused' }[] = [
  { path: 'src/main.ts', imported: './command/backup.ts', expected: 'allowed' },
  { path: 'src/main.ts', imported: '@actions/core', expected: 'refused' },
  { path: 'src/main.ts', imported: 'node:child_process', expected: 'refused' },
  { path: 'src/command/backup.ts', imported: '../instance/runInstance.ts', expected: 'allowed' },
  { path: 'src/command/backup.ts', imported: '../action/inputs.ts', expected: 'allowed' },
  { path: 'src/command/backup.ts', imported: '../main.ts', expected: 'refused' },
  { path: 'src/instance/runInstance.ts', imported: '../targets/resolve.ts', expected: 'allowed' },
  { path: 'src/instance/runInstance.ts', imported: '../action/console/console.ts', expected: 'refused' },
  { path: 'src/instance/runInstance.ts', imported: '../command/backup.ts', expected: 'refused' },
  { path: 'src/container/runBackup.ts', imported: '../copy/listing.ts', expected: 'allowed' },
  { path: 'src/container/runBackup.ts', imported: '../instance/lock.ts', expected: 'refused' },
  { path: 'src/targets/resolve.ts', imported: '../dump/dump.ts', expected: 'allowed' },
  { path: 'src/targets/resolve.ts', imported: '../container/manifest.ts', expected: 'refused' },
  { path: 'src/dump/dump.ts', imported: '../databases/engines.ts', expected: 'allowed' },
  { path: 'src/dump/dump.ts', imported: '../docker/exec.ts', expected: 'allowed' },
  { path: 'src/dump/dump.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/dump/dump.ts', imported: '../instance/dumps.ts', expected: 'refused' },
  { path: 'src/databases/mongo/mongo.ts', imported: '../errors.ts', expected: 'allowed' },
  { path: 'src/databases/mongo/mongo.ts', imported: '../docker/exec.ts', expected: 'refused' },
  { path: 'src/databases/mongo/mongo.ts', imported: '../dump/dump.ts', expected: 'refused' },
  { path: 'src/databases/mongo/mongo.ts', imported: 'node:fs', expected: 'refused' },
  { path: 'src/databases/formats/text.ts', imported: '../engineContract.ts', expected: 'allowed' },
  { path: 'src/config/schema.ts', imported: '../databases/engines.ts', expected: 'allowed' },
  { path: 'src/docker/exec.ts', imported: '../databases/engines.ts', expected: 'refused' },
  { path: 'src/claim/claim.ts', imported: '../docker/args.ts', expected: 'allowed' },
  { path: 'src/claim/claim.ts', imported: '../applications/stop.ts', expected: 'allowed' },
  { path: 'src/claim/claim.ts', imported: '../dump/dump.ts', expected: 'refused' },
  { path: 'src/claim/claim.ts', imported: '../config/model.ts', expected: 'refused' },
  { path: 'src/claim/helperContainer.ts', imported: '@actions/exec', expected: 'refused' },
  { path: 'src/applications/hooks.ts', imported: '../docker/exec.ts', expected: 'allowed' },
  { path: 'src/applications/hooks.ts', imported: '../copy/listing.ts', expected: 'refused' },
  { path: 'src/applications/hooks.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/copy/listing.ts', imported: '../docker/exec.ts', expected: 'allowed' },
  { path: 'src/copy/listing.ts', imported: '../applications/hostState.ts', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: '../config/schema.ts', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: 'node:child_process', expected: 'refused' },
  { path: 'src/docker/process.ts', imported: 'node:child_process', expected: 'allowed' },
  { path: 'src/docker/process.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/docker/process.ts', imported: '@actions/core', expected: 'refused' },
  { path: 'src/secrets/redaction.ts', imported: '../errors.ts', expected: 'allowed' },
  { path: 'src/secrets/redaction.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/config/load.ts', imported: 'node:fs', expected: 'refused' },
  { path: 'src/config/load.ts', imported: '../schedule/slots.ts', expected: 'refused' },
  { path: 'src/config/values/cron.ts', imported: '../../docker/args.ts', expected: 'refused' },
  { path: 'src/schedule/slots.ts', imported: '../config/schema.ts', expected: 'allowed' },
  { path: 'src/schedule/slots.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/report/summary.ts', imported: '../outcome.ts', expected: 'allowed' },
  { path: 'src/report/summary.ts', imported: 'node:fs/promises', expected: 'refused' },
  { path: 'src/report/summary.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/log/instanceLog.ts', imported: 'node:fs/promises', expected: 'allowed' },
  { path: 'src/log/instanceLog.ts', imported: '../report/sanitize.ts', expected: 'allowed' },
  { path: 'src/log/instanceLog.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/action/inputs.ts', imported: '@actions/core', expected: 'allowed' },
  { path: 'src/action/inputs.ts', imported: '../instance/runInstance.ts', expected: 'refused' },
  { path: 'src/action/console/console.ts', imported: '../../secrets/redaction.ts', expected: 'allowed' },
  { path: 'src/outcome.ts', imported: './instance/runInstance.ts', expected: 'refused' },
]

let copy: string
let refused: ReadonlySet<string>

/** All lines are judged in one run, in a copy of the configuration, where each stands in a file of its own folder's name. */
beforeAll(() => {
  copy = realpathSync(mkdtempSync(join(tmpdir(), 'marina-imports-')))
  for (const file of ['biome.json', 'biome.imports.json']) cpSync(join(ROOT, file), join(copy, file))
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const path of new Set(rows.map((row) => row.path))) {
    const imports = rows.filter((row) => row.path === path)
    const lines = imports.map(({ imported }, at) => `export { x as x${at} } from '${imported}'\n`)
    mkdirSync(dirname(join(copy, path)), { recursive: true })
    writeFileSync(join(copy, path), lines.join(''))
  }
  const lint = spawnSync(
    join(ROOT, 'node_modules/.bin/biome'),
    ['lint', '--reporter=github', '--max-diagnostics=none', 'src'],
    {
      cwd: copy,
      encoding: 'utf8',
    },
  )
  const found = lint.stdout.matchAll(/title=lint\/style\/noRestrictedImports,file=([^,]+),line=(\d+)/g)
  refused = new Set([...found].map(([, file = '', line]) => `${relative(copy, file)}:${line}`))
})

afterAll(() => rmSync(copy, { recursive: true }))

test.each(rows)('$path imports $imported: $expected', ({ path, imported, expected }) => {
  const line = rows.filter((row) => row.path === path).findIndex((row) => row.imported === imported) + 1
  expect(refused.has(`${path}:${line}`) ? 'refused' : 'allowed').toBe(expected)
})
