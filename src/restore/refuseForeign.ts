/** Decides whether a backup holds what is none of its instance's today: somebody else's data may have that name now. Pure. */
import type { Target } from '../config/model.ts'
import type { ManifestTarget } from '../container/manifest.ts'
import { InstanceError } from '../errors.ts'
import { targetName } from '../instance/reportBuilder.ts'

interface ForeignQuestion {
  readonly instance: string
  /** The targets of the instance today: those of the configuration, or those found on the host. */
  readonly own: readonly Target[]
  readonly isDiscovered: boolean
  /** Names of the volumes that are on the host. */
  readonly existing: ReadonlySet<string>
}

/** Throws an `InstanceError` that names what the backup holds and the instance does not have today. */
export function refuseForeign(held: readonly ManifestTarget[], question: ForeignQuestion): void {
  const { instance, own, isDiscovered, existing } = question
  const isOwn = ({ kind, name }: ManifestTarget) => own.some((one) => one.kind === kind && targetName(one) === name)
  // a volume that the host has lost is nobody else's, and has no label either
  const isLost = ({ kind, name }: ManifestTarget) => isDiscovered && kind === 'volume' && !existing.has(name)
  const foreign = held.filter((one) => !isOwn(one) && !isLost(one))
  if (foreign.length === 0) return
  const names = foreign.map(({ kind, name }) => `${kind === 'db' ? 'database' : 'volume'} ${name}`).join(', ')
  throw new InstanceError(
    isDiscovered
      ? `the backup holds ${names}, which instance ${instance} does not find on this host as its own today: say in targets what is to be replaced`
      : `the backup holds ${names}, which the configuration does not name as a target of ${instance}: say in targets what is to be replaced`,
  )
}
