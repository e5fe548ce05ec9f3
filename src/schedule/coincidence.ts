/** Finds instances that stop the same applications at the same moment. Pure. */
import type { Schedule } from '../config/model.ts'
import { slotsBetween } from './slots.ts'

const DAY = 86_400_000
const HORIZON = 400 * DAY
/** Number of slots that are computed for all instances together, so that thousands on one volume stay quick. */
const MOST_SLOTS = 400_000
/** Number of slots that are looked at of each further schedule, once `MOST_SLOTS` are used up. */
const FEW_SLOTS = 50

/** An instance that stops applications of a volume. */
export interface Stopper {
  readonly id: string
  readonly schedule: Schedule
  /** Key of the volume: instances on other hosts have other volumes of that name. */
  readonly volume: string
}

export interface Coincidence {
  readonly first: Stopper
  readonly second: Stopper
  /** The first slot that both have, ms since 1970 in UTC. */
  readonly slot: number
}

/**
 * Returns, for each volume and each instance that shares a slot of the next 400 days with one before it, one such pair. A pair that shares
 * several volumes is told once. Of very many schedules only some slots are looked at (`MOST_SLOTS`).
 */
export function coincidences(stoppers: readonly Stopper[], now: number): readonly Coincidence[] {
  const byVolume = grouped(stoppers, (one) => one.volume)
  const found: Coincidence[] = []
  const told = new Set<string>()
  let spent = 0
  const slotsOf = (schedule: Schedule) => {
    const most = spent < MOST_SLOTS ? MOST_SLOTS - spent : FEW_SLOTS
    const slots = slotsBetween(schedule, { from: now, to: now + HORIZON, most })
    spent += slots.length
    return slots
  }
  for (const sharing of byVolume.values()) {
    if (sharing.length < 2) continue
    const taken = new Map<number, Stopper>()
    for (const [key, same] of grouped(sharing, ({ schedule }) => `${schedule.timezone} ${schedule.cron}`)) {
      const slots = slotsOf((same[0] as Stopper).schedule)
      for (const [index, second] of same.entries()) {
        const slot = index === 0 ? slots.find((one) => taken.has(one)) : slots[0]
        const first = index === 0 ? taken.get(slot as number) : same[0]
        if (slot === undefined || first === undefined || told.has(`${first.id} ${second.id} ${key}`)) continue
        told.add(`${first.id} ${second.id} ${key}`)
        found.push({ first, second, slot })
      }
      for (const slot of slots) if (!taken.has(slot)) taken.set(slot, same[0] as Stopper)
    }
  }
  return found
}

function grouped(
  stoppers: readonly Stopper[],
  keyOf: (one: Stopper) => string,
): ReadonlyMap<string, readonly Stopper[]> {
  const groups = new Map<string, Stopper[]>()
  for (const one of stoppers) {
    const key = keyOf(one)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [one])
    else group.push(one)
  }
  return groups
}
