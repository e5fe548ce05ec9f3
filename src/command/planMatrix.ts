/** Makes the matrix of a plan: a job for each host that has something to do. Pure. */
import type { PlanOutputs } from '../action/outputs.ts'
import type { PlannedRow } from '../report/planPage.ts'

/**
 * Longest list of ids of one job, and of all jobs together, characters. A process takes 128 KiB in one variable of its environment, and GitHub
 * 1 MiB, at two bytes a character, in the outputs of one job.
 */
const MOST_OF_JOB = 100_000
const MOST_OF_ALL = 400_000

/**
 * Makes the matrix. A job gets the ids of its host as `instances`. A list that is too long is left empty if the plan was made for all
 * instances (`isOfAll`): the job then takes all of its host, and decides itself what is due, as it does anyway.
 */
export function matrixOf(rows: readonly PlannedRow[], isOfAll: boolean): PlanOutputs['matrix'] {
  const jobs = new Map<string, { readonly runsOn: readonly string[]; readonly ids: string[] }>()
  for (const { host, runsOn, id, isDue } of rows) {
    if (!isDue) continue
    const job = jobs.get(host) ?? { runsOn, ids: [] }
    job.ids.push(id)
    jobs.set(host, job)
  }
  const matrix = [...jobs].map(([name, { runsOn, ids }]) => ({ name, 'runs-on': runsOn, instances: ids.join(',') }))
  return isOfAll ? withoutLongLists(matrix) : matrix
}

function withoutLongLists(matrix: PlanOutputs['matrix']): PlanOutputs['matrix'] {
  const tooLong = new Set<string>()
  let all = matrix.reduce((sum, { instances }) => sum + instances.length, 0)
  for (const { name, instances } of matrix.toSorted((a, b) => b.instances.length - a.instances.length)) {
    if (instances.length <= MOST_OF_JOB && all <= MOST_OF_ALL) break
    tooLong.add(name)
    all -= instances.length
  }
  return matrix.map((job) => (tooLong.has(job.name) ? { ...job, instances: '' } : job))
}
