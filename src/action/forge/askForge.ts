/**
 * Sends questions and changes to the forge's API, for one repository. An answer is a value or `unknown`, with the reason in plain words:
 * nothing here throws, so that no backup fails because of the API. The modules beside it (`workflowRuns`, `issueTracker`, …) know the single
 * questions.
 */
import type { ZodType } from 'zod'
import { minute, withoutEnd } from '../../format.ts'

/** An answer of the API. */
export type Answer<T> = { readonly value: T } | Unknown

export interface Unknown {
  /** One sentence without its end: what is not known or not done, why, and in some cases what to do. */
  readonly unknown: string
  /** Status of the HTTP answer; `null` if there was none, or if it could not be read. */
  readonly status: number | null
}

/** Items of a list. `isCut` tells that the forge has more than were asked for. */
export interface Listed<T> {
  readonly items: readonly T[]
  readonly isCut: boolean
}

export interface Question<T> {
  /** Default: `GET`. A `POST` is never sent twice. */
  readonly method?: 'GET' | 'POST' | 'PATCH'
  /** Path below `/repos/{owner}/{repo}`, with `{name}` for parameters; empty for the repository itself. */
  readonly route: string
  readonly parameters?: Readonly<Record<string, unknown>>
  readonly schema: ZodType<T>
  /** Names what is asked for, for a place after "The API does not tell " or, if something is written, after "The API does not ". */
  readonly what: string
  /** The permission that the token needs: `actions: read`. */
  readonly permission: string
}

export interface ListQuestion<T> extends Omit<Question<readonly T[]>, 'schema'> {
  /** Schema of one page, which gives its items and, if the forge tells it, how many there are in all. */
  readonly page: ZodType<{ readonly total: number | null; readonly items: readonly T[] }>
  /** Number of items a page: 100 at most. */
  readonly perPage: number
  readonly mostPages: number
}

export interface Forge {
  ask<T>(question: Question<T>): Promise<Answer<T>>
  /** Asks page after page, `mostPages` at most. If one of them is not answered, the whole list is unknown. */
  list<T extends { readonly id: number }>(question: ListQuestion<T>): Promise<Answer<Listed<T>>>
  /** Reads the body of an answer as bytes, following redirects; unknown if it is larger than `mostBytes`. */
  download(question: Omit<Question<never>, 'schema'>, mostBytes: number): Promise<Answer<Buffer>>
  /** Returns how many questions were sent until now: each counts for the token's limit of questions an hour. */
  sent(): number
}

interface ForgeOptions {
  readonly token: string
  /** `GITHUB_API_URL`, so that GitHub Enterprise Server and Gitea are asked rather than github.com. */
  readonly baseUrl: string
  /** `owner/name`. */
  readonly repository: string
  /** Number of questions after which no more are sent, and every answer is unknown. Default: no limit. */
  readonly mostQuestions?: number
}

/** Longest wait for one answer, a second try included, ms. */
const DEADLINE_MS = 10_000

/** Opens the API of a repository. Loads the client, which is large, with the first question. */
export function openForge(options: ForgeOptions): Forge {
  const most = options.mostQuestions ?? Number.POSITIVE_INFINITY
  const send = makeSender(options)
  let sent = 0

  async function answerOf(question: Omit<Question<never>, 'schema'>, streams: boolean): Promise<Response | Unknown> {
    const notAsked = whyNotAsked(options)
    if (notAsked !== null) return unknown(question, notAsked)
    const signal = AbortSignal.timeout(DEADLINE_MS)
    for (let tries = question.method === 'POST' ? 1 : 2; ; tries--) {
      if (sent >= most) return unknown(question, `${most} questions were asked already, and a token has a limit`)
      sent++
      const response = await send(question, { signal, streams })
      if (!('failure' in response)) return response
      const { failure, canRetry } = response
      if (!canRetry || tries <= 1) return { ...unknown(question, failure), status: response.status }
    }
  }

  async function ask<T>(question: Question<T>): Promise<Answer<T>> {
    const response = await answerOf(question, false)
    if ('unknown' in response) return response
    const read = question.schema.safeParse(response.data)
    return read.success ? { value: read.data } : unknown(question, UNREADABLE)
  }

  async function list<T extends { readonly id: number }>(question: ListQuestion<T>): Promise<Answer<Listed<T>>> {
    const items = new Map<number, T>() // what begins while the pages are read moves the others to the next page
    for (let page = 1; ; page++) {
      const parameters = { ...question.parameters, per_page: question.perPage, page }
      const response = await answerOf({ ...question, parameters }, false)
      if ('unknown' in response) return response
      const read = question.page.safeParse(response.data)
      if (!read.success) return unknown(question, UNREADABLE)
      for (const item of read.data.items) items.set(item.id, item)
      const seen = (page - 1) * question.perPage + read.data.items.length
      // a page may hold only items that the question leaves out
      const mayHaveMore = response.link !== null || read.data.items.length > 0
      const more = mayHaveMore && hasNextPage(response.link, seen, read.data.total)
      if (!more || page >= question.mostPages) return { value: { items: [...items.values()], isCut: more } }
    }
  }

  async function download(question: Omit<Question<never>, 'schema'>, mostBytes: number): Promise<Answer<Buffer>> {
    const response = await answerOf(question, true)
    if ('unknown' in response) return response
    const read = await readStream(response.data, mostBytes)
    return typeof read === 'string' ? unknown(question, read) : { value: read }
  }

  return { ask, list, download, sent: () => sent }
}

