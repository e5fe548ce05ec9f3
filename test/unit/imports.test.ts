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
  { path: 'src/command/backup.ts', imported: '../run/all.ts', expected: 'allowed' },
  { path: 'src/command/backup.ts', imported: '../main.ts', expected: 'refused' },
  { path: 'src/run/instance.ts', imported: '../stage/targets.ts', expected: 'allowed' },
  { path: 'src/run/instance.ts', imported: '../action/console.ts', expected: 'refused' },
  { path: 'src/run/instance.ts', imported: '../command/backup.ts', expected: 'refused' },
  { path: 'src/stage/volumes.ts', imported: '../claim/claim.ts', expected: 'allowed' },
  { path: 'src/stage/volumes.ts', imported: '../run/all.ts', expected: 'refused' },
  { path: 'src/stage/databases/mongo.ts', imported: '../dump.ts', expected: 'allowed' },
  { path: 'src/stage/databases/mongo.ts', imported: '../../run/all.ts', expected: 'refused' },
  { path: 'src/claim/claim.ts', imported: '../docker/args.ts', expected: 'allowed' },
  { path: 'src/claim/claim.ts', imported: '../stage/targets.ts', expected: 'refused' },
  { path: 'src/claim/workbench.ts', imported: '@actions/exec', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: '../config/schema.ts', expected: 'refused' },
  { path: 'src/docker/args.ts', imported: 'node:child_process', expected: 'refused' },
  { path: 'src/docker/process.ts', imported: 'node:child_process', expected: 'allowed' },
  { path: 'src/docker/process.ts', imported: '../claim/claim.ts', expected: 'refused' },
  { path: 'src/docker/process.ts', imported: '@actions/core', expected: 'refused' },
  { path: 'src/secrets/redaction.ts', imported: '../errors.ts', expected: 'allowed' },
  { path: 'src/secrets/redaction.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/config/load.ts', imported: 'node:fs', expected: 'refused' },
  { path: 'src/config/load.ts', imported: '../plan/due.ts', expected: 'refused' },
  { path: 'src/plan/due.ts', imported: '../config/schema.ts', expected: 'allowed' },
  { path: 'src/plan/due.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/report/summary.ts', imported: '../outcome.ts', expected: 'allowed' },
  { path: 'src/report/summary.ts', imported: 'node:fs/promises', expected: 'refused' },
  { path: 'src/report/log.ts', imported: 'node:fs/promises', expected: 'allowed' },
  { path: 'src/report/log.ts', imported: '../docker/args.ts', expected: 'refused' },
  { path: 'src/action/inputs.ts', imported: '@actions/core', expected: 'allowed' },
  { path: 'src/action/inputs.ts', imported: '../run/all.ts', expected: 'refused' },
  { path: 'src/outcome.ts', imported: './run/all.ts', expected: 'refused' },
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
