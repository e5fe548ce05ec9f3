/** All staging strategies, by the word that the configuration has for each. */
import type { StagingName } from '../outcome.ts'
import { copyOnce } from './copyOnce.ts'
import { mountInPlace } from './mountInPlace.ts'
import type { StagingStrategy } from './strategy.ts'
import { twoPasses } from './twoPasses.ts'

export const STRATEGIES: Readonly<Record<StagingName, StagingStrategy>> = {
  mount: mountInPlace,
  copy: copyOnce,
  presync: twoPasses,
}
