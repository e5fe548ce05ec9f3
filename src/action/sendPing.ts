/** Sends a request to a watcher outside. Never throws, and never tells the address, which holds the watcher's id. */
import { setTimeout as delay } from 'node:timers/promises'

interface Ping {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent by `POST`; `null`: nothing is sent, by `GET`. */
  readonly body: string | null
}

interface SendOptions {
  /** Gives the ping up, also between two attempts. */
  readonly signal?: AbortSignal
  /** Largest number of times that it is sent. */
  readonly attempts: number
}

/** Longest wait for one answer, ms. */
const ANSWER_MS = 5_000
const PAUSES_MS = [1_000, 2_000]
/** Bytes at the beginning of an answer that are looked at. */
const READ_BYTES = 200

/** Says why a request was not accepted, in words for a place after "because". `isFinal`: a further try would not help. */
interface Refusal {
  readonly why: string
  readonly isFinal: boolean
}

/** Sends a ping. Returns why the watcher did not take it, in words without the address; `null` if it did, or if `signal` gave it up. */
export async function sendPing(ping: Ping, { signal, attempts }: SendOptions): Promise<string | null> {
  for (let attempt = 1; ; attempt++) {
    const refusal = await sendOnce(ping, signal)
    if (refusal === null || signal?.aborted) return null
    if (refusal.isFinal || attempt >= attempts) return refusal.why
    await delay(PAUSES_MS[attempt - 1] ?? 0, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    if (signal?.aborted) return null
  }
}

async function sendOnce({ url, headers, body }: Ping, signal: AbortSignal | undefined): Promise<Refusal | null> {
  const deadline = AbortSignal.timeout(ANSWER_MS)
  try {
    const response = await fetch(url, {
      method: body === null ? 'GET' : 'POST',
      headers: { ...headers, ...(body === null ? {} : { 'content-type': 'text/plain; charset=utf-8' }) },
      ...(body === null ? {} : { body }),
      signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
    })
    const text = await beginning(response)
    if (!response.ok) return { why: `it answered HTTP ${response.status}`, isFinal: !isTransient(response.status) }
    // Healthchecks answers 200 to an id that it does not have: "OK (not found)", "OK (rate limited)"
    const doubt = /^OK \(([a-z ]{1,30})\)/.exec(text)?.[1]
    return doubt === undefined ? null : { why: `it answered "OK (${doubt})"`, isFinal: true }
  } catch (error) {
    if (deadline.aborted) return { why: `it did not answer within ${ANSWER_MS / 1000} s`, isFinal: false }
    return { why: `it could not be reached (${reasonOf(error)})`, isFinal: false }
  }
}

async function beginning(response: Response): Promise<string> {
  if (response.body === null) return ''
  const reader = response.body.getReader()
  const { value } = await reader.read()
  await reader.cancel().catch(() => {})
  return Buffer.from(value ?? [])
    .subarray(0, READ_BYTES)
    .toString('latin1')
}

function isTransient(status: number): boolean {
  return status >= 500 || status === 408 || status === 429
}

/** Returns the code of a failure of the network. The messages of `fetch` may quote the address. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as Error
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  return typeof code === 'string' && /^[A-Z0-9_]+$/.test(code) ? code : name
}
