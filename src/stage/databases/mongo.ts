import type { DumpPlan, DumpQuestion } from './engine.ts'
export function mongoPlan(_question: DumpQuestion): DumpPlan {
  throw new Error('not yet')
}
