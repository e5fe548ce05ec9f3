/**
 * Finds what an unfinished restore left: volumes and databases that hold a part of the old data and a part of the new. Nobody may back them
 * up as if they were whole, or restore into them, before the old data is back.
 */
import type { Claim, HelperClaim } from '../docker/labels.ts'
import { findClaims, whyStale } from './findClaims.ts'
import type { DockerHost } from './host.ts'
import { oldDataIn } from './undoPlace.ts'

/** A volume, or the container of a database, that is to be backed up or restored. */
export type TouchedThing =
  | { readonly kind: 'volume'; readonly name: string }
  | { readonly kind: 'db'; readonly id: string; readonly name: string }

/**
 * Returns the claims of restores that died and are not undone. A live restore is not among them: it is waited for (`waitForOthers`). Throws
 * `CommandError` if the engine does not answer.
 */
export async function findUnfinishedRestores(host: DockerHost): Promise<readonly HelperClaim[]> {
  const found: HelperClaim[] = []
  for (const claim of await findClaims(host)) {
    if (!isRestore(claim)) continue
    if ((await whyStale(host, claim)) !== null) found.push(claim)
  }
  return found
}

function isRestore(claim: Claim): claim is HelperClaim {
  return claim.kind === 'helper' && (claim.undo?.length ?? 0) > 0
}

/** Says in a sentence that one of these restores left a thing half changed, and what to do; `null` if none did. Pure. */
export function saysHalfRestored(restores: readonly HelperClaim[], thing: TouchedThing): string | null {
  const restore = restores.find((one) => isTouched(one, thing))
  if (restore === undefined) return null
  const what = thing.kind === 'volume' ? `volume ${thing.name}` : `database ${thing.name}`
  const where = oldDataIn(restore.undo ?? [])
  return `${what} may hold half of a restore of instance ${restore.instance}, which is not undone yet${where === '' ? '' : `: the old data is in ${where}`}. Every run on this host tries again to put it back, and says what keeps it from that. To give the old data up: docker rm -fv ${restore.container.name}`
}

function isTouched({ undo = [], dumps, restart }: HelperClaim, thing: TouchedThing): boolean {
  if (thing.kind === 'volume') return undo.some(({ into, volume }) => into !== 'dumps' && volume === thing.name)
  return dumps.includes(thing.id) || restart.some(({ id, name }) => id === thing.id || name === thing.name)
}
