/** A watcher that pings go to: remembers what arrives, and answers as a test tells it to. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Arrival {
  readonly method: string
  /** Path and query. */
  readonly url: string
  readonly body: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

export interface Watcher {
  readonly baseUrl: string
  readonly host: string
  readonly arrived: Arrival[]
  /** Returns status and body of the answer; `null`: no answer ever comes. */
  answer: (arrival: Arrival) => { readonly status: number; readonly body: string } | null
  stop(): void
}

export async function startWatcher(): Promise<Watcher> {
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const { method = '', url = '', headers } = incoming
    const arrival = { method, url, headers, body: Buffer.concat(chunks).toString() }
    watcher.arrived.push(arrival)
    const answer = watcher.answer(arrival)
    if (answer === null) return
    response.writeHead(answer.status)
    response.end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const watcher: Watcher = {
    baseUrl: `http://${host}`,
    host,
    arrived: [],
    answer: () => ({ status: 200, body: 'OK' }),
    stop() {
      server.closeAllConnections()
      server.close()
    },
  }
  return watcher
}
