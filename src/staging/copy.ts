/** The strategy `copy`: makes one copy, while the applications run or while they are stopped. */
import { copyVolume, survey } from '../copy/copyVolume.ts'
import { confirmPasses, singlePass } from '../copy/twoPassCopy.ts'
import type { CopyingStrategy } from './stagingContract.ts'

export const copyStaging: CopyingStrategy = {
  kind: 'copying',
  name: 'copy',
  describe: (why) => `copied, because ${why}`,
  refusal: () => null,
  copyLive: (helper, request) => copyVolume(helper, { ...request, live: true }),
  async beforeStop(helper, request) {
    // a volume that is empty or has no room is known before anything is stopped
    await survey(helper, request)
    return {
      staging: 'copy',
      note: null,
      async whileStopped() {
        const pass = await singlePass(helper, request)
        return () => confirmPasses(helper, request, pass)
      },
    }
  },
}
