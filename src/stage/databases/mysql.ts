import type { DumpPlan, DumpQuestion } from './engine.ts'
export function mysqlPlan(_question: DumpQuestion): DumpPlan {
  throw new Error('not yet')
}