interface Response {
  readonly data: unknown
  /** The header `Link`; `null` if there is none. */
  readonly link: string | null
}

interface Failure {
  readonly failure: string
  readonly status: number | null
  readonly canRetry: boolean
}

type Send = (
  question: Omit<Question<never>, 'schema'>,
  how: { readonly signal: AbortSignal; readonly streams: boolean },
) => Promise<Response | Failure>

function makeSender({ token, baseUrl, repository }: ForgeOptions): Send {
  const [owner, repo] = repository.split('/')
  return async ({ method = 'GET', route, parameters, permission }, { signal, streams }) => {
    try {
      const { getOctokit } = await import('@actions/github')
      const octokit = getOctokit(token, { baseUrl, log: SILENT })
      const response = await octokit.request(`${method} /repos/{owner}/{repo}${route}`, {
        owner,
        repo,
        ...parameters,
        request: { signal, ...(streams ? { parseSuccessResponseBody: false } : {}) },
      })
      return { data: response.data, link: response.headers.link ?? null }
    } catch (error) {
      return explainAnswer(error as AnswerError, { permission, isLate: signal.aborted })
    }
  }
}

/** An error of the client, as far as it is read. Without `response` nobody answered. */
export interface AnswerError {
  readonly message?: string
  readonly response?: {
    readonly status: number
    readonly headers: Readonly<Record<string, string | number | undefined>>
    readonly data?: unknown
  }
}

/** Says in plain words why the API did not answer a question, and whether it is worth asking again. Pure. */
export function explainAnswer(
  error: AnswerError,
  { permission, isLate }: { readonly permission: string; readonly isLate: boolean },
): Failure {
  const { response } = error
  if (isLate) return { failure: `it did not answer within ${DEADLINE_MS / 1000} s`, status: null, canRetry: false }
  if (response === undefined)
    return { failure: `it cannot be reached (${withoutEnd(error.message ?? '')})`, status: null, canRetry: true }
  const { status } = response
  const said = messageOf(response.data)
  const failure = (text: string) => ({ failure: text, status, canRetry: status >= 500 })
  const limited = limitOf(response.headers, said)
  if (limited !== null && (status === 403 || status === 429)) return failure(limited)
  if (status === 401)
    return failure('it refuses the token (401): leave the input github-token out, or give a valid one')
  if (status === 403 && /not accessible/i.test(said))
    return failure(`the token may not ask this (403): give the job the permission ${permission}`)
  if (status === 403) return failure(`it refuses (403: ${said})`)
  if (status === 404)
    return failure(`there is no such thing, or the token may not see it (404): it needs the permission ${permission}`)
  if (status >= 500) return failure(`it failed with ${status}: GitHub may be having trouble`)
  return failure(`it answered ${status}${said === '' ? '' : ` (${said})`}`)
}

/** Says that the token has used up its questions, and until when; `null` if that is not the reason. */
function limitOf(headers: Readonly<Record<string, string | number | undefined>>, said: string): string | null {
  const isUsedUp = String(headers['x-ratelimit-remaining'] ?? '') === '0'
  if (!isUsedUp && !/rate limit/i.test(said)) return null
  const reset = Number(headers['x-ratelimit-reset'])
  const until = isUsedUp && reset > 0 ? `, until ${minute(new Date(reset * 1000).toISOString())}` : ''
  return `the token has used up the number of questions that it may ask${until}`
}

function messageOf(data: unknown): string {
  const message = (data as { message?: unknown } | null | undefined)?.message
  return typeof message === 'string' ? withoutEnd(message).slice(0, 300) : ''
}

const UNREADABLE = 'its answer is cut off, or is not the expected one'

function unknown({ what, method = 'GET' }: Pick<Question<never>, 'what' | 'method'>, why: string): Unknown {
  return { unknown: `The API does not ${method === 'GET' ? 'tell ' : ''}${what}: ${why}`, status: null }
}

function whyNotAsked({ token, repository }: ForgeOptions): string | null {
  if (token === '') return 'there is no token. Give one by the input github-token'
  return /^[^/\s]+\/[^/\s]+$/.test(repository) ? null : 'the repository is not known'
}

/** Tells whether a list has a further page. Without the header `Link`, the number of all items tells; without that, there is none. */
function hasNextPage(link: string | null, seen: number, total: number | null): boolean {
  if (link !== null) return /;\s*rel="next"/.test(link)
  return total !== null && seen < total
}

/** Reads a stream of bytes to its end; returns the reason if that fails, or if it is larger than `mostBytes`. */
async function readStream(stream: unknown, mostBytes: number): Promise<Buffer | string> {
  const chunks: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      size += chunk.length
      if (size > mostBytes) return `it is larger than ${Math.round(mostBytes / 1024 / 1024)} MiB`
      chunks.push(Buffer.from(chunk))
    }
    return Buffer.concat(chunks)
  } catch (error) {
    return `it broke off (${withoutEnd((error as Error).message)})`
  }
}

const nothing = () => undefined
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing }
