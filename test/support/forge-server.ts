/** Answers as GitHub's API does about one repository, `octo/backups`, as far as the action asks it: from values that a test may change at any time. */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { crc32, deflateRawSync } from 'node:zlib'

export interface ForgeRequest {
  readonly method: string
  /** Path below the repository: `/actions/runs/5/jobs`. */
  readonly path: string
  readonly query: URLSearchParams
  readonly body: Record<string, unknown>
  readonly token: string
}

export interface ForgeReply {
  readonly status: number
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** Sends the JSON as far as this character, and then breaks the connection off. */
  readonly cutAt?: number
}

export interface ForgeIssue {
  readonly number: number
  title: string
  body: string
  state: 'open' | 'closed'
  labels: string[]
  comments: string[]
}

export interface ForgeServer {
  readonly baseUrl: string
  readonly asked: ForgeRequest[]
  repository: { private: boolean; default_branch: string; has_issues: boolean }
  lastCommitAt: string | null
  workflow: { name: string; state: string }
  runs: Record<string, unknown>[]
  /** Jobs by the run's id. */
  readonly jobs: Map<number, Record<string, unknown>[]>
  /** Artifacts by the run's id, with the archive of each. */
  readonly artifacts: Map<number, { readonly value: Record<string, unknown>; readonly archive: Buffer }[]>
  readonly issues: ForgeIssue[]
  /** Drops labels without a word, as GitHub does for a token that may not set them. */
  dropsLabels: boolean
  /** Answers before the values above do, unless it returns `null`. */
  fault: (request: ForgeRequest) => ForgeReply | null
  /** Takes no connections any more. */
  stop(): void
}

const REPOSITORY = '/repos/octo/backups'

export async function startForgeServer(): Promise<ForgeServer> {
  const server = createServer(async (incoming, response) => {
    const request = await read(incoming)
    if (request.path.startsWith('/blob/')) return sendArchive(response, forge, Number(request.path.slice(6)))
    forge.asked.push(request)
    send(response, forge.fault(request) ?? reply(forge, request))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const forge: ForgeServer = {
    baseUrl: origin,
    asked: [],
    repository: { private: true, default_branch: 'main', has_issues: true },
    lastCommitAt: new Date().toISOString(),
    workflow: { name: 'Backup', state: 'active' },
    runs: [],
    jobs: new Map(),
    artifacts: new Map(),
    issues: [],
    dropsLabels: false,
    fault: () => null,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
  return forge
}

async function read(incoming: IncomingMessage): Promise<ForgeRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk)
  const url = new URL(incoming.url ?? '/', 'http://localhost')
  const text = Buffer.concat(chunks).toString()
  return {
    method: incoming.method ?? 'GET',
    path: decodeURIComponent(url.pathname).replace(REPOSITORY, ''),
    query: url.searchParams,
    body: text === '' ? {} : JSON.parse(text),
    token: incoming.headers.authorization ?? '',
  }
}

function send(response: ServerResponse, { status, body, headers = {}, cutAt }: ForgeReply): void {
  const text = body === undefined ? '' : JSON.stringify(body)
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(text)),
    'x-ratelimit-limit': '1000',
    'x-ratelimit-remaining': '997',
    'x-ratelimit-reset': '1795831200',
    'x-github-media-type': 'github.v3; format=json',
    ...headers,
  })
  if (cutAt === undefined) response.end(text)
  else response.write(text.slice(0, cutAt), () => setTimeout(() => response.destroy(), 20))
}

function sendArchive(response: ServerResponse, forge: ForgeServer, id: number): void {
  const found = [...forge.artifacts.values()].flat().find(({ value }) => value.id === id)
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/zip' })
  response.end(found?.archive)
}

const NOT_FOUND: ForgeReply = {
  status: 404,
  body: { message: 'Not Found', documentation_url: 'https://docs.github.com/rest', status: '404' },
}

