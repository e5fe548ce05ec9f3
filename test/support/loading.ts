/** What the tests of loads share: a dump of our own loaded into a server by `loadDump`. */
import type { Engine } from '../../examples/demo/engine.ts'
import type { DbKind } from '../../src/databases/engines.ts'
import type { LoadPurpose } from '../../src/databases/loadContract.ts'
import { type DumpToLoad, loadDump } from '../../src/load/loadDump.ts'
import type { PresenceRequest } from '../../src/load/presence.ts'
import { type DumpOptions, dockerOf, dump, factsOf, type TestBench } from './dumping.ts'

/** Dumps the container `name` and returns the files as a manifest describes them. */
export async function dumpFiles(
  engine: Engine,
  bench: TestBench,
  name: string,
  options: DumpOptions = {},
): Promise<readonly DumpToLoad[]> {
  const { report } = await dump(engine, bench, name, options)
  return (await report).files
}

/** Makes a question for one database of the container `name`. */
export async function presenceOf(
  engine: Engine,
  name: string,
  kind: DbKind,
  database: string,
): Promise<PresenceRequest> {
  const limits = { deadlineMs: 60_000, signal: new AbortController().signal }
  return { kind, container: await factsOf(engine, name), dumpArgs: [], database, ...limits }
}

export interface LoadOptions {
  readonly kind: DbKind
  readonly purpose: LoadPurpose
  readonly dumpArgs?: readonly string[]
}

/** Loads the files into the container `name`, one after the other; returns the lines of the log. */
export async function load(
  engine: Engine,
  bench: TestBench,
  name: string,
  files: readonly DumpToLoad[],
  { kind, purpose, dumpArgs = [] }: LoadOptions,
): Promise<readonly string[]> {
  const log: string[] = []
  for (const file of files)
    await loadDump(dockerOf(engine), bench, {
      kind,
      purpose,
      container: await factsOf(engine, name),
      dumpArgs,
      file,
      hide: async () => {},
      onLine: async (line) => void log.push(line),
      deadlineMs: 200_000,
      signal: new AbortController().signal,
    })
  return log
}
