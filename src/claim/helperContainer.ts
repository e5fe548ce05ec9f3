/**
 * The helper: a running container that holds the claim while something is copied, dumped or stopped. Every copy, listing and
 * incoming dump is an exec in it.
 *
 * Its stdin is the lease. However the action dies, stdin closes, the helper logs `orphan` and stays: the next sweep reads the
 * journal from its labels. Running, it outlives `docker system prune` and an engine restart; one that was restarted says `orphan` at
 * once, because a file of its first start is in its own layer.
 */
import type { MountSpec } from '../docker/args.ts'
import { engineIsAway, reason } from '../docker/callResult.ts'
import { inspectContainer, removeContainer } from '../docker/containers.ts'
import { type ExecRequest, type ExecResult, execTruthfully } from '../docker/exec.ts'
import { claimLabels, type HelperClaim, type JournalEntry } from '../docker/labels.ts'
import { mountFailureIn } from '../docker/mountFailures.ts'
import { tellWhile } from '../docker/poll.ts'
import { type Docker, type Stream, stream } from '../docker/process.ts'
import { type Ended, InstanceError } from '../errors.ts'
import { type ClaimWait, claim } from './claim.ts'
import type { DockerHost } from './host.ts'
import { type JournalOrigin, keepJournal } from './keepJournal.ts'

export interface HelperContainer {
  readonly id: string
  readonly exec: (request: Omit<ExecRequest, 'container'>) => Promise<ExecResult>
  /** Fires when the lease ends before we end it: the helper died, the engine restarted, or the docker client that holds the lease died. */
  readonly lost: AbortSignal
  /** Closes the lease and leaves the helper in place: the next sweep repairs from its journal. */
  abandon(): void
  /** Closes the lease and removes the helper with its staging volume: the claim ends. Throws `CommandError` if it cannot be removed. */
  release(): Promise<void>
  /**
   * Releases, and leaves a journal container, which holds no data, for the applications that are still down. If no journal can be made,
   * the helper stays as after `abandon`, and the error is thrown.
   */
  releaseWithout(down: readonly JournalEntry[]): Promise<void>
  /** Releases, then throws `error`, even if the release fails too. */
  releaseAfter(error: unknown): Promise<never>
}

export interface HelperSpec {
  readonly claim: Omit<HelperClaim, 'container'>
  /** Images to try in this order: the backup image, then `helperImage`. Each is looked for only when it is needed. */
  readonly images: readonly (() => Promise<{ readonly reference: string; readonly id: string }>)[]
  readonly mounts: readonly MountSpec[]
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

/** Deadline for removing the helper, ms: deleting millions of staged files takes time. */
const REMOVE_DEADLINE_MS = 30 * 60_000

/** Number of characters of the client's stderr that are kept, from its end: enough for all options of a mount that failed, which must be hidden. */
const LONGEST_WORDS = 64 << 10

/** Longest wait for the first line of a helper, `ready`, ms. */
const START_DEADLINE_MS = 60_000

/**
 * Takes the claim with a helper of the first image that can be one. `probe` looks for the tools in the helper and names those that are
 * missing. Throws `InstanceError` if no image serves (it tells to set `helperImage`) or the helper does not start for another reason, and
 * what `claim` and `probe` throw; then no helper is left.
 */
export async function startHelper<Tools>(
  host: DockerHost,
  spec: HelperSpec,
  wait: ClaimWait,
  probe: (
    exec: HelperContainer['exec'],
  ) => Promise<
    { readonly ok: true; readonly tools: Tools } | { readonly ok: false; readonly missing: readonly string[] }
  >,
): Promise<{ readonly helper: HelperContainer; readonly tools: Tools }> {
  const lacking: string[] = []
  for (const candidate of spec.images) {
    const image = await candidate()
    const id = await claim(host, helperSpec(spec, image.id), wait)
    const opened = await tellWhile({ what: () => 'waiting for the helper to start', say: wait.say }, () =>
      start(host.docker, id),
    )
    if (opened.ok) {
      const helper = helperContainer(host, { ...spec.claim, id, image: image.id, mounts: [] }, opened.lease, wait.say)
      try {
        const probed = await probe(helper.exec)
        if (probed.ok) return { helper, tools: probed.tools }
        lacking.push(`${image.reference} lacks ${probed.missing.join(', ')}`)
      } catch (error) {
        await helper.releaseAfter(error)
      }
      await helper.release()
    } else {
      await removeContainer(host.docker, id)
      const noShell = /exec: "sh"|executable file not found|no such file/i.test(opened.why)
      if (!noShell || mountFailureIn(opened.why) !== null || engineIsAway(opened.why)) {
        throw new InstanceError(
          `the helper could not be started from ${image.reference}: ${host.docker.redact(opened.why)}`,
        )
      }
      lacking.push(`${image.reference} has no shell (sh)`)
    }
  }
  throw new InstanceError(
    `nothing can be copied with this image: ${lacking.join('; ')}. Set helperImage to one that has sh, find, stat, cp and tar, such as busybox or debian`,
  )
}

function helperSpec(spec: HelperSpec, image: string) {
  return {
    name: spec.claim.self,
    image,
    labels: claimLabels(spec.claim),
    mounts: spec.mounts,
    env: {},
    entrypoint: ['sh'],
    command: ['-c', MAIN, 'marina-workbench'],
    user: '0:0',
    network: 'none',
    memory: null,
    cpus: null,
    helper: true,
  }
}

type Started = { readonly ok: true; readonly lease: Stream } | { readonly ok: false; readonly why: string }

/**
 * Starts the helper and waits until it says `ready`; else returns why it did not, unredacted. `docker start --attach` attaches before it
 * starts, so that the lease holds from the first moment.
 */
async function start(docker: Docker, id: string): Promise<Started> {
  const lease = stream(docker, ['start', '--attach', '--interactive', id])
  let said = ''
  lease.stderr.on('data', (chunk: Buffer) => {
    said = `${said}${chunk.toString()}`.slice(-LONGEST_WORDS)
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

function helperContainer(
  host: DockerHost,
  origin: JournalOrigin,
  lease: Stream,
  say: ClaimWait['say'],
): HelperContainer {
  const { docker } = host
  const { id } = origin
  const lost = new AbortController()
  let released = false
  lease.ended.then(
    () => {
      if (!released) lost.abort()
    },
    () => lost.abort(),
  )
  const endLease = () => {
    released = true
    lease.stdin.destroy()
    lease.kill()
  }
  const release = async () => {
    released = true
    await tellWhile({ what: () => 'removing what was staged', say }, () =>
      removeContainer(docker, id, { deadlineMs: REMOVE_DEADLINE_MS }),
    )
    endLease()
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
    abandon: endLease,
    release,
    async releaseWithout(down) {
      try {
        const found = await inspectContainer(docker, id)
        await keepJournal(host, { ...origin, mounts: found?.mounts ?? [] }, down)
      } catch (error) {
        endLease()
        throw error
      }
      await release()
    },
    async releaseAfter(error) {
      await release().catch(() => {}) // `post` or the next start sweeps it, and says so
      throw error
    },
  }
}
