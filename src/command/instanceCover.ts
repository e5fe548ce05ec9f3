/** Reads from the configuration which volumes and databases an instance names, as far as its variables are known. Pure. */
import { fillTemplate, parseTemplate } from '../config/interpolation.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { distinctHosts, hostsOf, isMeant } from '../config/runnerHosts.ts'
import { isTreeMap, type Tree, treeAt } from '../config/yaml.ts'
import type { Cover } from '../targets/coverage.ts'

type Lookup = (name: string) => string | undefined

/** An instance as far as it decides what of a host is backed up. */
export interface InstanceCover {
  readonly id: string
  /** The origin of its targets: `targets` in the file, labels, or `discover: all`. */
  readonly source: 'targets' | 'labels' | 'all'
  /** The names of its `targets`; `*` stands for a variable that is not set. */
  readonly names: Cover
  /** The names that `discover: all` leaves out, without those that contain a variable that is not set. */
  readonly except: readonly string[]
  /** True if a name consists of variables alone that are not set: it could be any. */
  readonly hasUnknown: boolean
}

/**
 * Returns the instances of the file that belong to this host: that of the input `host` or, without it, those of the selected instances.
 */
export function instancesOfHost(
  all: readonly RawInstance[],
  selected: readonly RawInstance[],
  host: string | null,
): readonly RawInstance[] {
  const hosts = hostsOf(all)
  const known = distinctHosts(hosts)
  const here = known.filter((one) =>
    host === null
      ? all.some((raw, index) => hosts[index]?.name === one.name && selected.includes(raw))
      : isMeant(host, one, known),
  )
  return all.filter((_, index) => here.some(({ name }) => name === hosts[index]?.name))
}

/** Returns the number of hosts that the instances belong to. */
export function hostCount(instances: readonly RawInstance[]): number {
  return new Set(hostsOf(instances).map(({ name }) => name)).size
}

export function coverOf(config: Config, { id, index }: RawInstance, lookup: Lookup): InstanceCover {
  const written = treeAt(config.tree, ['instances', index])
  const { targets, discover, except } = isTreeMap(written) ? written : {}
  if (!Array.isArray(targets)) {
    const isAll = typeof discover === 'string' && patternOf(discover, lookup) === 'all'
    return {
      id,
      source: isAll ? 'all' : 'labels',
      names: { volumes: [], databases: [] },
      except: textsOf(Array.isArray(except) ? except.filter((one) => isKnown(one, lookup)) : except, lookup),
      hasUnknown: false,
    }
  }
  const maps = targets.filter(isTreeMap)
  const volumes = textsOf(
    maps.map(({ volume }) => volume ?? ''),
    lookup,
  )
  const databases = textsOf(
    maps.map(({ db }) => db ?? ''),
    lookup,
  )
  const isUnknown = (pattern: string) => /^\*+$/.test(pattern)
  return {
    id,
    source: 'targets',
    names: {
      volumes: volumes.filter((one) => !isUnknown(one)),
      databases: databases.filter((one) => !isUnknown(one)),
    },
    except: [],
    hasUnknown: [...volumes, ...databases].some(isUnknown),
  }
}

function textsOf(list: Tree | undefined, lookup: Lookup): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((one: Tree) => (typeof one === 'string' && one !== '' ? [patternOf(one, lookup)] : []))
}

/** Tells whether all variables of a text are set. */
function isKnown(text: Tree, lookup: Lookup): boolean {
  return typeof text === 'string' && fillTemplate(parseTemplate(text), lookup).missing.length === 0
}

/** Fills in the variables of a text, and writes `*` for each that is not set. */
function patternOf(text: string, lookup: Lookup): string {
  const template = parseTemplate(text)
  const missing = new Set(fillTemplate(template, lookup).missing.map(({ name }) => name))
  return fillTemplate(template, (name) => (missing.has(name) ? '*' : lookup(name))).text
}
