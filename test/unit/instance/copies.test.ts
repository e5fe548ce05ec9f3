import { expect, test } from 'vitest'
import { refuseDown } from '../../../src/instance/copies.ts'

const docker = {} as never
const down = { error: 'web did not come up', isDown: true, log: [] } as never
const failed = (message: string) => ({ progress: { kind: 'failed', error: new Error(message) } }) as never
const done = { kind: 'done', value: undefined, disturbed: ['somebody started web'] } as never

test('an application that stays down is told first, and hides nothing else that went wrong', () => {
  const refuse = (notUp: readonly never[], outcome: never, members: readonly never[]) => () =>
    refuseDown(docker, { notUp, outcome } as never, members)
  expect(refuse([], done, [failed('full')])).not.toThrow()
  expect(refuse([down], done, [failed('the disk is full'), failed('the disk is full')])).toThrow(
    /^web did not come up[;.] the disk is full[;.] somebody started web$/i,
  )
  const broken = { kind: 'failed', error: new Error('the stop failed') } as never
  expect(refuse([down], broken, [])).toThrow(/^web did not come up[;.] the stop failed$/i)
})
