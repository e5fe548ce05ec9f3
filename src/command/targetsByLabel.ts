/** Finds the targets that labels on the host give to the instances. The host is asked once in a run, and only where an instance needs it. */
import type { DockerHost } from '../claim/host.ts'
import type { Config } from '../config/load.ts'
import type { InstanceContext } from '../instance/context.ts'
import { discover } from '../targets/discover.ts'
import type { PlannedInstance } from './loadConfiguration.ts'

/** Makes the function that finds the targets of one instance. */
export function targetsByLabel(
  host: DockerHost,
  config: Config,
  settled: readonly PlannedInstance[],
  signal: AbortSignal,
): InstanceContext['discover'] {
  let asked: ReturnType<typeof discover> | null = null
  // instances that this run does not take are known too, so that their labels are not called unknown
  const taken = new Map(settled.map((one) => [one.raw.id, one]))
  const instances = config.instances.map((raw) => {
    const own = taken.get(raw.id)
    const instance = own?.ok ? own.instance : null
    return {
      id: raw.id,
      discovers: instance === null || (instance.targets === null && instance.discover === 'labels'),
      stopAttached: instance?.stopAttached ?? false,
    }
  })
  return async (id) => {
    const isFirst = asked === null
    asked ??= discover(host.docker, instances, signal)
    const found = await asked
    if (isFirst) for (const warning of [...found.warnings, ...found.notices]) await host.warn(warning)
    return found.targetsOf(id)
  }
}
