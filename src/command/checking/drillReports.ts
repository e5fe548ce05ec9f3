/** Reads the reports of drills as `check` reads those of backups. */
import { z } from 'zod'
import { DRILL_VERDICTS, type DrillVerdict } from '../../outcome.ts'
import type { Report, ReportKind } from './reportReader.ts'

const verdict = z.enum(DRILL_VERDICTS)

/** The part of `drill.json` that tells when an instance was drilled. A later release may write more. */
const drillSchema = z.object({
  version: z.literal(1),
  repository: z.string(),
  configFile: z.string(),
  startedAt: z.string(),
  instances: z.array(
    z.object({
      id: z.string(),
      verdict,
      error: z.string().nullable(),
      startedAt: z.string().nullable(),
      history: z.array(z.object({ startedAt: z.string(), verdict })),
    }),
  ),
})

/** `drill.json`: in `marina-drill-<host>-<attempt>`. */
export const DRILL_REPORTS: ReportKind = {
  fileName: 'drill.json',
  isName: (artifact) => /^marina-drill-.+-\d+(\.\d+)?$/.test(artifact),
  parse(text) {
    const read = drillSchema.safeParse(JSON.parse(text))
    return read.success ? asReport(read.data) : 'foreign'
  },
}

/** Returns a verdict as the status of a run. Without any backup yet, a drill is no failure: a missing backup has an alarm of its own. */
function statusOf(one: DrillVerdict): 'success' | 'failed' {
  return one === 'proven' || one === 'nothing-to-drill' ? 'success' : 'failed'
}

function asReport({ instances, ...report }: z.infer<typeof drillSchema>): Report {
  return {
    ...report,
    dryRun: false,
    instances: instances.map(({ id, verdict: said, error, startedAt, history }) => ({
      id,
      status: statusOf(said),
      error: said === 'inconclusive' ? `inconclusive: ${error}` : error,
      startedAt,
      history: history.map((past) => ({ startedAt: past.startedAt, status: statusOf(past.verdict) })),
    })),
  }
}
