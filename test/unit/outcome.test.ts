/** The judgements: what a cause does to an instance, an instance to the run, the run to the job. */

import { expect, test } from 'vitest'
import { exitCode, instanceStatus, runResult } from '../../src/outcome.ts'

const staged = { status: 'staged' } as const
const failed = { status: 'failed' } as const
const planned = { status: 'planned' } as const

test.each`
  cause                                                 | targets               | failure          | cancelled | status
  ${'all staged, the image ended well'}                 | ${[staged, staged]}   | ${null}          | ${false}  | ${'success'}
  ${'no targets were meant (targets: [])'}              | ${[]}                 | ${null}          | ${false}  | ${'success'}
  ${'one target failed, the image ended well'}          | ${[staged, failed]}   | ${null}          | ${false}  | ${'partial'}
  ${'no target is left'}                                | ${[failed, failed]}   | ${null}          | ${false}  | ${'failed'}
  ${'the image failed'}                                 | ${[staged]}           | ${'exit code 7'} | ${false}  | ${'failed'}
  ${'the image failed, and a target before it'}         | ${[staged, failed]}   | ${'exit code 7'} | ${false}  | ${'failed'}
  ${'cancelled'}                                        | ${[staged]}           | ${null}          | ${true}   | ${'cancelled'}
  ${'cancelled, a target had failed'}                   | ${[staged, failed]}   | ${null}          | ${true}   | ${'cancelled'}
  ${'cancelled while it ended for a reason of its own'} | ${[staged]}           | ${'lock held'}   | ${true}   | ${'failed'}
  ${'a dry run'}                                        | ${[planned, planned]} | ${null}          | ${false}  | ${'skipped'}
  ${'a dry run that misses a target'}                   | ${[planned, failed]}  | ${null}          | ${false}  | ${'partial'}
  ${'it failed before any target was looked at'}        | ${[]}                 | ${'no image'}    | ${false}  | ${'failed'}
`('$cause → $status', ({ targets, failure, cancelled, status }) => {
  expect(instanceStatus({ targets, failure, cancelled })).toBe(status)
})

test.each`
  statuses                              | cancelled | errors            | result
  ${['success', 'success']}             | ${false}  | ${[]}             | ${'success'}
  ${['success', 'skipped']}             | ${false}  | ${[]}             | ${'success'}
  ${['success', 'partial']}             | ${false}  | ${[]}             | ${'partial'}
  ${['success', 'partial', 'failed']}   | ${false}  | ${[]}             | ${'failed'}
  ${['success', 'cancelled', 'failed']} | ${true}   | ${[]}             | ${'failed'}
  ${['success', 'cancelled']}           | ${true}   | ${[]}             | ${'cancelled'}
  ${['success', 'skipped']}             | ${true}   | ${[]}             | ${'cancelled'}
  ${['skipped', 'skipped']}             | ${false}  | ${[]}             | ${'nothing-due'}
  ${[]}                                 | ${false}  | ${[]}             | ${'nothing-due'}
  ${['success']}                        | ${false}  | ${['db is down']} | ${'failed'}
`('$statuses, cancelled $cancelled, errors $errors: $result', ({ statuses, cancelled, errors, result }) => {
  expect(runResult(statuses, { cancelled, errors })).toBe(result)
})

test.each`
  result           | red  | redThoughPartialIsAllowed
  ${'success'}     | ${0} | ${0}
  ${'nothing-due'} | ${0} | ${0}
  ${'partial'}     | ${1} | ${0}
  ${'failed'}      | ${1} | ${1}
  ${'cancelled'}   | ${1} | ${1}
`('$result ends with $red', ({ result, red, redThoughPartialIsAllowed }) => {
  expect([exitCode(result, false), exitCode(result, true)]).toEqual([red, redThoughPartialIsAllowed])
})
