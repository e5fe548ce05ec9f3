/** Runs a check of the configuration that is a script: in an image of the source, or in that of the backup, on the restored tree. */
import type { WantedScript } from '../config/model.ts'
import type { ReadyImage } from '../docker/images.ts'
import type { Docker } from '../docker/process.ts'
import type { DrillCheck, DrillImage } from '../drillReport.ts'
import { InstanceError } from '../errors.ts'
import type { InstanceRun } from '../instance/instanceRun.ts'
import { stagingVolume } from '../instance/lock.ts'
import type { CheckedBackup } from '../restore/checkRestored.ts'
import { runScratchScript, SCRIPT_DATA, type ScriptEnd } from '../scratch/scratchScript.ts'
import { findSourceImage } from './scratchImage.ts'

export interface ScriptSurroundings {
  /** Id of the helper, whose staging volume has the restored tree. */
  readonly helper: string
  /** The image that made the backup. */
  readonly image: ReadyImage
  readonly opened: CheckedBackup
}

/**
 * Runs the script and judges its end. Throws an `InstanceError` or a `CommandError` for what says nothing of the backup: the script or the
 * image is missing, memory ran out, a command is not in the image; and `CancelledError`.
 */
export async function runCheck(
  run: InstanceRun,
  wanted: WantedScript,
  { helper, image, opened }: ScriptSurroundings,
): Promise<{ readonly check: DrillCheck; readonly image: DrillImage }> {
  const { context, instance, abort, log } = run
  const { docker, owner, engine } = context.host
  const script = await context.readScript(wanted.run)
  const used = await imageOf(run, wanted, { image, opened })
  const ended = await runScratchScript(docker, {
    image: used.id,
    reference: used.reference,
    script,
    volume: await stagingVolume({ context }, helper),
    env: {
      MARINA_INSTANCE_ID: instance.id,
      MARINA_RESTORE_DIR: SCRIPT_DATA,
      MARINA_TIMESTAMP: opened.manifest.timestamp,
    },
    job: owner.job,
    deadline: abort.until,
    clockOffsetMs: engine.clockOffsetMs,
    signal: abort.signal,
  })
  for (const line of ended.lines) await log.write('out', Buffer.from(`${line}\n`))
  return { check: judgeScript(docker, wanted, ended), image: used }
}

/** Returns the image in which the script runs: that of the first container that had the volume, or that of the backup if it names none. */
async function imageOf(
  run: InstanceRun,
  { run: file, volume }: WantedScript,
  { image, opened }: Pick<ScriptSurroundings, 'image' | 'opened'>,
): Promise<DrillImage & { readonly id: string }> {
  const { reference, id, digest } = image
  if (volume === null) return { use: 'check', name: file, reference, id, digest }
  const target = opened.targets.find(({ kind, name }) => kind === 'volume' && name === volume)
  const cure = 'leave volume out, and the script runs in the image that made the backup'
  if (target === undefined) throw new InstanceError(`the backup does not hold volume ${volume}`)
  const found = await findSourceImage(run, target, cure)
  return { ...found, use: 'check', name: file }
}

/** Judges how the script ended. Throws an `InstanceError` for an end that says nothing of the backup. */
export function judgeScript(
  docker: Pick<Docker, 'redact' | 'quotes'>,
  { run: file, volume }: WantedScript,
  { exitCode, oomKilled, lines }: ScriptEnd,
): DrillCheck {
  const last = docker.redact(lines.slice(-3).join(' ').trim())
  if (last !== '') docker.quotes?.(last, 'its words are in the log')
  const words = last === '' ? '' : `: ${last}`
  const what = `the check ${file}`
  if (oomKilled) throw new InstanceError(`${what} ran out of memory`)
  if (exitCode === 137) throw new InstanceError(`${what} was killed`)
  if (exitCode === 126 || exitCode === 127)
    throw new InstanceError(`${what} ended with exit code ${exitCode}: a command is not in its image${words}`)
  const passed = exitCode === 0
  const seen = `${what} ${passed ? 'passed' : `failed with exit code ${exitCode}`}${words}`
  return { kind: 'run', target: volume ?? '', passed, looked: true, seen }
}
