/** Knows the addresses of watchers: how an address of `ping-url` says that a run began and how it ended. Pure. */

/** Signals that a watcher is sent. `log`: something happened that is neither good nor bad, such as a cancel. */
export type PingEvent = 'start' | 'success' | 'fail' | 'log'

export interface PingFacts {
  /** One short line. */
  readonly line: string
  /** The whole text; it is sent only where the address has no placeholders. */
  readonly body: string
  readonly ms: number
  /** UUID of the run. */
  readonly runUuid: string
}

/** One request to a watcher. */
export interface PingRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** Sent by `POST`; `null`: nothing is sent, by `GET`. */
  readonly body: string | null
}

const PLACEHOLDER = /\{([A-Za-z_]*)\}/g
const KNOWN = ['status', 'state', 'message', 'ms']
const HOW_KUMA = 'write `?status={status}&msg={message}&ping={ms}` behind the address'
const HOW_CRONITOR = 'write `?state={state}&message={message}` behind the address'

/** Says what is wrong with an address, for a place after its name; `null` if nothing is. Never quotes the address. */
export function pingProblem(text: string): string | null {
  const url = /^https?:\/\//i.test(text) ? parsed(text.replace(PLACEHOLDER, 'x')) : null
  if (url === null || /\s/.test(text)) return 'must be an address that begins with https:// or http://'
  const names = namesIn(text)
  const unknown = names.find((name) => !KNOWN.includes(name))
  if (unknown !== undefined) return 'has an unknown placeholder: there are {status}, {state}, {message} and {ms}'
  if (names.some((name) => name === 'status' || name === 'state')) return null
  // such an address would tell the watcher that every run is good
  const isKuma = /\/api\/push\/[^/]+\/?$/.test(url.pathname)
  if (url.searchParams.has('status') || isKuma) return `would call every run good: ${HOW_KUMA}`
  const isCronitor = /(?:^|\.)cronitor\.(?:link|io)$/.test(url.hostname)
  if (url.searchParams.has('state') || isCronitor) return `would call every run good: ${HOW_CRONITOR}`
  return null
}

/**
 * Makes the request that tells a watcher of an event; `null` if an address with these placeholders cannot tell it. Does not throw for an
 * address that `pingProblem` accepts.
 */
export function pingRequest(address: string, event: PingEvent, facts: PingFacts): PingRequest | null {
  const names = namesIn(address)
  if (names.length === 0) return { ...withoutCredentials(healthchecksUrl(address, event, facts)), body: facts.body }
  if (event === 'log' || (event === 'start' && !names.includes('state'))) return null
  const values: Readonly<Record<string, string>> = {
    status: event === 'fail' ? 'down' : 'up',
    state: { start: 'run', success: 'complete', fail: 'fail' }[event],
    message: facts.line,
    ms: String(Math.max(0, Math.round(facts.ms))),
  }
  const filled = address.replace(PLACEHOLDER, (_, name: string) => encodeURIComponent(values[name] ?? ''))
  return { ...withoutCredentials(new URL(filled)), body: null }
}

/**
 * Returns the texts of an address that are secret: the whole, and the part before its query and placeholders, which holds the id of most
 * watchers. That part is left out if it is no more than a host.
 */
export function secretsOfPingUrl(address: string): readonly string[] {
  const base = address.replace(/[?#{].*$/s, '').replace(/\/+$/, '')
  return [address, ...(/^https?:\/\/[^/]+\/./i.test(base) ? [base] : [])]
}

/** Returns the host of an address, with its port; empty if it is none. */
export function pingHost(address: string): string {
  return parsed(address.replace(PLACEHOLDER, 'x'))?.host ?? ''
}

const SUFFIX: Readonly<Record<PingEvent, string>> = { start: '/start', success: '', fail: '/fail', log: '/log' }

function healthchecksUrl(address: string, event: PingEvent, { runUuid }: PingFacts): URL {
  const url = new URL(address)
  url.hash = ''
  url.pathname = url.pathname.replace(/\/+$/, '') + SUFFIX[event]
  if (!url.searchParams.has('rid')) url.search += `${url.search === '' ? '?' : '&'}rid=${runUuid}`
  return url
}

/** `fetch` takes no user and password in an address: they go into a header. */
function withoutCredentials(url: URL): Pick<PingRequest, 'url' | 'headers'> {
  if (url.username === '' && url.password === '') return { url: url.href, headers: {} }
  const pair = `${decoded(url.username)}:${decoded(url.password)}`
  url.username = ''
  url.password = ''
  return { url: url.href, headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function namesIn(address: string): readonly string[] {
  return [...address.matchAll(PLACEHOLDER)].map(([, name = '']) => name)
}

function parsed(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null
}
