import { expect, test } from 'vitest'
import { showsContainerLines } from '../../../src/command/runOne.ts'

test.each`
  showLogs  | publicRepository | problem | shows
  ${'auto'} | ${false}         | ${null} | ${true}
  ${'auto'} | ${null}          | ${null} | ${true}
  ${'auto'} | ${true}          | ${null} | ${false}
  ${'auto'} | ${null}          | ${'x'}  | ${false}
  ${true}   | ${true}          | ${null} | ${true}
  ${false}  | ${false}         | ${null} | ${false}
`('show-logs $showLogs, public: $publicRepository, event unread: $problem: $shows', ({ showLogs, shows, ...event }) => {
  const action = { inputs: { showLogs }, event } as Parameters<typeof showsContainerLines>[0]
  expect(showsContainerLines(action)).toBe(shows)
})
