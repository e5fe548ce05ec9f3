/** Decides which issues a `check` opens, changes and closes, and writes them: one for each overdue backup. Pure. */
import { createHash } from 'node:crypto'
import { code, inline, link } from './markdown.ts'

/** An issue that is open. The forge numbers issues in their order. */
export interface OpenIssue {
  readonly number: number
  readonly body: string
}

/** A backup, as the check judged it. Those of which it cannot say are left out: their issues stay as they are. */
export interface AlarmSubject {
  readonly id: string
  readonly isOverdue: boolean
  /** If it is overdue, the slot that was missed; else when its last success was. */
  readonly when: string
  readonly cause: string
  readonly url: string | null
}

export interface AlarmRequest {
  readonly subjects: readonly AlarmSubject[]
  readonly open: readonly OpenIssue[]
  /** Path of the configuration: issues of another one are left alone. */
  readonly configFile: string
  /** All ids with a schedule in the configuration; `null` if only some were judged: then no issue is closed because its backup is gone. */
  readonly scheduled: readonly string[] | null
  readonly workflow: string
  readonly workflowPage: string | null
}

export type IssueStep =
  | { readonly kind: 'open'; readonly id: string; readonly title: string; readonly body: string }
  | { readonly kind: 'rewrite'; readonly number: number; readonly body: string; readonly comment: string | null }
  | { readonly kind: 'close'; readonly number: number; readonly comment: string | null }

/** Returns what is to be done, what ends an alarm first. */
export function planIssues(request: AlarmRequest): readonly IssueStep[] {
  const { subjects, open, configFile, scheduled } = request
  const own = open.flatMap((one) => {
    const mark = readMark(one.body)
    return mark === null || (mark.config !== null && mark.config !== configFile) ? [] : [{ ...one, mark }]
  })
  const first = new Map<string, (typeof own)[number]>()
  for (const one of own) {
    const known = first.get(one.mark.id)
    if (known === undefined || one.number < known.number) first.set(one.mark.id, one)
  }
  const steps: IssueStep[] = []
  for (const one of own)
    if (first.get(one.mark.id) !== one) steps.push({ kind: 'close', number: one.number, comment: null })
  for (const { number, mark } of first.values()) {
    if (scheduled !== null && mark.config !== null && !scheduled.includes(mark.id))
      steps.push({ kind: 'close', number, comment: `${code(mark.id)} has no schedule in the configuration any more.` })
  }
  for (const subject of subjects) steps.push(...stepsFor(subject, first.get(subject.id), request))
  const order: readonly IssueStep['kind'][] = ['close', 'open', 'rewrite']
  return steps.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

function stepsFor(
  subject: AlarmSubject,
  issue: (OpenIssue & { readonly mark: Mark }) | undefined,
  request: AlarmRequest,
): readonly IssueStep[] {
  const { id, isOverdue, when, cause, url } = subject
  if (!isOverdue) {
    const run = link('run', url)
    const comment = `Backed up again: ${inline(when)}${run === null ? '' : ` (${run})`}.`
    return issue === undefined ? [] : [{ kind: 'close', number: issue.number, comment }]
  }
  const body = writeBody(subject, request)
  if (issue === undefined) return [{ kind: 'open', id, title: `Backup ${id} is overdue`, body }]
  if (issue.body.trim().replaceAll('\r\n', '\n') === body) return []
  const isOther = issue.mark.cause !== causeKey(cause)
  return [
    {
      kind: 'rewrite',
      number: issue.number,
      body,
      comment: isOther ? `The cause has changed: ${inline(cause)}.` : null,
    },
  ]
}

function writeBody(
  { id, when, cause, url }: AlarmSubject,
  { configFile, workflow, workflowPage }: AlarmRequest,
): string {
  const run = link('run', url)
  return [
    `<!-- marina-check:${id} -->`,
    `<!-- marina-config:${encodeURIComponent(configFile)} cause:${causeKey(cause)} -->`,
    `**No backup of ${code(id)} since its slot of ${inline(when)}**`,
    '',
    `${inline(cause)}.${run === null ? '' : ` (${run})`}`,
    '',
    `Start ${link(workflow, workflowPage) ?? code(workflow)} by hand to back it up now. This issue closes by itself when a backup has succeeded.`,
  ].join('\n')
}

interface Mark {
  readonly id: string
  /** `null` if the issue does not say. */
  readonly config: string | null
  readonly cause: string | null
}

function readMark(body: string): Mark | null {
  const id = /<!-- marina-check:(\S+) -->/.exec(body)?.[1]
  if (id === undefined) return null
  const [, config, cause] = /<!-- marina-config:(\S+) cause:(\S+) -->/.exec(body) ?? []
  return { id, config: config === undefined ? null : decoded(config), cause: cause ?? null }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** Makes a short word of a cause that stays the same as long as only times, numbers, digests and ids in it change. */
function causeKey(cause: string): string {
  const steady = cause.replace(/\b(?=[a-f-]*\d)[0-9a-f][0-9a-f-]{5,}\b/gi, '#').replace(/\d+/g, '#')
  return createHash('sha256').update(steady).digest('hex').slice(0, 12)
}
