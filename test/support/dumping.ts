/** What the tests of dumps share: a helper made by hand, a call of `dumpDatabase` with a log, and looks into the containers. */

import type { Engine } from '../../examples/demo/engine.ts'
import { runOk } from '../../examples/demo/process.ts'
import type { DbTarget } from '../../src/config/model.ts'
import { type ExecRequest, execTruthfully } from '../../src/docker/exec.ts'
import type { Docker } from '../../src/docker/process.ts'
import { type ContainerFacts, type DumpHelper, type DumpReport, dumpDatabase } from '../../src/dump/dump.ts'

/** Where the dumps of these tests lie in the helper. */
export const DIRECTORY = '/backup/20260102-030405/db'
/** Whom they belong to. */
export const OWNER = { uid: 1234, gid: 2345 }

export interface TestBench extends DumpHelper {
  readonly name: string
  /** Paths of all files below the dumps' directory. */
  files(): Promise<string[]>
}

export function dockerOf(engine: Engine): Docker {
  const env = { ...(process.env as Record<string, string>), ...engine.env() }
  return { env, redact: (text) => text }
}

/** A running container with a staging volume at `/backup`, as the claim has it; `mount` for another kind of volume there. */
export async function startBench(
  engine: Engine,
  name: string,
  mount = `type=volume,src=${name},dst=/backup,volume-nocopy`,
): Promise<TestBench> {
  await engine.ok([
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    '-u',
    '0:0',
    '--mount',
    mount,
    engine.baseImage,
    'sh',
    '-c',
    'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done',
  ])
  const docker = dockerOf(engine)
  return {
    name,
    exec: (request: Omit<ExecRequest, 'container'>) => execTruthfully(docker, { ...request, container: name }),
    files: async () => (await engine.ok(['exec', name, 'find', '/backup', '-type', 'f'])).split('\n').filter(Boolean),
  }
}

/** As the action reads it from `docker inspect`. */
export async function factsOf(engine: Engine, name: string, image?: string): Promise<ContainerFacts> {
  const [found] = JSON.parse(await engine.ok(['container', 'inspect', name]))
  return {
    id: found.Id,
    name,
    image: image ?? found.Config.Image,
    env: (found.Config.Env ?? []).map((line: string) => line.replace(/=.*$/s, '')),
    cmd: [found.Path, ...found.Args],
  }
}

export interface Dumped {
  readonly report: Promise<DumpReport>
  /** The lines of the log so far. */
  readonly log: readonly string[]
  readonly cancel: () => void
}

export interface DumpOptions extends Partial<DbTarget> {
  readonly deadlineMs?: number
}

/** Dumps the container `name`; its dumps lie in `DIRECTORY/name`. */
export async function dump(
  engine: Engine,
  bench: DumpHelper,
  name: string,
  options: DumpOptions = {},
): Promise<Dumped> {
  const { deadlineMs = 100_000, ...target } = options
  const abort = new AbortController()
  const log: string[] = []
  const report = dumpDatabase(dockerOf(engine), bench, {
    target: {
      kind: 'db',
      container: name,
      dbKind: null,
      databases: [],
      dumpArgs: [],
      preHook: null,
      postHook: null,
      line: null,
      ...target,
    },
    container: await factsOf(engine, name),
    directory: `${DIRECTORY}/${name}`,
    owner: OWNER,
    hide: async () => {},
    onLine: async (line) => void log.push(line),
    onToolLine: async (line) => void log.push(line),
    deadlineMs,
    signal: abort.signal,
  })
  report.catch(() => {}) // the test awaits it later
  return { report, log, cancel: () => abort.abort() }
}

/**
 * The programs that run in a container, without those of the server itself and of this look. Of an exec's wrapper, which names its
 * tool among its own arguments and stays until its output is read, see `wrappers`.
 */
export async function programs(engine: Engine, name: string, pattern: RegExp): Promise<string[]> {
  return (await processes(engine, name)).filter((line) => pattern.test(line) && !WRAPPER.test(line))
}

/** The wrappers of our execs that run in a container. */
export async function wrappers(engine: Engine, name: string): Promise<string[]> {
  return (await processes(engine, name)).filter((line) => WRAPPER.test(line))
}

const WRAPPER = / marina-[0-9a-f]{24} /

async function processes(engine: Engine, name: string): Promise<string[]> {
  return (await engine.ok(['top', name, '-eo', 'pid,args'])).split('\n').slice(1)
}

/** What is left below the dumps' directory of a container: empty after a failure. */
export function restInBench(engine: Engine, bench: TestBench, name: string): Promise<string> {
  return engine.ok(['exec', bench.name, 'sh', '-c', `find ${DIRECTORY}/${name} 2>/dev/null || true`])
}

/** Feeds a file of the helper to a program in another container, byte for byte. Gives the program's stdout. */
export function feed(engine: Engine, bench: TestBench, path: string, into: readonly string[]): Promise<string> {
  const script = 'bench=$1 path=$2; shift 2; docker exec "$bench" cat "$path" | docker exec -i "$@"'
  return runOk('sh', ['-c', script, 'sh', bench.name, path, ...into], { env: { ...process.env, ...engine.env() } })
}