function reply(forge: ForgeServer, request: ForgeRequest): ForgeReply {
  const { path, method } = request
  if (path === '') return { status: 200, body: { id: 1, full_name: 'octo/backups', ...forge.repository } }
  if (path === '/commits') return { status: 200, body: commits(forge) }
  if (/^\/actions\/workflows\/[^/]+$/.test(path))
    return { status: 200, body: { id: 9, path: `.github/workflows/${path.slice(19)}`, ...forge.workflow } }
  if (/^\/actions\/workflows\/[^/]+\/runs$/.test(path)) return listed(request, 'workflow_runs', runsFor(forge, request))
  const [, run, list] = /^\/actions\/runs\/(\d+)\/(?:attempts\/\d+\/)?(jobs|artifacts)$/.exec(path) ?? []
  if (list === 'jobs') return listed(request, 'jobs', forge.jobs.get(Number(run)) ?? [])
  if (list === 'artifacts')
    return listed(
      request,
      'artifacts',
      (forge.artifacts.get(Number(run)) ?? []).map(({ value }) => value),
    )
  const [, artifact] = /^\/actions\/artifacts\/(\d+)\/zip$/.exec(path) ?? []
  if (artifact !== undefined) return { status: 302, headers: { location: `${forge.baseUrl}/blob/${artifact}` } }
  if (path.startsWith('/issues')) return issueReply(forge, request, method)
  return NOT_FOUND
}

function commits({ lastCommitAt }: ForgeServer): unknown[] {
  if (lastCommitAt === null) return []
  return [{ sha: '0'.repeat(40), commit: { message: 'x', committer: { name: 'octo', date: lastCommitAt } } }]
}

const isDrill = (path: unknown) => String(path).includes('/drill.yml')

/** Returns the runs of a workflow: those of `drill.yml`, or all others. */
function runsFor(forge: ForgeServer, { query, path }: ForgeRequest): Record<string, unknown>[] {
  const since = /^>=(.+)$/.exec(query.get('created') ?? '')?.[1] ?? ''
  return forge.runs
    .filter((one) => isDrill(one.path) === isDrill(path))
    .filter((one) => query.get('event') === null || one.event === query.get('event'))
    .filter((one) => query.get('status') === null || [one.status, one.conclusion].includes(query.get('status')))
    .filter((one) => String(one.created_at) >= since)
    .sort((a, b) => String(b.created_at).localeCompare(String(a.created_at)))
}

function listed({ query, path }: ForgeRequest, key: string, all: readonly unknown[]): ForgeReply {
  const { items, headers } = page(query, path, all)
  return { status: 200, body: { total_count: all.length, [key]: items }, headers }
}

function page(query: URLSearchParams, path: string, all: readonly unknown[]) {
  const size = Number(query.get('per_page') ?? 30)
  const number = Number(query.get('page') ?? 1)
  const last = Math.max(1, Math.ceil(all.length / size))
  const link = (to: number, rel: string) =>
    `<https://api.github.com/repositories/1${path}?per_page=${size}&page=${to}>; rel="${rel}"`
  const links = [
    ...(number > 1 ? [link(number - 1, 'prev')] : []),
    ...(number < last ? [link(number + 1, 'next'), link(last, 'last')] : []),
  ]
  const headers: Record<string, string> = links.length === 0 ? {} : { link: links.join(', ') }
  return { items: all.slice((number - 1) * size, number * size), headers }
}

function issueReply(forge: ForgeServer, { path, query, body }: ForgeRequest, method: string): ForgeReply {
  if (!forge.repository.has_issues) {
    return {
      status: 410,
      body: {
        message: 'Issues has been disabled in this repository.',
        documentation_url: 'https://docs.github.com/v3/issues/',
        status: '410',
      },
    }
  }
  const [, number, comments] = /^\/issues\/(\d+)(\/comments)?$/.exec(path) ?? []
  if (number === undefined && method === 'GET') {
    const wanted = forge.issues
      .filter((one) => query.get('state') === 'all' || one.state === (query.get('state') ?? 'open'))
      .filter((one) => query.get('labels') === null || one.labels.includes(query.get('labels') as string))
      .map(shown)
    const { items, headers } = page(query, path, query.get('direction') === 'asc' ? wanted : wanted.reverse())
    return { status: 200, body: items, headers }
  }
  if (number === undefined) {
    const issue: ForgeIssue = {
      number: forge.issues.length + 1,
      title: String(body.title),
      body: String(body.body),
      state: 'open',
      labels: forge.dropsLabels ? [] : ((body.labels ?? []) as string[]),
      comments: [],
    }
    forge.issues.push(issue)
    return { status: 201, body: shown(issue) }
  }
  const issue = forge.issues.find((one) => one.number === Number(number))
  if (issue === undefined) return NOT_FOUND
  if (comments !== undefined) {
    issue.comments.push(String(body.body))
    return { status: 201, body: { id: 1, body: body.body } }
  }
  const { labels, ...rest } = body
  Object.assign(issue, rest, labels === undefined || forge.dropsLabels ? {} : { labels })
  return { status: 200, body: shown(issue) }
}

