/** Dumps databases into the staging volume, one after the other, while everything runs. */

import { databaseDirectory } from '../container/layout.ts'
import type { CopyHelper } from '../copy/copyHelper.ts'
import { dumpDatabase } from '../dump/dump.ts'
import { asError, InstanceError } from '../errors.ts'
import type { DbSource } from '../targets/resolve.ts'
import { failTarget, type InstanceRun, isExpected } from './instanceRun.ts'
import { databaseEntry } from './manifestEntries.ts'
import { postHook, preHook } from './targetHooks.ts'

/**
 * Dumps every source. A failure concerns its target alone, is recorded, and leaves nothing that could pass for a dump. Thrown are: a failed
 * dump that cannot be removed, a cancel, the deadline, errors of the runner's operating system, and our bugs.
 */
export async function dumpDatabases(run: InstanceRun, helper: CopyHelper, sources: readonly DbSource[]): Promise<void> {
  for (const source of sources) {
    const began = Date.now()
    try {
      const dumped = await withHooks(run, source, () => dumpOne(run, helper, source))
      const bytes = dumped.files.reduce((sum, file) => sum + file.bytes, 0)
      const seconds = (Date.now() - began) / 1000
      run.report.staged(source.target, {
        staging: 'dump',
        files: dumped.files.length,
        bytes,
        warnings: dumped.warnings,
        seconds,
      })
      for (const notice of dumped.notices) await run.report.warn(`database ${source.container.name}: ${notice}`)
      run.staged.push(databaseEntry(source, dumped, run.layout))
    } catch (error) {
      if (run.abort.signal.aborted || !isExpected(error)) throw error
      await removeDump(run, helper, source)
      await failTarget(run, source.target, { error: asError(error).message, seconds: (Date.now() - began) / 1000 })
    }
  }
}

async function withHooks<T>(run: InstanceRun, source: DbSource, work: () => Promise<T>): Promise<T> {
  const place = { id: source.container.id, name: source.container.name }
  let failure: unknown = null
  try {
    await preHook(run, source.target, place)
    return await work()
  } catch (error) {
    failure = error
    throw error
  } finally {
    // a failing postHook must not hide an earlier failure
    await postHook(run, source.target, place).catch(async (error: Error) => {
      if (failure === null) throw error
      await run.report.warn(error.message)
    })
  }
}

function dumpOne(run: InstanceRun, helper: CopyHelper, source: DbSource) {
  return dumpDatabase(run.context.host.docker, helper, {
    target: source.target,
    container: source.facts,
    directory: databaseDirectory(run.layout, source.name),
    // the numbers of the image's user are not known before its container is created; then the dumps are given to it
    owner: { uid: 0, gid: 0 },
    hide: async (secrets) => {
      const doubt = run.context.hide(secrets, `the password of database container "${source.container.name}"`)
      if (doubt !== null) await run.report.warn(doubt)
    },
    onLine: (line) => run.log.write('marina', line),
    onToolLine: (line) => run.log.write('err', `${line}\n`),
    deadlineMs: run.instance.timeoutMs,
    signal: run.abort.signal,
  })
}

async function removeDump(run: InstanceRun, helper: CopyHelper, source: DbSource): Promise<void> {
  const removed = await helper.exec({
    script: 'rm -rf -- "$1"',
    args: [databaseDirectory(run.layout, source.name)],
    deadlineMs: 60_000,
  })
  if (removed.code !== 0)
    throw new InstanceError(`what was dumped of database ${source.container.name}, which failed, could not be removed`)
}
