/**
 * Decides which issues a `check` opens, changes and closes, and writes their texts: one issue for each alarm about a backup, a drill or the
 * age of a backup. Pure.
 */
import { createHash } from 'node:crypto'
import type { JudgedThing } from './checkPage.ts'
import { code, inline, link } from './markdown.ts'

/** An issue that is open. The forge numbers issues in the order in which they were opened. */
export interface OpenIssue {
  readonly number: number
  readonly body: string
}

/** One thing that the check judged. What it could not judge is no subject, and the issue of that stays as it is. */
export interface AlarmSubject {
  readonly what: JudgedThing
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
  /** Path of the configuration: issues that name another one are left alone. */
  readonly configFile: string
  /** All things that are judged by the configuration; `null` if only some were judged: then no issue is closed because its backup is gone. */
  readonly scheduled: readonly Pick<AlarmSubject, 'what' | 'id'>[] | null
  /** The workflow that makes such a thing good, and the address of its page. */
  readonly workflowOf: (what: JudgedThing) => { readonly name: string; readonly page: string | null }
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
  const wanted = scheduled === null ? null : new Set(scheduled.map(keyOf))
  const steps: IssueStep[] = []
  for (const one of own)
    if (first.get(one.mark.id) !== one) steps.push({ kind: 'close', number: one.number, comment: null })
  for (const { number, mark } of first.values()) {
    if (wanted !== null && mark.config !== null && !wanted.has(mark.id))
      steps.push({ kind: 'close', number, comment: goneWords(mark.id) })
  }
  for (const subject of subjects) steps.push(...stepsFor(subject, first.get(keyOf(subject)), request))
  const order: readonly IssueStep['kind'][] = ['close', 'open', 'rewrite']
  return steps.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind))
}

function stepsFor(
  subject: AlarmSubject,
  issue: (OpenIssue & { readonly mark: Mark }) | undefined,
  request: AlarmRequest,
): readonly IssueStep[] {
  const { what, id, isOverdue, when, cause, url } = subject
  if (!isOverdue) {
    const run = link('run', url)
    const comment = `${WORDS[what].again}: ${inline(when)}${run === null ? '' : ` (${run})`}.`
    return issue === undefined ? [] : [{ kind: 'close', number: issue.number, comment }]
  }
  const body = writeBody(subject, request)
  if (issue === undefined) return [{ kind: 'open', id, title: WORDS[what].title(id), body }]
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

/** The words of an alarm about each thing. */
const WORDS: Readonly<
  Record<
    JudgedThing,
    {
      readonly title: (id: string) => string
      readonly head: (id: string, when: string) => string
      readonly again: string
      readonly cure: string
    }
  >
> = {
  backup: {
    title: (id) => `Backup ${id} is overdue`,
    head: (id, when) => `No backup of ${code(id)} since its slot of ${inline(when)}`,
    again: 'Backed up again',
    cure: 'to back it up now. This issue closes by itself when a backup has succeeded.',
  },
  drill: {
    title: (id) => `Drill ${id} is overdue`,
    head: (id, when) => `No drill of ${code(id)} since its slot of ${inline(when)}`,
    again: 'Drilled again',
    cure: 'to drill it now. This issue closes by itself when a drill has proven the backup.',
  },
  age: {
    title: (id) => `The newest backup of ${id} is too old`,
    head: (id) => `The newest backup of ${code(id)} is older than <code>drill.maxAge</code> allows`,
    again: 'Backed up again',
    cure: 'to back it up now. This issue closes by itself when a backup has succeeded.',
  },
}

/** Makes the word by which an issue is known again. No id of an instance contains a colon. */
function keyOf({ what, id }: Pick<AlarmSubject, 'what' | 'id'>): string {
  return what === 'backup' ? id : `${what}:${id}`
}

function goneWords(key: string): string {
  const [id = '', what = ''] = key.split(':').reverse()
  if (what === 'drill') return `${code(id)} has no schedule of drills in the configuration any more.`
  if (what === 'age') return `${code(id)} has no maxAge in the configuration any more.`
  return `${code(id)} has no schedule in the configuration any more.`
}

function writeBody(subject: AlarmSubject, { configFile, workflowOf }: AlarmRequest): string {
  const { what, id, when, cause, url } = subject
  const { name, page } = workflowOf(what)
  const run = link('run', url)
  return [
    `<!-- marina-check:${keyOf(subject)} -->`,
    `<!-- marina-config:${encodeURIComponent(configFile)} cause:${causeKey(cause)} -->`,
    `**${WORDS[what].head(id, when)}**`,
    '',
    `${inline(cause)}.${run === null ? '' : ` (${run})`}`,
    '',
    ...(name === '' ? [] : [`Start ${link(name, page) ?? code(name)} by hand ${WORDS[what].cure}`]),
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
