/**
 * Watches that the engine still answers while a client of ours is attached to it: a client waits for ever for an engine that hangs,
 * or for a remote host that is gone without a word.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { isRefused, succeeded } from './callResult.ts'
import { type Docker, query } from './process.ts'

export interface HeartbeatTimes {
  /** Pause after an answer, ms. */
  readonly everyMs: number
  /** Deadline of one question, ms. */
  readonly deadlineMs: number
  /** Time without an answer after which the engine counts as lost, ms. A busy engine may answer late once. */
  readonly lostAfterMs: number
}

/** The usual times. An engine that hangs counts as lost 42 s after its last answer. */
const TIMES: HeartbeatTimes = { everyMs: 6_000, deadlineMs: 12_000, lostAfterMs: 40_000 }
/**
 * Number of questions in a row that must have got no answer before the engine counts as lost: time alone also passes for a machine that was
 * suspended.
 */
const MISSES = 3
/** Pause after a question that failed in less time than this, ms. */
const PAUSE_MS = 1_000

export interface Heartbeat {
  /** Fires when the engine is lost. */
  readonly lost: AbortSignal
  stop(): void
}

/**
 * Asks the engine again and again until `stop`, and fires `lost` when it counts as lost. The first question comes after a pause, because
 * most calls are over by then.
 */
export function watchEngine(docker: Docker, times: HeartbeatTimes = TIMES): Heartbeat {
  const lost = new AbortController()
  const stopped = new AbortController()
  void listen(docker, times, stopped.signal).then((isLost) => {
    if (isLost) lost.abort()
  })
  return { lost: lost.signal, stop: () => stopped.abort() }
}

async function listen(docker: Docker, times: HeartbeatTimes, stopped: AbortSignal): Promise<boolean> {
  const pause = (ms: number) => sleep(ms, undefined, { signal: stopped }).catch(() => {})
  let answeredAt = Date.now()
  let missed = 0
  await pause(times.everyMs)
  while (!stopped.aborted) {
    const asked = Date.now()
    if (await engineAnswers(docker, times.deadlineMs, stopped)) {
      answeredAt = Date.now()
      missed = 0
      await pause(times.everyMs)
      continue
    }
    if (stopped.aborted) return false
    missed += 1
    if (missed >= MISSES && Date.now() - answeredAt >= times.lostAfterMs) return true
    if (Date.now() - asked < PAUSE_MS) await pause(PAUSE_MS)
  }
  return false
}

/**
 * Tells whether the engine answers a cheap question within `deadlineMs`; a refusal is an answer. The question waits for no container, so it
 * is answered also while a `docker cp` works for an hour.
 */
export async function engineAnswers(docker: Docker, deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
  const options = { deadlineMs, ...(signal ? { signal } : {}) }
  const output = await query(docker, ['ps', '--quiet', '--filter', 'id=heartbeat'], options).catch(() => null)
  return output !== null && (succeeded(output) || isRefused(output))
}
