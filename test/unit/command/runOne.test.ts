import { expect, test } from 'vitest'
import { showsContainerLines } from '../../../src/command/runOne.ts'

test.each`
  showLogs  | publicRepository | repository | problem | shows
  ${'auto'} | ${false}         | ${'o/r'}   | ${null} | ${true}
  ${'auto'} | ${null}          | ${'o/r'}   | ${null} | ${false}
  ${'auto'} | ${null}          | ${''}      | ${null} | ${true}
  ${'auto'} | ${true}          | ${'o/r'}   | ${null} | ${false}
  ${'auto'} | ${true}          | ${''}      | ${null} | ${false}
  ${'auto'} | ${null}          | ${''}      | ${'x'}  | ${false}
  ${true}   | ${true}          | ${'o/r'}   | ${null} | ${true}
  ${false}  | ${false}         | ${'o/r'}   | ${null} | ${false}
`(
  'show-logs $showLogs, public: $publicRepository, of "$repository", event unread: $problem: $shows',
  ({ showLogs, shows, ...event }) => {
    const action = { inputs: { showLogs }, event } as Parameters<typeof showsContainerLines>[0]
    expect(showsContainerLines(action)).toBe(shows)
  },
)
