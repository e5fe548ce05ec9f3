/**
 * `npm run soak [-- RUNS]`: the built action RUNS times (1,000 where left out) on this Node, half of them on a busy machine; 0 where every
 * process ended within 10 s of its last line. What it needs and does not find it installs, as the engine tests do.
 */

import { startEngine } from '../examples/demo/engine.ts'
import { countEndings } from './support/endings.ts'

const [runs = '1000', bundle] = process.argv.slice(2)
const started = Date.now()
const engine = await startEngine()
try {
  const { ended, failures } = await countEndings({
    engine,
    runs: Number(runs),
    say: console.log,
    ...(bundle ? { bundle } : {}),
  })
  console.log(`${runs} runs on Node ${process.version} in ${Math.round((Date.now() - started) / 1000)} s`)
  console.log(`${ended} passed, ${failures.length} failed`)
  process.exitCode = failures.length > 0 || ended === 0 ? 1 : 0
} catch (error) {
  console.log(String(error))
  console.log('0 passed, 1 failed')
  process.exitCode = 1
} finally {
  await engine.stop()
}
