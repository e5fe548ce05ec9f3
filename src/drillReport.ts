/**
 * Defines `drill.json`, version 1: the evidence that a drill leaves. `docs/drill.schema.json` is made from this schema. A later
 * release may write more keys. Pure.
 */
import { z } from 'zod'
import { DRILL_VERDICTS, PHASES } from './outcome.ts'

const text = z.string()
const texts = z.array(text).readonly()
const count = z.number().int().nonnegative()
const seconds = z.number().nonnegative()
const time = z.iso.datetime()
const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

const check = z
  .object({
    kind: z
      .enum(['point', 'age', 'duration', 'backup', 'tree', 'dump', 'rows', 'sql', 'file', 'files', 'run'])
      .describe(
        "`point`: which backup came back. `age`: RPO. `duration`: RTO. `backup`: what the manifest holds. `tree`: a volume's files. `dump`: the bytes of a dump. `rows`: the rows of a loaded dump. `sql`, `file`, `files`, `run`: checks of the configuration.",
      ),
    target: text.describe('Name of the volume or database container; empty if the check is about the whole backup.'),
    passed: z.boolean(),
    looked: z
      .boolean()
      .describe(
        'True if the content of the backup was compared, and not only facts about it. Without such a check nothing is proven.',
      ),
    seen: text.describe('What was seen, in one sentence; where it failed, also what was expected.'),
  })
  .readonly()

const image = z
  .object({
    use: z
      .enum(['backup', 'server', 'check'])
      .describe(
        '`backup`: it restored. `server`: the dumps were loaded into it. `check`: a script of `drill.checks` ran in it.',
      ),
    name: text.describe('Name of the instance, of the database container, or of the script.'),
    reference: text,
    id: text.nullable(),
    digest: text.nullable().describe('Digest in a registry, `sha256:…`; `null` if the engine knows none.'),
  })
  .readonly()

const hash = z
  .object({
    target: text.describe('Name of the volume or database container; empty for `manifest.json`.'),
    path: text.describe(
      'Path of the file in the backup. For a volume that was copied, that of the list of all that it held.',
    ),
    sha256,
  })
  .readonly()

const rows = z
  .object({
    target: text.describe('Name of the database container.'),
    path: text.describe('Path of the dump in the backup.'),
    table: text.describe('The table, as `manifest.json` names it.'),
    expected: count
      .nullable()
      .describe(
        'Number of rows in the dump, counted when it was made; `null` if the dump has no such table, or nobody counted it.',
      ),
    found: count
      .nullable()
      .describe('Number of rows in the server after it was loaded; `null` if the table is missing.'),
  })
  .readonly()

const pastDrill = z
  .object({
    startedAt: time.describe("By the engine's clock."),
    verdict: z.enum(DRILL_VERDICTS),
    isScheduled: z.boolean().describe('True if it was started because it was due, false if by hand.'),
    ageSeconds: seconds.nullable(),
    restoreSeconds: seconds.nullable(),
    runId: text,
    attempt: count,
  })
  .readonly()

const drilledInstance = z
  .object({
    id: text,
    line: count.describe('Line of the instance in the configuration, 1-based.'),
    verdict: z.enum(DRILL_VERDICTS),
    error: text.nullable().describe('Why the verdict is not `proven`; `null` if it is.'),
    warnings: texts,
    point: z
      .object({ id: text, time: text.nullable(), text })
      .readonly()
      .nullable()
      .describe('The newest point that the image listed; `null` if it listed none.'),
    backupOf: time.nullable().describe('Time of the backup that came back, from its manifest; `null` if none did.'),
    ageSeconds: seconds.nullable().describe('Age of that backup when the drill began.'),
    maxAgeSeconds: seconds.nullable().describe('`drill.maxAge`; `null` if it is not set.'),
    rpoMet: z
      .boolean()
      .nullable()
      .describe('True if the backup was young enough; `null` without `maxAge`, or if nothing came back.'),
    restoreSeconds: seconds
      .nullable()
      .describe(
        'Time that the image took to restore, and the servers to load the dumps; `null` if that did not come to an end.',
      ),
    maxDurationSeconds: seconds.nullable().describe('`drill.maxDuration`; `null` if it is not set.'),
    rtoMet: z
      .boolean()
      .nullable()
      .describe('True if the restore was fast enough; `null` without `maxDuration`, or if that is not known.'),
    checks: z.array(check).readonly(),
    hashes: z
      .array(hash)
      .readonly()
      .describe('SHA-256 of what came back: `manifest.json`, and what was compared with the hash in it.'),
    rows: z.array(rows).readonly().describe('Rows of each table that was counted in a loaded dump.'),
    images: z.array(image).readonly(),
    controls: texts.describe('`drill.controls`.'),
    tries: count.describe('Number of times that it was tried: a drill that was inconclusive is tried once more.'),
    phases: z.array(z.object({ phase: z.enum(PHASES), startedAt: time, seconds }).readonly()).readonly(),
    startedAt: time.nullable().describe('`null` if it never began.'),
    seconds,
    history: z
      .array(pastDrill)
      .readonly()
      .describe('The last drills of the instance on this host, this one included, the latest first.'),
    log: text.nullable().describe('Path of the log on the runner.'),
    stderr: texts.describe('The last lines that the image wrote to stderr, redacted; empty unless it failed.'),
  })
  .readonly()

export const drillReportSchema = z
  .object({
    version: z.literal(1),
    result: z.enum(DRILL_VERDICTS).describe('The worst verdict of the instances.'),
    host: text,
    repository: text,
    runUrl: text.nullable(),
    runId: text,
    attempt: count,
    configFile: text,
    startedAt: time,
    seconds,
    engine: z.object({ version: text, apiVersion: text }).readonly().describe('The Docker engine.'),
    errors: texts,
    warnings: texts,
    instances: z.array(drilledInstance).readonly(),
  })
  .readonly()

export type DrillReport = z.infer<typeof drillReportSchema>
export type DrilledInstance = z.infer<typeof drilledInstance>
export type DrillCheck = z.infer<typeof check>
export type DrillImage = z.infer<typeof image>
export type DrillHash = z.infer<typeof hash>
export type DrillRows = z.infer<typeof rows>

/** Makes the JSON Schema (2020-12) of `drill.json`. Unknown keys are allowed, so that it also takes the files of later releases. */
export function drillJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(drillReportSchema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // zod's own pattern for a time is a screen long, and its largest number is that of JavaScript
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
      delete jsonSchema.readOnly
    },
  })
  return { $schema, title: 'Marina for GitHub Actions: drill.json, version 1', ...schema }
}
