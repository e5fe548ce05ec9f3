/** Lists all staging strategies by their words in the configuration. */
import type { StagingName } from '../outcome.ts'
import { copyStaging } from './copy.ts'
import { mountStaging } from './mount.ts'
import { presyncStaging } from './presync.ts'
import type { StagingStrategy } from './stagingContract.ts'

export const STRATEGIES: Readonly<Record<StagingName, StagingStrategy>> = {
  mount: mountStaging,
  copy: copyStaging,
  presync: presyncStaging,
}
