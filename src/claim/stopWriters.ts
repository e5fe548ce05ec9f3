/** Stops whoever could write to volumes while they get their old data back. */
import { hostContents, readRunnerTraces } from '../applications/hostState.ts'
import { runnerContainers } from '../applications/runnerContainers.ts'
import { howItWrites } from '../applications/writers.ts'
import type { JournalEntry, UndoEntry } from '../docker/labels.ts'
import type { Container } from '../docker/parseContainer.ts'
import { type Docker, query } from '../docker/process.ts'
import { InstanceError } from '../errors.ts'

/** Longest wait for all of them to stop, ms. */
const STOP_MS = 10 * 60_000

/**
 * Stops the applications of the journal that run: the engine may have started them with itself, by their restart policy, or somebody anew
 * under the same name. Throws an `InstanceError` if one of them, or another container that can write to the volumes, still runs.
 */
export async function stopWriters(
  docker: Docker,
  entries: readonly JournalEntry[],
  undo: readonly UndoEntry[],
): Promise<void> {
  const isListed = (one: Container) => entries.some(({ id, name }) => id === one.id || name === one.name)
  const before = await hostContents(docker, [], async () => {})
  const listed = before.containers.filter((one) => isListed(one) && !one.ours && runs(one)).map(({ id }) => id)
  if (listed.length > 0) await query(docker, ['stop', ...listed], { deadlineMs: STOP_MS })
  const names = undo.flatMap(({ into, volume }) => (into === 'place' ? [volume] : []))
  const { containers, hostVolumes } = await hostContents(docker, names, async () => {})
  const self = runnerContainers(await readRunnerTraces(), containers)
  const volumes = hostVolumes.filter(({ name }) => names.includes(name))
  const mayWrite = (one: Container) => volumes.some((volume) => howItWrites(one, volume, hostVolumes) !== null)
  const writers = containers.filter(
    (one) => !one.ours && !self.includes(one.id) && runs(one) && (isListed(one) || mayWrite(one)),
  )
  if (writers.length === 0) return
  const list = writers.map(({ name }) => name)
  throw new InstanceError(
    `${list.join(', ')} could write to it meanwhile, and ${list.length === 1 ? 'runs' : 'run'}: docker stop ${list.join(' ')}, and start any run on this host`,
  )
}

function runs({ state }: Container): boolean {
  return state === 'running' || state === 'restarting'
}
