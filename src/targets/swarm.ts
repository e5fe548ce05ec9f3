/** Finds out where swarm means to run a service of which nothing runs on this host at the moment: here, on another host, or nowhere. */

import { succeeded } from '../docker/callResult.ts'
import { type Docker, type QueryOptions, query } from '../docker/process.ts'
import { type ServiceMember, type SwarmTask, taskOf } from './services.ts'

/** A task that swarm wants to run: the number of its replica (`slot`; of a global service the node's id) and its host. */
export interface WantedTask {
  readonly slot: string
  /** Id of the host in the swarm; empty while swarm has found none. */
  readonly node: string
}

/**
 * `here`: the service belongs to this host, or nothing proves that it does not.
 * `elsewhere`: nothing of it is meant to run on this host. `why` is a predicate of the service, such as "runs on another host of the
 * swarm".
 */
export type Whereabouts = { readonly kind: 'here' } | { readonly kind: 'elsewhere'; readonly why: string }

/**
 * Finds out where a service is meant to run whose `newest` task on this host has ended. The swarm is asked; a host that is no manager of it
 * gets no answer, and judges by the ended task.
 */
export async function whereabouts(docker: Docker, newest: ServiceMember, options: QueryOptions): Promise<Whereabouts> {
  const task = taskOf(newest)
  const wanted = task === null ? 'unknown' : await wantedTasks(docker, task.serviceId, options)
  return judgeWhereabouts(newest, wanted, Date.now())
}

/**
 * The tasks that swarm wants. `zero`: the service is scaled to 0 replicas. `gone`: swarm has no such service any more. `unknown`: this host
 * is no manager, the swarm does not answer, or the container is no task.
 */
type Wanted = readonly WantedTask[] | 'zero' | 'gone' | 'unknown'

/** Asks for the tasks of a service that swarm wants to run. `--no-resolve` prints ids, which are unique, in place of names. */
async function wantedTasks(docker: Docker, serviceId: string, options: QueryOptions): Promise<Wanted> {
  const filters = ['running', 'ready'].flatMap((state) => ['--filter', `desired-state=${state}`])
  const format = ['--format', '{{.Name}}\t{{.Node}}']
  const argv = ['service', 'ps', '--no-trunc', '--no-resolve', ...filters, ...format, serviceId]
  const output = await query(docker, argv, options)
  if (!succeeded(output)) return /no such service/i.test(output.stderr) ? 'gone' : 'unknown'
  const tasks = output.stdout.split('\n').flatMap((line) => {
    const [name = '', node = ''] = line.split('\t')
    return name === '' ? [] : [{ slot: name.slice(name.lastIndexOf('.') + 1), node }]
  })
  return tasks.length === 0 && (await isScaledToZero(docker, serviceId, options)) ? 'zero' : tasks
}

/** Tells whether somebody has scaled the service to 0. Swarm also wants no task of a service that it has given up, which is a failure. */
async function isScaledToZero(docker: Docker, serviceId: string, options: QueryOptions): Promise<boolean> {
  const output = await query(docker, ['service', 'inspect', '--format', '{{json .Spec.Mode}}', serviceId], options)
  return succeeded(output) && /"Replicated":\{"Replicas":0\}/.test(output.stdout)
}

/**
 * Longest time after a task's end in which the image for the next one may still be pulled, ms. Until then no container shows that there
 * will be a next one.
 */
const NEXT_TASK_MS = 3_600_000

/**
 * Decides where the service is meant to run. `newest`: its newest task on this host, which does not run. `now`: ms since 1970. In doubt the
 * answer is `here`, where a failure is seen.
 */
export function judgeWhereabouts(newest: ServiceMember, wanted: Wanted, now: number): Whereabouts {
  if (wanted === 'gone')
    return { kind: 'elsewhere', why: 'was removed from the swarm, and has left a container behind' }
  if (wanted === 'zero') return { kind: 'elsewhere', why: 'is scaled to 0 replicas' }
  const task = taskOf(newest)
  if (wanted === 'unknown' || task === null) return fromContainer(newest, now)
  return fromSwarm(task, wanted)
}

function fromSwarm(task: SwarmTask, wanted: readonly WantedTask[]): Whereabouts {
  const same = wanted.filter(({ slot }) => task.slot === '' || slot === task.slot)
  if (wanted.length === 0 || same.some(({ node }) => node === '' || node === task.node)) return { kind: 'here' }
  if (same.length > 0) return { kind: 'elsewhere', why: 'runs on another host of the swarm' }
  return { kind: 'elsewhere', why: 'has no such replica any more' }
}

/**
 * Judges by an ended task alone. A task that swarm shuts down ends by SIGTERM (or by SIGKILL, if it takes too long), and swarm creates the
 * next one's container as soon as the image is there. If a task ended so over an hour ago and none followed, the next one runs on another
 * host.
 */
function fromContainer({ status, exitCode, oomKilled, finishedAt }: ServiceMember, now: number): Whereabouts {
  const wasShutDown = [0, 130, 137, 143].includes(exitCode) && !oomKilled
  const isLongAgo = now - Date.parse(finishedAt) > NEXT_TASK_MS
  if (status === 'exited' && wasShutDown && isLongAgo)
    return { kind: 'elsewhere', why: 'was shut down here over an hour ago, and no task followed on this host' }
  return { kind: 'here' }
}
