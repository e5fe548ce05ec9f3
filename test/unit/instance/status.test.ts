import { expect, test } from 'vitest'
import { instanceStatus } from '../../../src/instance/status.ts'

const staged = { status: 'staged' } as const
const failed = { status: 'failed' } as const

test.each`
  cause                                                 | targets             | failure          | cancelled | status
  ${'all staged, the image ended well'}                 | ${[staged, staged]} | ${null}          | ${false}  | ${'success'}
  ${'no targets were meant (targets: [])'}              | ${[]}               | ${null}          | ${false}  | ${'success'}
  ${'one target failed, the image ended well'}          | ${[staged, failed]} | ${null}          | ${false}  | ${'partial'}
  ${'no target is left'}                                | ${[failed, failed]} | ${null}          | ${false}  | ${'failed'}
  ${'the image failed'}                                 | ${[staged]}         | ${'exit code 7'} | ${false}  | ${'failed'}
  ${'the image failed, and a target before it'}         | ${[staged, failed]} | ${'exit code 7'} | ${false}  | ${'failed'}
  ${'cancelled'}                                        | ${[staged]}         | ${null}          | ${true}   | ${'cancelled'}
  ${'cancelled, a target had failed'}                   | ${[staged, failed]} | ${null}          | ${true}   | ${'cancelled'}
  ${'cancelled while it ended for a reason of its own'} | ${[staged]}         | ${'lock held'}   | ${true}   | ${'failed'}
  ${'it failed before any target was looked at'}        | ${[]}               | ${'no image'}    | ${false}  | ${'failed'}
`('$cause → $status', ({ targets, failure, cancelled, status }) => {
  expect(instanceStatus({ targets, failure, cancelled })).toBe(status)
})
