import { expect, test } from 'vitest'
import { pingHost, pingProblem, pingRequest, secretsOfPingUrl } from '../../../../src/config/values/pingUrl.ts'

const FACTS = { line: 'failed: 1 of 2: a & b', body: 'the body', ms: 1234.6, runUuid: 'u-1' }
const KUMA = 'https://kuma.lan:3001/api/push/TOKEN?status={status}&msg={message}&ping={ms}'
const CRONITOR = 'https://cronitor.link/p/KEY/nightly?state={state}&message={message}'

test.each`
  address                                                | event        | url
  ${'https://hc-ping.com/ID'}                            | ${'start'}   | ${'https://hc-ping.com/ID/start?rid=u-1'}
  ${'https://hc-ping.com/ID'}                            | ${'success'} | ${'https://hc-ping.com/ID?rid=u-1'}
  ${'https://hc-ping.com/ID/'}                           | ${'fail'}    | ${'https://hc-ping.com/ID/fail?rid=u-1'}
  ${'https://hc-ping.com/KEY/nas?create=1#x'}            | ${'log'}     | ${'https://hc-ping.com/KEY/nas/log?create=1&rid=u-1'}
  ${'http://nas:8000/ping/ID?rid=mine'}                  | ${'success'} | ${'http://nas:8000/ping/ID?rid=mine'}
  ${'HTTPS://hc-ping.com'}                               | ${'success'} | ${'https://hc-ping.com/?rid=u-1'}
  ${KUMA}                                                | ${'start'}   | ${null}
  ${KUMA}                                                | ${'log'}     | ${null}
  ${KUMA}                                                | ${'success'} | ${'https://kuma.lan:3001/api/push/TOKEN?status=up&msg=failed%3A%201%20of%202%3A%20a%20%26%20b&ping=1235'}
  ${'https://kuma.lan/api/push/T?status={status}'}       | ${'fail'}    | ${'https://kuma.lan/api/push/T?status=down'}
  ${CRONITOR}                                            | ${'start'}   | ${'https://cronitor.link/p/KEY/nightly?state=run&message=failed%3A%201%20of%202%3A%20a%20%26%20b'}
  ${'https://cronitor.link/p/KEY/nightly?state={state}'} | ${'success'} | ${'https://cronitor.link/p/KEY/nightly?state=complete'}
  ${'https://cronitor.link/p/KEY/nightly?state={state}'} | ${'fail'}    | ${'https://cronitor.link/p/KEY/nightly?state=fail'}
  ${'https://w/{state}/{status}'}                        | ${'start'}   | ${'https://w/run/up'}
`('$event of $address', ({ address, event, url }) => {
  expect(pingProblem(address)).toBeNull()
  const request = pingRequest(address, event, FACTS)
  expect(request?.url ?? null).toBe(url)
  expect(request?.body ?? null).toBe(url === null || address.includes('{') ? null : 'the body')
})

test.each`
  address                                                 | problem
  ${'hc-ping.com/ID'}                                     | ${/must be an address/}
  ${'ftp://hc-ping.com/ID'}                               | ${/must be an address/}
  ${'javascript:alert(1)'}                                | ${/must be an address/}
  ${'https://'}                                           | ${/must be an address/}
  ${'https://a b'}                                        | ${/must be an address/}
  ${'https://host:port/x'}                                | ${/must be an address/}
  ${''}                                                   | ${/must be an address/}
  ${'https://w/?a={stats}'}                               | ${/unknown placeholder/}
  ${'https://w/?a={}'}                                    | ${/unknown placeholder/}
  ${'https://kuma/api/push/T?status=up&msg=OK&ping='}     | ${/every run good.*status=\{status\}/}
  ${'https://kuma/api/push/T'}                            | ${/every run good.*status=\{status\}/}
  ${'https://kuma/api/push/T?status=up&msg={message}'}    | ${/every run good/}
  ${'https://cronitor.link/p/KEY/nightly'}                | ${/every run good.*state=\{state\}/}
  ${'https://cronitor.link/p/KEY/nightly?state=complete'} | ${/every run good.*state=\{state\}/}
`('$address is refused', ({ address, problem }) => {
  expect(pingProblem(address)).toMatch(problem)
  if (address.length > 8) expect(pingProblem(address)).not.toContain(address)
})

test('a user and a password go into a header', () => {
  expect(pingRequest('https://me:p%40ss@nas/ping/ID', 'success', FACTS)).toEqual({
    url: 'https://nas/ping/ID?rid=u-1',
    headers: { authorization: `Basic ${Buffer.from('me:p@ss').toString('base64')}` },
    body: 'the body',
  })
})

test('the secrets of an address: the whole, and its part with the id; of a warning only the host', () => {
  expect(secretsOfPingUrl(KUMA)).toEqual([KUMA, 'https://kuma.lan:3001/api/push/TOKEN'])
  expect(secretsOfPingUrl('https://hc-ping.com/ID/')).toEqual(['https://hc-ping.com/ID/', 'https://hc-ping.com/ID'])
  expect(secretsOfPingUrl('https://w/?id=S')).toEqual(['https://w/?id=S'])
  expect(pingHost(KUMA)).toBe('kuma.lan:3001')
})
