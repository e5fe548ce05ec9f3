/**
 * The strategy `presync`: a first pass while applications run, and during the stop a second pass that brings the copy up to date. Where two
 * passes are not exact it makes one copy during the stop.
 */
import { confirmPasses, firstPass, secondPass, supportsTwoPasses } from '../copy/twoPassCopy.ts'
import { copyStaging } from './copy.ts'
import type { CopyingStrategy } from './stagingContract.ts'

export const presyncStaging: CopyingStrategy = {
  kind: 'copying',
  name: 'presync',
  describe: () => 'copied in two passes around a stop',
  refusal: () => null,
  copyLive: copyStaging.copyLive,
  async beforeStop(helper, request) {
    const support = await supportsTwoPasses(helper, request)
    if (!support.ok) {
      const note = `volume ${request.name} is copied in one pass, while its applications are stopped: ${support.why}`
      return { ...(await copyStaging.beforeStop(helper, request)), note }
    }
    const first = await firstPass(helper, request)
    return {
      staging: 'presync',
      note: null,
      async whileStopped() {
        const second = await secondPass(helper, request, first)
        return () => confirmPasses(helper, request, second)
      },
    }
  },
}
