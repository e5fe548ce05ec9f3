import { describe, expect, test } from 'vitest'
import { selectInstances } from '../../../src/command/selectInstances.ts'
import { InputError } from '../../../src/errors.ts'

type SelectRequest = Parameters<typeof selectInstances>[0]
type Known = SelectRequest['all'][number]
const known = (id: string, schedule: string | null, isOpen = false) =>
  ({ id, schedule, scheduleIsOpen: isOpen }) as unknown as Known
/** `open`: its schedule is a variable. */
const all = [known('nightly', '0 3 * * *'), known('by-hand', null), known('open', null, true)]

const selected = (over: Partial<SelectRequest>) =>
  selectInstances({ all, ids: [], select: 'auto', event: 'push', ...over }).instances.map(({ id }) => id)

describe('which instances a run takes', () => {
  test.each`
    ids                    | select    | event                  | takes
    ${[]}                  | ${'auto'} | ${'workflow_dispatch'} | ${['nightly', 'by-hand', 'open']}
    ${[]}                  | ${'auto'} | ${'schedule'}          | ${['nightly', 'open']}
    ${[]}                  | ${'due'}  | ${'workflow_dispatch'} | ${['nightly', 'open']}
    ${[]}                  | ${'all'}  | ${'schedule'}          | ${['nightly', 'by-hand', 'open']}
    ${['by-hand']}         | ${'auto'} | ${'schedule'}          | ${['by-hand']}
    ${['open', 'open']}    | ${'due'}  | ${'schedule'}          | ${['open']}
    ${['open', 'nightly']} | ${'all'}  | ${'push'}              | ${['nightly', 'open']}
  `('ids $ids, select $select, event $event: $takes', ({ takes, ...request }) => {
    expect(selected(request)).toEqual(takes)
  })

  test('one that is not there is an error that names those that are', () => {
    const wrong = () => selected({ ids: ['nightly', 'nihgtly', 'Open'] })
    expect(wrong).toThrow(InputError)
    expect(wrong).toThrow('instances: nihgtly, Open are not in the configuration, which has nightly, by-hand, open')
  })
})
