/**
 * `npm run soak [-- RUNS]`: the built action RUNS times (1,000 where left out) on this Node, half of them on a busy machine; 0 where every
 * process ended within 10 s of its last line. `npm run soak -- restore RUNS [SEED]`: RUNS restores into place, in each of which a random
 * docker call breaks; 0 where the data was all old or all new afterwards, everybody up, and nothing of ours left. What it needs and does not
 * find it installs, as the engine tests do.
 */

import type { Engine } from '../examples/demo/engine.ts'
import { startEngine } from '../examples/demo/engine.ts'
import { countEndings } from './support/endings.ts'
import { callsOf, openStage, restoreUnder, sampleFault } from './support/restoreFaults.ts'

interface Soaked {
  readonly passed: number
  readonly failed: number
}

async function soakEndings(engine: Engine, runs: number, bundle: string | undefined): Promise<Soaked> {
  const { ended, failures } = await countEndings({ engine, runs, say: console.log, ...(bundle ? { bundle } : {}) })
  return { passed: ended, failed: failures.length }
}

async function soakRestores(engine: Engine, runs: number, seed: number): Promise<Soaked> {
  const stages = [
    await openStage(engine, 'volume', { withDatabase: false }),
    await openStage(engine, 'both', { withDatabase: true }),
  ]
  const counts = [0, 0]
  let failed = 0
  for (const [which, stage] of stages.entries()) counts[which] = (await callsOf(stage)).length
  for (let index = 0; index < runs; index += 1) {
    const which = index % 2
    const fault = sampleFault(seed, index, counts[which] ?? 1)
    const { problems, state, broken, said } = await restoreUnder(stages[which] as (typeof stages)[0], fault)
    const what = `${index}: ${fault.call?.fault} at call ${fault.call?.plus} (${broken?.slice(0, 80) ?? 'not reached'}): ${state.slice(0, 80)}`
    console.log(problems.length === 0 ? what : `${what}\n${problems.join('\n')}\n${said}`)
    if (problems.length > 0) failed += 1
  }
  for (const stage of stages) await stage.tearDown()
  return { passed: runs - failed, failed }
}

const [first = '1000', second, third] = process.argv.slice(2)
const isOfRestores = first === 'restore'
const runs = Number(isOfRestores ? (second ?? '50') : first)
const seed = Number(third ?? '1')
const started = Date.now()
const engine = await startEngine()
try {
  const { passed, failed } = isOfRestores
    ? await soakRestores(engine, runs, seed)
    : await soakEndings(engine, runs, second)
  console.log(`${runs} runs on Node ${process.version} in ${Math.round((Date.now() - started) / 1000)} s`)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed > 0 || passed === 0 ? 1 : 0
} catch (error) {
  console.log(String(error))
  console.log('0 passed, 1 failed')
  process.exitCode = 1
} finally {
  await engine.stop()
}
