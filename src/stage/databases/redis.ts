import type { DumpPlan, DumpQuestion } from './engine.ts'
export function redisPlan(_question: DumpQuestion): DumpPlan {
  throw new Error('not yet')
}
