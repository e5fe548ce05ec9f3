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
  /** How long no answer must have come before the engine counts as lost, ms. A busy engine may answer late once. */
  readonly lostAfterMs: number
}

/** An engine that dies at any moment is lost 42 s later at the latest. */
const TIMES: HeartbeatTimes = { everyMs: 6_000, deadlineMs: 12_000, lostAfterMs: 40_000 }
/** As many questions in a row must have got no answer: time alone also passes for a machine that was suspended. */
const MISSES = 3
/** Pause after a question that got no answer at once, ms. */
const PAUSE_MS = 1_000

export interface Heartbeat {
  /** Fires when the engine is lost. */
  readonly lost: AbortSignal
  stop(): void
}

/** Asks now and then until `stop`. The first question comes after a pause: most calls are over by then. */
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

/** Asks the engine something cheap. It takes no container's lock, so that a `docker cp` which goes on for an hour keeps it from nothing. */
export async function engineAnswers(docker: Docker, deadlineMs: number, signal?: AbortSignal): Promise<boolean> {
  const options = { deadlineMs, ...(signal ? { signal } : {}) }
  const output = await query(docker, ['ps', '--quiet', '--filter', 'id=heartbeat'], options).catch(() => null)
  return output !== null && (succeeded(output) || isRefused(output))
}
