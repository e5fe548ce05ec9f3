/** What the artifact client talks to, as far as an upload needs it: keeps what was uploaded, or refuses as it is told. */

import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inflateRawSync } from 'node:zlib'

export interface ArtifactService {
  readonly origin: string
  /** What a step's environment needs in order to find it. */
  readonly env: Readonly<Record<string, string>>
  readonly created: readonly { readonly name: string; readonly expires_at?: string }[]
  /** The archives that were uploaded to their end, by the artifact's name. */
  readonly archives: ReadonlyMap<string, Buffer>
  /** Names that are refused, since they are taken. */
  taken: readonly string[]
  /** What to answer to `CreateArtifact`. */
  status: number
  stop(): void
}

export async function startArtifactService(): Promise<ArtifactService> {
  const created: { name: string; expires_at?: string }[] = []
  const archives = new Map<string, Buffer>()
  const blocks = new Map<string, Buffer>()
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request)
    const url = new URL(request.url ?? '/', origin)
    const answer = (status: number, value: unknown) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    if (request.method === 'PUT') {
      const blob = url.pathname.split('/').at(-1) ?? ''
      const block = url.searchParams.get('blockid')
      if (url.searchParams.get('comp') === 'block') blocks.set(`${blob} ${block}`, body)
      else {
        const ids = [...body.toString().matchAll(/<Latest>(.*?)<\/Latest>/g)].map(([, id]) => id)
        const name = created[Number(blob)]?.name ?? ''
        archives.set(name, Buffer.concat(ids.map((id) => blocks.get(`${blob} ${id}`) ?? Buffer.alloc(0))))
      }
      response.writeHead(201).end()
    } else if (url.pathname.endsWith('/CreateArtifact')) {
      const wanted = JSON.parse(body.toString())
      created.push(wanted)
      if (service.status !== 200) answer(service.status, { msg: 'no' })
      else if (service.taken.includes(wanted.name)) {
        answer(409, { msg: 'an artifact with this name already exists on the workflow run' })
      } else
        answer(200, { ok: true, signed_upload_url: `${origin}/account/container/${created.length - 1}?sig=s3cr3t` })
    } else answer(200, { ok: true, artifact_id: String(created.length) })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const token = ['e30', Buffer.from('{"scp":"Actions.Results:run:job"}').toString('base64url'), ''].join('.')
  const service: ArtifactService = {
    origin,
    env: { ACTIONS_RESULTS_URL: origin, ACTIONS_RUNTIME_TOKEN: token, GITHUB_SERVER_URL: 'http://marina.localhost' },
    created,
    archives,
    taken: [],
    status: 200,
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
  return service
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk)
  return Buffer.concat(chunks)
}

/** The files of a ZIP archive, by its central directory. */
export function unzipped(archive: Buffer): Record<string, string> {
  const files: Record<string, string> = {}
  const end = archive.lastIndexOf('PK\x05\x06', undefined, 'latin1')
  let at = archive.readUInt32LE(end + 16)
  for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
    const [size, name, extra, comment] = [20, 28, 30, 32].map((offset, index) =>
      index === 0 ? archive.readUInt32LE(at + offset) : archive.readUInt16LE(at + offset),
    ) as [number, number, number, number]
    const local = archive.readUInt32LE(at + 42)
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28)
    const data = archive.subarray(from, from + size)
    const path = archive.toString('utf8', at + 46, at + 46 + name)
    files[path] = (archive.readUInt16LE(at + 10) === 0 ? data : inflateRawSync(data)).toString()
    at += 46 + name + extra + comment
  }
  return files
}
