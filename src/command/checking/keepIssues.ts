/** Keeps one issue open for each alarm of a check: an overdue backup or drill, or a newest backup that is too old. */
import type { Forge } from '../../action/forge/askForge.ts'
import {
  closeIssue,
  commentIssue,
  ISSUE_LABEL,
  listOpenIssues,
  openIssue,
  rewriteIssue,
  type TrackedIssue,
} from '../../action/forge/issueTracker.ts'
import { count } from '../../format.ts'
import { type AlarmRequest, type IssueStep, planIssues } from '../../report/alarmIssues.ts'

/** Number of issues that one check opens, and of those that it changes or closes: GitHub slows down whoever writes much at once. */
const MOST_OPENED = 20
const MOST_CHANGED = 30
/** Number of issues that may refuse a change before the others are left to the next check. */
const MOST_REFUSED = 3

/**
 * Opens, changes and closes issues. Returns what could not be done, in sentences; empty if all was. Two checks at once may both open an
 * issue: after that, each looks again, and closes all but the oldest.
 */
export async function keepIssues(forge: Forge, request: Omit<AlarmRequest, 'open'>): Promise<readonly string[]> {
  const open = await listOpenIssues(forge)
  if ('unknown' in open) return [open.unknown]
  const steps = planIssues({ ...request, open: open.value.items })
  const { isCut } = open.value
  const opening = isCut ? [] : steps.filter(({ kind }) => kind === 'open') // of those not seen there would be a second
  const changing = steps.filter(({ kind }) => kind !== 'open')
  const problems = new Set<string>()
  if (isCut)
    problems.add(
      `Over ${count(open.value.items.length, 'issue')} with the label ${ISSUE_LABEL} are open: no other is opened`,
    )
  let refused = 0
  for (const step of [...changing.slice(0, MOST_CHANGED), ...opening.slice(0, MOST_OPENED)]) {
    const problem = await take(forge, step)
    if (problem === null) continue
    problems.add(problem)
    refused += 1
    // one that is there may be locked; what refuses several, or a new one, would refuse all
    if (refused === MOST_REFUSED || step.kind === 'open') break
  }
  if (opening.length > 0) for (const problem of await closeTwins(forge, open.value.items)) problems.add(problem)
  const left = Math.max(0, opening.length - MOST_OPENED) + Math.max(0, changing.length - MOST_CHANGED)
  if (left > 0)
    problems.add(`${count(left, 'issue')} more would be opened, changed or closed: the next check goes on with that`)
  return [...problems]
}

/** Takes one step; returns why it failed, or `null`. The comment comes last: if it came before a change that fails, each check would repeat it. */
async function take(forge: Forge, step: IssueStep): Promise<string | null> {
  if (step.kind === 'open') return problemOf(await openIssue(forge, step))
  const { number, comment } = step
  const changed = problemOf(
    step.kind === 'close'
      ? await closeIssue(forge, number, comment === null ? 'not_planned' : 'completed')
      : await rewriteIssue(forge, number, step.body),
  )
  return changed === null && comment !== null ? problemOf(await commentIssue(forge, number, comment)) : changed
}

function problemOf(answer: { readonly unknown?: string } | { readonly value: unknown }): string | null {
  return 'unknown' in answer && answer.unknown !== undefined ? answer.unknown : null
}

/** Closes the younger of two new issues for one alarm. `before` are the issues that were there already. */
async function closeTwins(forge: Forge, before: readonly TrackedIssue[]): Promise<readonly string[]> {
  const now = await listOpenIssues(forge)
  if ('unknown' in now) return [now.unknown]
  const marks = new Set<string>()
  const old = new Set(before.map(({ number }) => number))
  for (const { number, body } of now.value.items.toSorted((a, b) => a.number - b.number)) {
    const mark = body
      .split('\n')
      .slice(0, 2)
      .join('\n')
      .replace(/ cause:\S+/, '')
    if (marks.has(mark) && !old.has(number)) {
      const problem = problemOf(await closeIssue(forge, number, 'not_planned'))
      if (problem !== null) return [problem]
    }
    marks.add(mark)
  }
  return []
}
