/** Selects the instances that a run may take, by the inputs `instances` and `host`. Which of them are due is decided later. Pure. */

import type { RawInstance } from '../config/load.ts'
import { nearestWord } from '../config/nearestWord.ts'
import { distinctHosts, hostsOf, isMeant } from '../config/runnerHosts.ts'
import { InputError } from '../errors.ts'

interface SelectRequest {
  readonly all: readonly RawInstance[]
  /** Ids from the `instances` input; empty if it names none. */
  readonly ids: readonly string[]
  /** The `host` input; `null` if it is left out. */
  readonly host: string | null
  /** True if the selected instances are to be run here, and not only planned: they must then belong to one host. */
  readonly isForOneHost: boolean
}

/**
 * Returns the instances of `ids` (all, if there are none) that belong to `host`. An id of another host is left to
 * that host's job, since one start by hand gives the same ids to the jobs of all hosts. Throws `InputError` for an unknown id or host, and if
 * the configuration has several hosts and neither input says which is meant.
 */
export function selectInstances({ all, ids, host, isForOneHost }: SelectRequest): readonly RawInstance[] {
  const unknown = ids.filter((id) => !all.some((instance) => instance.id === id))
  if (unknown.length > 0) {
    const known = all.map((instance) => instance.id)
    const meant = [...new Set(unknown.flatMap((id) => nearestWord(id, known) ?? []))]
    const question = meant.length === 0 ? '' : `: did you mean ${meant.join(', ')}?`
    throw new InputError(
      `instances: ${unknown.join(', ')} ${unknown.length === 1 ? 'is' : 'are'} not in the configuration, which has ${known.join(', ')}${question}`,
    )
  }
  const hosts = hostsOf(all)
  const known = distinctHosts(hosts)
  const names = known.map(({ name }) => name)
  if (host !== null && !known.some((one) => isMeant(host, one, known))) {
    const near = nearestWord(host, names)
    throw new InputError(
      `host: ${host} is no host of the configuration, which has ${names.join(', ')} (from runsOn)${near === null ? '' : `: did you mean ${near}?`}`,
    )
  }
  if (host === null && ids.length === 0 && isForOneHost && known.length > 1) {
    throw new InputError(
      `the configuration has ${known.length} hosts (${names.join(', ')}, from runsOn), and this job runs beside one: set the input host to its name, or instances to ids`,
    )
  }
  const isHere = (index: number) => host === null || isMeant(host, hosts[index] as (typeof hosts)[number], known)
  return all.filter((instance, index) => isHere(index) && (ids.length === 0 || ids.includes(instance.id)))
}

/** Returns those of `ids` that `selected` lacks, because they belong to another host. */
export function leftToOthers(ids: readonly string[], selected: readonly RawInstance[]): readonly string[] {
  return [...new Set(ids)].filter((id) => !selected.some((one) => one.id === id))
}
