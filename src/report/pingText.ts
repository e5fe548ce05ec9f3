/** Writes what a watcher outside is told of a run: short, without lines of containers and names of files. Pure. */
import { count } from '../format.ts'
import type { InstanceStatus, RunReport } from '../outcome.ts'
import { onlyUncovered } from './verdict.ts'

/** Longest body, bytes of UTF-8. */
const BODY_BYTES = 10_000
/** Longest line, characters: it becomes part of an address. */
const LINE_CHARACTERS = 200
const ORDER: readonly InstanceStatus[] = ['failed', 'partial', 'cancelled', 'skipped', 'success']

export interface PingText {
  /** One short line. */
  readonly line: string
  /** The line, the host, the address of the run, and each instance, at the end with its status, as far as they fit. */
  readonly body: string
}

/** Writes the text about a run that has ended. */
export function endText(report: RunReport): PingText {
  const { instances, errors } = report
  const sorted = ORDER.flatMap((status) => instances.filter((one) => one.status === status))
  const hosts = errors.length === 0 ? [] : [`${count(errors.length, 'problem')} of the host: see the run`]
  const line = shortened(lineOf(report))
  const rest = [...hosts, ...sorted.map(({ id, status }) => `${id}: ${status}`)]
  return { line, body: bodyOf(line, report, rest) }
}

/** Writes the text about a run that begins with these instances. */
export function startText(run: Pick<RunReport, 'host' | 'runUrl'>, ids: readonly string[]): PingText {
  const line = `started: ${count(ids.length, 'backup')}`
  return { line, body: bodyOf(line, run, ids) }
}

/** Writes the text about a run that ended without a report. `line` says how. */
export function unreportedText(runUrl: string | null, line: string): PingText {
  return { line, body: bodyOf(line, { host: '', runUrl }, []) }
}

function lineOf(report: RunReport): string {
  const { result, instances, errors } = report
  const of = (status: InstanceStatus) => instances.filter((one) => one.status === status)
  const bad = [...of('failed'), ...of('partial')].map(({ id }) => id)
  const total = count(instances.length, 'backup')
  switch (result) {
    case 'nothing-due':
      return 'success: nothing was due'
    case 'success':
      return `success: ${total} done`
    case 'cancelled':
      return `cancelled: ${of('success').length} of ${total} done`
    case 'partial':
      return `partial: ${bad.length} of ${total} incomplete: ${bad.join(', ')}`
    case 'failed':
      if (bad.length === 0 && errors.length === 0) return 'failed: see the run'
      if (bad.length === 0) return `failed: ${onlyUncovered(report) ?? 'an application is not up'}`
      return `failed: ${bad.length} of ${total}: ${bad.join(', ')}`
  }
}

function bodyOf(line: string, { host, runUrl }: Pick<RunReport, 'host' | 'runUrl'>, rest: readonly string[]): string {
  const head = [line, ...(host === '' ? [] : [`host: ${host}`]), ...(runUrl === null ? [] : [`run: ${runUrl}`])]
  const taken: string[] = []
  let size = Buffer.byteLength(head.join('\n')) + 40 // the line that says how many are left out
  for (const one of rest) {
    size += Buffer.byteLength(one) + 1
    if (size > BODY_BYTES) break
    taken.push(one)
  }
  const more = rest.length - taken.length
  const text = [...head, ...taken, ...(more > 0 ? [`and ${more} more`] : [])].join('\n')
  return Buffer.from(text).subarray(0, BODY_BYTES).toString()
}

function shortened(line: string): string {
  return line.length <= LINE_CHARACTERS ? line : `${line.slice(0, LINE_CHARACTERS - 1)}…`
}
