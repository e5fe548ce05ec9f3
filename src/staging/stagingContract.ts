/**
 * What a staging strategy is: one way by which a volume's data comes under `/backup`. A new one is a file beside these, its word in
 * `STAGINGS` (outcome), and its line in `strategies`.
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
  /** Why this target cannot have it, though the configuration names it; `null` where it can. */
  refusal(target: VolumeTarget, engine: EngineTraits): string | null
  /** What becomes of the volume, in words that stand after "would be". `why`: why this strategy was chosen. */
  describe(why: string): string
}

/** The backup container sees the volume itself, read-only: nothing is copied, and no helper is needed. */
export interface MountingStrategy extends StrategyBasics {
  readonly kind: 'mounting'
  mounts(volume: MountedVolume): readonly MountSpec[]
}

export interface MountedVolume {
  readonly name: string
  /** Where it is mounted. */
  readonly target: string
  /** Relative to the volume's root, each mounted for itself; none: the whole volume. */
  readonly paths: readonly string[]
  /** Marks a volume that the mount itself creates, because it vanished. */
  readonly madeBy: string
}

/** The helper copies the volume into the staging volume. */
export interface CopyingStrategy extends StrategyBasics {
  readonly kind: 'copying'
  readonly name: Exclude<StagingName, 'mount'>
  /** Copies while applications go on. Throws as `copyVolume` does. */
  copyLive(helper: CopyHelper, request: CopyRequest): Promise<CopyResult>
  /** Does before the stop all that can be done then; what fails here stops nobody. Throws as `copyVolume` does. */
  beforeStop(helper: CopyHelper, request: CopyRequest): Promise<BegunCopy>
}

/** A copy around a stop, before it. */
export interface BegunCopy {
  /** The strategy that it has come to: two passes may not be exact on a file system. */
  readonly staging: CopyingStrategy['name']
  /** A line for the log, where that is not the one that was asked for; else `null`. */
  readonly note: string | null
  /** Brings the copy to the moment of the stop: this is downtime. Throws as `copyVolume` does. */
  whileStopped(): Promise<UnconfirmedCopy>
}

/** Compares the copy with what was there during the stop; applications may be up again. Throws as `copyVolume` does. */
export type UnconfirmedCopy = () => Promise<CopyResult>
