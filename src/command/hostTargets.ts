/**
 * Finds on the host the targets of instances that list none, and what no instance backs up. The host is asked for its containers and
 * volumes once in a run, and only if something needs them.
 */
import { readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { findClaims } from '../claim/findClaims.ts'
import type { DockerHost } from '../claim/host.ts'
import type { LabelInstance } from '../config/discoveryLabels.ts'
import type { Config, RawInstance } from '../config/load.ts'
import type { Instance } from '../config/model.ts'
import type { Lookup } from '../config/resolveInstance.ts'
import { InstanceError, sayError } from '../errors.ts'
import type { InstanceContext } from '../instance/context.ts'
import type { CoverageReport } from '../outcome.ts'
import { type Cover, joinCovers, NO_COVER, uncoveredData } from '../targets/coverage.ts'
import { type Discovered, discover } from '../targets/discover.ts'
import { allTargets, type FoundTargets } from '../targets/discoverAll.ts'
import { type HostData, hostData } from '../targets/hostData.ts'
import { type HostInventory, readInventory } from '../targets/inventory.ts'
import { coverOf, type InstanceCover } from './instanceCover.ts'
import type { PlannedInstance } from './loadConfiguration.ts'

export interface HostTargets {
  readonly discover: InstanceContext['discover']
  /** Finds what no instance of this host backs up. `null` with `coverage: off`. Never throws: what could not be checked is said in the report. */
  readonly coverage: () => Promise<CoverageReport | null>
}

interface HostTargetsRequest {
  readonly host: DockerHost
  readonly config: Config
  /** All instances of the file that belong to this host. */
  readonly here: readonly RawInstance[]
  /** Those of them that the run may take, resolved, or their errors. */
  readonly settled: readonly PlannedInstance[]
  readonly lookup: Lookup
  readonly signal: AbortSignal
}

export function openHostTargets(request: HostTargetsRequest): HostTargets {
  const { host, config, here, lookup } = request
  const once = <T>(ask: () => Promise<T>) => {
    let asked: Promise<T> | null = null
    return () => {
      asked ??= ask()
      return asked
    }
  }
  const inventory = once(() => readInventory(host.docker, request.signal))
  const labelled = once(async () => readLabels(request, await inventory()))
  const warned = once(async () => warnOfLabels(request, await labelled()))
  const covers = here.map((raw) => coverOf(config, raw, lookup))
  const coverBy = async (instances: readonly InstanceCover[]): Promise<Cover> => {
    const readsLabels = instances.some(({ source }) => source === 'labels')
    const found = readsLabels ? await labelled() : null
    return joinCovers(instances.map((one) => coverOfInstance(one, found)))
  }
  return {
    discover: async (instance) => {
      if (instance.discover === 'labels') {
        await warned()
        return byLabel(await labelled(), instance)
      }
      const others = covers.filter(({ id }) => id !== instance.id)
      refuseTwice(instance, others)
      return everything(host, await inventory(), { instance, others: await coverBy(others) })
    },
    coverage: async () => {
      const mode = config.top.coverage ?? 'report'
      if (mode === 'off') return null
      // such an instance leaves out only what it names
      if (covers.some(({ source }) => source === 'all')) return { mode, objects: [], problem: null }
      try {
        const found = await inventory()
        const [odd] = found.odd
        const problem =
          odd === undefined ? null : `container ${odd.name} may hold a database that no instance backs up: ${odd.why}`
        return { mode, objects: uncoveredObjects(await dataOn(found), await coverBy(covers)), problem }
      } catch (error) {
        return { mode, objects: [], problem: sayError(error) }
      }
    },
  }
}

/** Reads the labels of the host for all instances of the file, so that those of instances that are not selected are not called unknown. */
function readLabels(
  { host, config, settled, signal }: HostTargetsRequest,
  inventory: HostInventory,
): Promise<Discovered> {
  const own = new Map(settled.map((one) => [one.raw.id, one]))
  const none = () => undefined
  const instances = config.instances.map((raw): LabelInstance => {
    const one = own.get(raw.id)
    const { source } = coverOf(config, raw, none)
    const stopAttached = one?.ok ? one.instance.stopAttached : false
    return { id: raw.id, discovers: source === 'labels', names: writtenNames(config, raw), stopAttached }
  })
  return discover(host.docker, inventory, instances, signal)
}

function writtenNames(config: Config, raw: RawInstance): readonly string[] {
  const { volumes, databases } = coverOf(config, raw, () => undefined).names
  return [...volumes, ...databases]
}

/** Warns of all labels on the host that cannot be followed and fail no instance of this run. */
async function warnOfLabels({ host, config, settled }: HostTargetsRequest, found: Discovered): Promise<void> {
  // an instance that this run does not take cannot fail in it
  const failing = new Set(settled.flatMap(({ raw }) => found.errorsOf(raw.id)))
  const others = config.instances.flatMap((one) => found.errorsOf(one.id)).filter((error) => !failing.has(error))
  for (const warning of new Set([...found.warnings, ...found.notices, ...others])) await host.warn(warning)
}

function byLabel(found: Discovered, { id }: Instance): FoundTargets {
  const targets = found.targetsOf(id)
  if (targets.length > 0) return { targets, remarks: [] }
  throw new InstanceError(
    `no volume or container on this host is labelled for instance ${id}: label it (dev.polarfox.marina.enabled=true, dev.polarfox.marina.instanceID=${id}), list targets, or write "targets: []" if an empty /backup is meant`,
  )
}

function coverOfInstance({ id, source, names }: InstanceCover, found: Discovered | null): Cover {
  if (source === 'targets') return names
  const targets = source === 'labels' ? (found?.namedFor(id) ?? []) : []
  if (targets.length === 0) return NO_COVER
  return {
    volumes: targets.flatMap((one) => (one.kind === 'volume' ? [one.name] : [])),
    databases: targets.flatMap((one) => (one.kind === 'db' ? [one.container] : [])),
  }
}

/** Throws if another instance of the host takes everything, too. The file is refused for it where no variable decides. */
function refuseTwice({ id }: Instance, others: readonly InstanceCover[]): void {
  const other = others.find(({ source }) => source === 'all')
  if (other !== undefined)
    throw new InstanceError(
      `instances ${id} and ${other.id} of one host have both discover: all, and would both back up everything: keep one of them, or give them the runsOn of different hosts`,
    )
}

async function everything(
  host: DockerHost,
  inventory: HostInventory,
  { instance, others }: { readonly instance: Instance; readonly others: Cover },
): Promise<FoundTargets> {
  for (const { name, why } of inventory.odd)
    await host.warn(`container ${name} is left out, though it may hold a database: ${why}`)
  const data = await dataOn(inventory)
  const isAnyDown = data.databases.some(({ container }) => container.state === 'down')
  const claims = isAnyDown ? await findClaims(host) : []
  const held = claims.flatMap((claim) => (claim.kind === 'helper' ? claim.restart.map(({ id }) => id) : []))
  const { except, stopAttached } = instance
  const found = allTargets(data, { others, except, stopAttached, held })
  if (found.targets.length > 0) return found
  throw new InstanceError(
    `discover: all of instance ${instance.id} finds nothing to back up: the host has no named volume and no database container that no other instance has and that is not left out`,
  )
}

async function dataOn(inventory: HostInventory): Promise<HostData> {
  return hostData(inventory, runnerContainers(await readRunnerTraces(), inventory.containers))
}

function uncoveredObjects(data: HostData, cover: Cover): CoverageReport['objects'] {
  const { volumes, databases } = uncoveredData(data, cover)
  const dataOf = (volume: string) => databases.find((one) => one.volumes.includes(volume))?.name ?? null
  return [
    ...volumes.map((name) => ({ kind: 'volume' as const, name, dataOf: dataOf(name) })),
    ...databases.map(({ name }) => ({ kind: 'db' as const, name, dataOf: null })),
  ]
}
