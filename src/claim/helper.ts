/**
 * The workbench: a running container that holds the claim while something is copied, dumped or stopped. Every copy, listing and
 * incoming dump is an exec in it.
 *
 * Its stdin is the lease. However the action dies, stdin closes, the workbench logs `orphan` and stays: the next sweep reads the
 * journal from its labels. Running, it outlives `docker system prune` and an engine restart; one that was restarted says `orphan` at
 * once, because a file of its first start is in its own layer.
 */
import type { Mount } from '../docker/args.ts'
import { removeContainer } from '../docker/containers.ts'
import { type ExecRequest, type ExecResult, execTruthfully } from '../docker/exec.ts'
import { type Docker, engineIsAway, reason, type Stream, stream } from '../docker/process.ts'
import { type Ended, InstanceError } from '../errors.ts'
import { type ClaimWait, claim } from './claim.ts'
import type { DockerHost } from './host.ts'

export interface Workbench {
  readonly id: string
  readonly exec: (request: Omit<ExecRequest, 'container'>) => Promise<ExecResult>
  /** Fires when the lease breaks while we live: the workbench died, or the engine restarted. */
  readonly lost: AbortSignal
  /** Ends the lease and leaves the workbench: its journal is what the next sweep repairs from. */
  abandon(): void
  /** Ends the lease and removes the workbench with its staging volume: the claim ends. */
  release(): Promise<void>
  /** Releases, and throws `error`: it is the reason, whatever goes wrong with the release. */
  releaseAfter(error: unknown): Promise<never>
}

export interface WorkbenchSpec {
  readonly name: string
  /** Images to try in turn: the backup image, then the helper image, which is looked for only when it is needed. */
  readonly images: readonly (() => Promise<{ readonly reference: string; readonly id: string }>)[]
  readonly labels: Readonly<Record<string, string>>
  readonly mounts: readonly Mount[]
}

const MAIN = `
first=/.marina-started
if [ -e "$first" ]; then echo orphan
else : >"$first"; echo ready
  while read -r _; do :; done
  echo orphan
fi
trap 'exit 0' TERM INT
while :; do sleep 3600 & wait $!; done`

/** Millions of staged files take their time to be deleted, ms. */
const REMOVE_DEADLINE_MS = 30 * 60_000

/** For the first line of a workbench that starts, ms. */
const START_DEADLINE_MS = 60_000

/**
 * Takes the claim with a workbench of the first image that can be one. `usable` looks whether its tools are there, and says which are
 * missing. Throws `InstanceError` where no image serves, naming `helperImage`.
 */
export async function openWorkbench<Tools>(
  host: DockerHost,
  spec: WorkbenchSpec,
  wait: ClaimWait,
  probe: (
    exec: Workbench['exec'],
  ) => Promise<
    { readonly ok: true; readonly tools: Tools } | { readonly ok: false; readonly missing: readonly string[] }
  >,
): Promise<{ readonly bench: Workbench; readonly tools: Tools }> {
  const lacking: string[] = []
  for (const candidate of spec.images) {
    const image = await candidate()
    const id = await claim(host, workbenchSpec(spec, image.id), wait)
    const opened = await start(host.docker, id)
    if (opened.ok) {
      const bench = workbench(host.docker, id, opened.lease)
      try {
        const probed = await probe(bench.exec)
        if (probed.ok) return { bench, tools: probed.tools }
        lacking.push(`${image.reference} lacks ${probed.missing.join(', ')}`)
      } catch (error) {
        await bench.releaseAfter(error)
      }
      await bench.release()
    } else {
      await removeContainer(host.docker, id)
      const noShell = /exec: "sh"|executable file not found|no such file/i.test(opened.why)
      if (!noShell || engineIsAway(opened.why)) {
        throw new InstanceError(
          `the workbench could not be started from ${image.reference}: ${host.docker.redact(opened.why)}`,
        )
      }
      lacking.push(`${image.reference} has no shell (sh)`)
    }
  }
  throw new InstanceError(
    `nothing can be copied with this image: ${lacking.join('; ')}. Set helperImage to one that has sh, find, stat, cp and tar, such as busybox or debian`,
  )
}

function workbenchSpec(spec: WorkbenchSpec, image: string) {
  return {
    name: spec.name,
    image,
    labels: spec.labels,
    mounts: spec.mounts,
    env: {},
    entrypoint: ['sh'],
    command: ['-c', MAIN, 'marina-workbench'],
    user: '0:0',
    network: 'none',
    memory: null,
    cpus: null,
    workbench: true,
  }
}

type Started = { readonly ok: true; readonly lease: Stream } | { readonly ok: false; readonly why: string }

/** `start --attach` attaches before it starts, so that the lease holds from the first moment. */
async function start(docker: Docker, id: string): Promise<Started> {
  const lease = stream(docker, ['start', '--attach', '--interactive', id])
  let said = ''
  lease.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-4096)
  })
  let timer: NodeJS.Timeout | undefined
  let ended: Ended = { kind: 'timeout', afterMs: START_DEADLINE_MS }
  const ready = new Promise<boolean>((resolve) => {
    let out = ''
    lease.stdout.on('data', (chunk: Buffer) => {
      out = `${out}${chunk.toString()}`.slice(-4096)
      if (out.split('\n').includes('ready')) resolve(true)
    })
    lease.ended.then(
      (how) => {
        ended = how
        resolve(false)
      },
      () => resolve(false),
    )
    timer = setTimeout(() => resolve(false), START_DEADLINE_MS)
  })
  const isReady = await ready
  clearTimeout(timer)
  if (isReady) return { ok: true, lease }
  lease.kill()
  return { ok: false, why: reason(ended, said.trim()) }
}

function workbench(docker: Docker, id: string, lease: Stream): Workbench {
  const lost = new AbortController()
  let released = false
  lease.ended.then(
    () => {
      if (!released) lost.abort()
    },
    () => lost.abort(),
  )
  const release = async () => {
    released = true
    await removeContainer(docker, id, { deadlineMs: REMOVE_DEADLINE_MS })
    lease.stdin.destroy()
    lease.kill()
  }
  return {
    id,
    lost: lost.signal,
    exec: (request) =>
      execTruthfully(docker, {
        ...request,
        heartbeat: true,
        container: id,
        signal: request.signal ? AbortSignal.any([request.signal, lost.signal]) : lost.signal,
      }),
    abandon() {
      released = true
      lease.stdin.destroy()
      lease.kill()
    },
    release,
    async releaseAfter(error) {
      await release().catch(() => {}) // `post` or the next start sweeps it, and says so
      throw error
    },
  }
}
