/** Dumps into the staging volume, one database after the other, while everything runs. */

import { databaseDirectory } from '../container/layout.ts'
import type { Bench } from '../copy/copyHelper.ts'
import { dumpDatabase } from '../dump/dump.ts'
import { InstanceError } from '../errors.ts'
import type { DbSource } from '../targets/resolve.ts'
import { failTarget, isExpected, type Life } from './instanceRun.ts'
import { databaseEntry } from './manifestEntries.ts'
import { postHook, preHook } from './targetHooks.ts'

/** Dumps every source. Each failure is its target's own, and leaves nothing that could pass for a dump. */
export async function dumpDatabases(life: Life, bench: Bench, sources: readonly DbSource[]): Promise<void> {
  for (const source of sources) {
    const began = Date.now()
    try {
      const dumped = await withHooks(life, source, () => dumpOne(life, bench, source))
      const bytes = dumped.files.reduce((sum, file) => sum + file.bytes, 0)
      const seconds = (Date.now() - began) / 1000
      life.record.target(source.target, {
        status: 'staged',
        staging: 'dump',
        files: dumped.files.length,
        bytes,
        warnings: dumped.warnings,
        seconds,
      })
      for (const notice of dumped.notices) await life.record.warn(`database ${source.container.name}: ${notice}`)
      life.staged.push(databaseEntry(source, dumped, life.layout))
    } catch (error) {
      if (life.stop.signal.aborted || !isExpected(error)) throw error
      life.record.target(source.target, { seconds: (Date.now() - began) / 1000 })
      await removeDump(life, bench, source)
      await failTarget(life, source.target, (error as Error).message)
    }
  }
}

async function withHooks<T>(life: Life, source: DbSource, work: () => Promise<T>): Promise<T> {
  const place = { id: source.container.id, name: source.container.name }
  let failure: unknown = null
  try {
    await preHook(life, source.target, place)
    return await work()
  } catch (error) {
    failure = error
    throw error
  } finally {
    // a postHook that fails after something else did must not hide what came first
    await postHook(life, source.target, place).catch(async (error: Error) => {
      if (failure === null) throw error
      await life.record.warn(error.message)
    })
  }
}

function dumpOne(life: Life, bench: Bench, source: DbSource) {
  return dumpDatabase(life.context.host.docker, bench, {
    target: source.target,
    container: source.facts,
    directory: databaseDirectory(life.layout, source.container.name),
    // the image's numbers are known once its container is created: then it gets them
    owner: { uid: 0, gid: 0 },
    onLine: (line) => life.log.write('marina', line),
    deadlineMs: life.instance.timeoutMs,
    signal: life.stop.signal,
  })
}

async function removeDump(life: Life, bench: Bench, source: DbSource): Promise<void> {
  const removed = await bench.exec({
    script: 'rm -rf -- "$1"',
    args: [databaseDirectory(life.layout, source.container.name)],
    deadlineMs: 60_000,
  })
  if (removed.code !== 0)
    throw new InstanceError(`what was dumped of database ${source.container.name}, which failed, could not be removed`)
}
