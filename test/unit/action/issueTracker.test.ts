/** Shows that issues without our label are never taken for ours, also where the forge passes over the label that it was asked for. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openForge } from '../../../src/action/forge/askForge.ts'
import { ISSUE_LABEL, listOpenIssues } from '../../../src/action/forge/issueTracker.ts'
import { type ForgeServer, startForgeServer } from '../../support/forge-server.ts'

let server: ForgeServer
beforeEach(async () => {
  server = await startForgeServer()
})
afterEach(() => server.stop())

const issue = (number: number, more: object) => ({ id: number, number, body: `${number}`, ...more })
const OURS = { labels: [{ name: ISSUE_LABEL }] }

/** Lists the numbers of the open issues if the forge gives these pages. */
async function numbersIn(...pages: readonly (readonly object[])[]): Promise<unknown> {
  server.fault = ({ query }) => {
    const number = Number(query.get('page'))
    const next = number < pages.length ? { link: `<${server.baseUrl}/issues?page=${number + 1}>; rel="next"` } : {}
    return { status: 200, body: pages[number - 1], headers: next }
  }
  const listed = await listOpenIssues(openForge({ token: 't', baseUrl: server.baseUrl, repository: 'octo/backups' }))
  return 'value' in listed ? listed.value.items.map(({ number }) => number) : listed
}

test('only issues with our label are listed, and no pull request', async () => {
  const listed = await numbersIn([
    issue(1, OURS),
    issue(2, { labels: [ISSUE_LABEL, 'bug'] }),
    issue(3, { labels: [{ name: 'bug' }] }),
    issue(4, { labels: [] }),
    issue(5, { ...OURS, pull_request: {} }),
    issue(6, {}), // a forge that tells no labels
  ])
  expect(listed).toEqual([1, 2, 6])
})

test('a page of others alone does not end the list', async () => {
  expect(await numbersIn([issue(1, { labels: [] })], [issue(2, OURS)])).toEqual([2])
})
