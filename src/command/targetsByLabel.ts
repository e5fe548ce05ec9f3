/** Finds the targets that labels on the host give to the instances. The host is asked once in a run, and only if an instance needs it. */
import type { DockerHost } from '../claim/host.ts'
import type { LabelInstance } from '../config/discoveryLabels.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { isTreeMap, type Tree, treeAt } from '../config/yaml.ts'
import type { InstanceContext } from '../instance/context.ts'
import { discover } from '../targets/discover.ts'
import type { PlannedInstance } from './loadConfiguration.ts'

/**
 * Makes the function that finds the targets of one instance by its id. Its first call also warns of all labels on the host that cannot be
 * followed and fail no instance of this run. `settled` are the instances of this run.
 */
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
    return { id: raw.id, ...writtenTargets(config, raw), stopAttached: own?.ok ? own.instance.stopAttached : false }
  })
  return async (id) => {
    const isFirst = asked === null
    asked ??= discover(host.docker, instances, signal)
    const found = await asked
    // an instance that this run does not take cannot fail in it
    const failing = new Set(settled.flatMap(({ raw }) => found.errorsOf(raw.id)))
    const others = instances.flatMap((one) => found.errorsOf(one.id)).filter((error) => !failing.has(error))
    const said = [...found.warnings, ...found.notices, ...others]
    if (isFirst) for (const warning of new Set(said)) await host.warn(warning)
    return found.targetsOf(id)
  }
}

/** Reads what is known of an instance's targets without its variables: whether labels give them, and their names as they are written. */
function writtenTargets(config: Config, { index }: RawInstance): Pick<LabelInstance, 'discovers' | 'names'> {
  const written = treeAt(config.tree, ['instances', index])
  const { targets, discover: how } = isTreeMap(written) ? written : {}
  if (!Array.isArray(targets)) return { discovers: targets === undefined && how !== 'all', names: [] }
  const names = targets.flatMap((one: Tree) => (isTreeMap(one) ? [one.volume, one.db] : []))
  return { discovers: false, names: names.filter((name) => typeof name === 'string') }
}
