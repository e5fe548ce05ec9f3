import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createApi } from '../../../src/action/api.ts'

let server: Server
let answers: Record<string, [number, unknown]>
let asked: string[]
let baseUrl: string
beforeEach(async () => {
  answers = {}
  asked = []
  server = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`)
    const [status, body] = answers[request.url ?? ''] ?? [404, { message: 'Not Found' }]
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const RUN = '/api/v3/repos/o/r/actions/runs/5'

test.each([
  ['over', { status: 'completed', run_attempt: 1 }, 1, true],
  ['running', { status: 'in_progress', run_attempt: 1 }, 1, false],
  ['queued', { status: 'queued', run_attempt: 1 }, 1, false],
  ['an earlier attempt than the running one', { status: 'in_progress', run_attempt: 2 }, 1, true],
  ['a forge without attempts', { status: 'completed' }, 1, true],
])('a run that is %s', async (_, run, attempt, over) => {
  answers[RUN] = [200, run]
  expect(await createApi({ token: 't0ken', baseUrl }).runCompleted('o/r', '5', attempt)).toBe(over)
  expect(asked).toEqual([`${RUN} token t0ken`])
})

test.each([404, 403, 401, 500])('an answer of %i is "unknown"', async (status) => {
  answers[RUN] = [status, { message: 'no' }]
  expect(await createApi({ token: 't0ken', baseUrl }).runCompleted('o/r', '5', 1)).toBeNull()
})

test('nobody there is "unknown"; what cannot be asked is not', async () => {
  server.close()
  server.closeAllConnections()
  expect(await createApi({ token: 't0ken', baseUrl }).runCompleted('o/r', '5', 1)).toBeNull()
  const api = createApi({ token: '', baseUrl })
  expect(await api.runCompleted('o/r', '5', 1)).toBeNull()
  for (const [repository, run] of [
    ['o', '5'],
    ['o/r/x', '5'],
    ['', '5'],
    ['o/r', ''],
    ['o/r', '5/../6'],
  ] as const) {
    expect(await createApi({ token: 't', baseUrl }).runCompleted(repository, run, 1)).toBeNull()
  }
  expect(asked).toEqual([])
})
