/** Vitest's global set-up of the engine tests: one engine a run. Where none can be had, the tests fail; they are never skipped. */

import type { TestProject } from 'vitest/node'
import { type EngineHandle, startEngine } from '../../examples/demo/engine.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    engine: EngineHandle
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const engine = await startEngine()
  const { kind, host, folder, prefix, baseImage } = engine
  project.provide('engine', { kind, host, folder, prefix, baseImage })
  // A test that forgets which engine it is to use must not meet the user's own.
  Object.assign(process.env, engine.env())
  if (kind === 'private') delete process.env.DOCKER_CONTEXT
  return () => engine.stop()
}
