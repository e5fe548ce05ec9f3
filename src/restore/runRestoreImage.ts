/** Runs the image of an instance in the other direction: it lists its points, or fills the staging volume with what a backup held. */
import { imageUserOf } from '../container/fillContainer.ts'
import { runBackup } from '../container/runBackup.ts'
import { copyIn } from '../docker/copyFiles.ts'
import type { ReadyImage } from '../docker/images.ts'
import { CancelledError, InstanceError } from '../errors.ts'
import { explainFailure, type InstanceRun } from '../instance/instanceRun.ts'
import type { AcquiredLock } from '../instance/lock.ts'
import type { InstanceLog } from '../log/instanceLog.ts'
import type { RestorePoint } from '../outcome.ts'
import { listTail } from './listTail.ts'
import { parsePoints } from './points.ts'

/** Asks the image which points it has. Throws `InstanceError` if it fails, or prints nothing that names a point. */
export async function listPoints(
  run: InstanceRun,
  lock: AcquiredLock,
  image: ReadyImage,
): Promise<readonly RestorePoint[]> {
  const { points } = await askPoints(run, lock, image)
  if (points.length === 0)
    throw new InstanceError(
      'the image lists no point: nothing was ever backed up for this instance, or its /restore.sh does not know MARINA_RESTORE_LIST',
    )
  return points
}

/** Asks the image which points it has: none, if it prints nothing. Warns of lines that name no point, and throws `InstanceError` if it fails. */
export async function askPoints(
  run: InstanceRun,
  lock: AcquiredLock,
  image: ReadyImage,
): Promise<ReturnType<typeof parsePoints>> {
  const printed = listTail()
  const log: InstanceLog = {
    ...run.log,
    async write(source, chunk) {
      if (source === 'out') printed.add(Buffer.from(chunk))
      await run.log.write(source, chunk)
    },
  }
  await runImage(run, lock, { image, log, env: { MARINA_RESTORE_LIST: '1' } })
  const { text, isCut } = printed.end()
  if (isCut)
    await run.report.warn(
      'the list of points that the image printed is longer than 1 MiB: only its end was read, where the newest stand',
    )
  const { points, unread } = parsePoints(text)
  if (unread > 0)
    await run.report.warn(
      `${unread} of the lines that the image printed name no point: with MARINA_RESTORE_LIST=1 it must print \`ID TIME text\`, one point a line, and everything else on stderr`,
    )
  return { points, unread }
}

/** Lets the image fill the staging volume with the point. Throws `InstanceError` if it fails. */
export async function fetchPoint(
  run: InstanceRun,
  lock: AcquiredLock,
  { image, point }: { readonly image: ReadyImage; readonly point: string },
): Promise<void> {
  await runImage(run, lock, { image, log: run.log, env: { MARINA_RESTORE_POINT: point } })
}

interface RestoreCall {
  readonly image: ReadyImage
  readonly log: InstanceLog
  readonly env: Readonly<Record<string, string>>
}

async function runImage(run: InstanceRun, lock: AcquiredLock, { image, log, env }: RestoreCall): Promise<void> {
  const { context, instance, report, abort } = run
  const { docker } = context.host
  const container = await lock.create([], { ...restoreEnvironment(run), ...env, ...instance.env })
  const owner = await imageUserOf({ docker, instance, image, signal: abort.signal }, container)
  await copyIn(
    docker,
    container,
    [
      { path: 'restore/', mode: 0o755, ...owner },
      ...(run.script ? [{ path: 'restore.sh', mode: 0o755, ...owner, content: run.script }] : []),
    ],
    { signal: abort.signal },
  )
  const end = await runBackup({
    work: 'restore',
    docker,
    container,
    image: image.reference,
    memory: instance.resources.memory,
    entrypoint: instance.entrypoint ?? image.entrypoint,
    user: instance.user ?? image.user,
    log,
    signal: abort.signal,
  })
  report.set({ exitCode: end.kind === 'success' ? 0 : end.exitCode })
  for (const warning of end.warnings) await report.warn(warning)
  if (abort.reason() !== null) {
    explainFailure(run, new CancelledError())
    throw new CancelledError()
  }
  if (end.kind === 'failed') throw new InstanceError(end.error)
}

/** Makes the variables of the contract for a restore. */
function restoreEnvironment({ context, instance }: InstanceRun): Record<string, string> {
  return {
    MARINA_CONTRACT: '1',
    MARINA_INSTANCE_ID: instance.id,
    MARINA_HOSTNAME: context.hostName,
    MARINA_RESTORE_DIR: '/restore',
    MARINA_RUN_URL: context.runUrl ?? '',
  }
}
