/** Selects the instances of this run. Pure. */
import type { RawInstance } from '../config/load.ts'
import { InputError } from '../errors.ts'

interface SelectedInstances {
  readonly instances: readonly RawInstance[]
  readonly notices: readonly string[]
}

interface SelectRequest {
  readonly all: readonly RawInstance[]
  /** Ids from the `instances` input; empty if it names none. */
  readonly ids: readonly string[]
  readonly select: 'auto' | 'due' | 'all'
  readonly event: string
}

/**
 * Returns the instances named by `ids`. If none are named: for `all`, or `auto` on another event than `schedule`, every instance; for
 * `due`, or `auto` on that event, every instance that has a schedule, with a notice that says so. Throws `InputError` for an unknown id.
 */
export function selectInstances({ all, ids, select, event }: SelectRequest): SelectedInstances {
  const unknown = ids.filter((id) => !all.some((instance) => instance.id === id))
  if (unknown.length > 0) {
    throw new InputError(
      `instances: ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not in the configuration, which has ${all.map((instance) => instance.id).join(', ')}`,
    )
  }
  if (ids.length > 0) return { instances: all.filter((instance) => ids.includes(instance.id)), notices: [] }
  if (select === 'all' || (select === 'auto' && event !== 'schedule')) return { instances: all, notices: [] }
  const scheduled = all.filter((instance) => instance.schedule !== null || instance.scheduleIsOpen)
  return {
    instances: scheduled,
    notices: ['Which instances are due is not decided yet: every instance that has a schedule is run.'],
  }
}
