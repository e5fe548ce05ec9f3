/**
 * Defines a staging strategy: a way by which a volume's data comes under `/backup`. To add one, write a file beside this one, and add its
 * name to `STAGINGS` (`outcome.ts`) and its line to `STRATEGIES` (`strategies.ts`).
 */
import type { VolumeTarget } from '../config/model.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import type { CopyRequest, CopyResult } from '../copy/copyVolume.ts'
import type { MountSpec } from '../docker/args.ts'
import type { Engine } from '../docker/engine.ts'
import type { StagingName } from '../outcome.ts'

export type StagingStrategy = MountingStrategy | CopyingStrategy

export type EngineTraits = Pick<Engine, 'apiVersion' | 'version' | 'remapped'>

interface StrategyBasics {
  readonly name: StagingName
  /**
   * Says why the engine makes the strategy impossible for this target, though the configuration names it; `null` if it is possible. Keys of
   * the target that conflict are refused earlier (`config/stagingConflicts`).
   */
  refusal(target: VolumeTarget, engine: EngineTraits): string | null
  /**
   * Says what happens to the volume, in words that follow "would be". `why` is the reason for which this strategy was chosen, in words that
   * follow "because".
   */
  describe(why: string): string
}

/** A strategy that mounts the volume itself in the backup container, read-only. Nothing is copied, and no helper is needed. */
export interface MountingStrategy extends StrategyBasics {
  readonly kind: 'mounting'
  readonly name: 'mount'
  mounts(volume: MountedVolume): readonly MountSpec[]
}

export interface MountedVolume {
  readonly name: string
  /** The mount point in the backup container. */
  readonly target: string
  /** Paths relative to the volume's root, each mounted separately. Empty: the whole volume. */
  readonly paths: readonly string[]
  /** The job's id, which labels the volume if the mount itself creates it (see `MADE_BY_LABEL`). */
  readonly madeBy: string
}

/** A strategy by which the helper copies the volume into the staging volume. */
export interface CopyingStrategy extends StrategyBasics {
  readonly kind: 'copying'
  readonly name: Exclude<StagingName, 'mount'>
  /** Copies while applications go on. Throws as `copyVolume` does. */
  copyLive(helper: CopyHelper, request: CopyRequest): Promise<CopyResult>
  /** Does everything that can be done before the stop. If it throws, nothing has to be stopped. Throws as `copyVolume` does. */
  beforeStop(helper: CopyHelper, request: CopyRequest): Promise<BegunCopy>
}

/** A copy around a stop, of which everything is done that can be done before the stop. */
export interface BegunCopy {
  /** The strategy that is really used: `presync` becomes `copy` on a file system where two passes are not exact. */
  readonly staging: CopyingStrategy['name']
  /** A line for the log if that is not the strategy that was asked for; else `null`. */
  readonly note: string | null
  /** Brings the copy up to the moment of the stop. This is downtime. Throws as `copyVolume` does. */
  whileStopped(): Promise<UnconfirmedCopy>
}

/** Compares the copy with the listing of the volume that was made during the stop, so applications may be up again. Throws as `copyVolume` does. */
export type UnconfirmedCopy = () => Promise<CopyResult>