function shown(issue: ForgeIssue): Record<string, unknown> {
  return {
    id: issue.number + 5_000_000,
    number: issue.number,
    title: issue.title,
    body: issue.body,
    state: issue.state,
    labels: issue.labels.map((name, id) => ({ id, name, color: 'ededed' })),
    user: { login: 'github-actions[bot]', type: 'Bot' },
    html_url: `https://github.com/octo/backups/issues/${issue.number}`,
  }
}

/** A run as the API shows it. */
export function forgeRun(id: number, createdAt: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    name: 'Backup',
    node_id: 'WFR_x',
    head_branch: 'main',
    head_sha: '0'.repeat(40),
    path: '.github/workflows/backup.yml',
    run_number: id,
    event: 'schedule',
    status: 'completed',
    conclusion: 'success',
    workflow_id: 9,
    html_url: `https://github.com/octo/backups/actions/runs/${id}`,
    created_at: createdAt,
    updated_at: createdAt,
    run_attempt: 1,
    run_started_at: createdAt,
    ...more,
  }
}

/** A job as the API shows it. */
export function forgeJob(id: number, createdAt: string, more: Readonly<Record<string, unknown>> = {}) {
  return {
    id,
    run_id: 1,
    workflow_name: 'Backup',
    head_branch: 'main',
    run_attempt: 1,
    status: 'completed',
    conclusion: 'success',
    created_at: createdAt,
    started_at: createdAt,
    completed_at: createdAt,
    name: 'backup',
    steps: [],
    labels: ['self-hosted'],
    runner_id: 1,
    runner_name: 'nas-runner',
    runner_group_id: 1,
    runner_group_name: 'Default',
    html_url: `https://github.com/octo/backups/actions/runs/1/job/${id}`,
    ...more,
  }
}

/** An artifact as the API shows it, with an archive of these files. */
export function forgeArtifact(
  id: number,
  name: string,
  files: Readonly<Record<string, string | Buffer>>,
  more: Readonly<Record<string, unknown>> = {},
) {
  const archive = zipOf(files)
  return {
    archive,
    value: {
      id,
      node_id: 'MDg6QXJ0aWZhY3Qx',
      name,
      size_in_bytes: archive.length,
      archive_download_url: `https://api.github.com/repos/octo/backups/actions/artifacts/${id}/zip`,
      expired: false,
      created_at: new Date().toISOString(),
      ...more,
    },
  }
}

/** A ZIP archive, as the artifact client makes it: sizes and checksum stand behind the data. */
export function zipOf(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts: Buffer[] = []
  const central: Buffer[] = []
  let at = 0
  for (const [name, content] of Object.entries(files)) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data)
    const local = Buffer.alloc(30)
    local.writeUInt32LE(0x04034b50)
    local.writeUInt16LE(8, 6) // sizes follow
    local.writeUInt16LE(8, 8)
    local.writeUInt16LE(name.length, 26)
    const after = Buffer.alloc(16)
    after.writeUInt32LE(0x08074b50)
    after.writeUInt32LE(crc32(data), 4)
    after.writeUInt32LE(packed.length, 8)
    after.writeUInt32LE(data.length, 12)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50)
    entry.writeUInt16LE(8, 8)
    entry.writeUInt16LE(8, 10)
    entry.writeUInt32LE(crc32(data), 16)
    entry.writeUInt32LE(packed.length, 20)
    entry.writeUInt32LE(data.length, 24)
    entry.writeUInt16LE(name.length, 28)
    entry.writeUInt32LE(at, 42)
    const local_ = Buffer.concat([local, Buffer.from(name), packed, after])
    at += local_.length
    parts.push(local_)
    central.push(Buffer.concat([entry, Buffer.from(name)]))
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50)
  end.writeUInt16LE(central.length, 8)
  end.writeUInt16LE(central.length, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(at, 16)
  return Buffer.concat([...parts, directory, end])
}
