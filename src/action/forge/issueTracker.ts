/** Lists, opens, changes, comments on and closes the repository's issues that carry our label. */
import { z } from 'zod'
import type { Answer, Forge, Listed } from './askForge.ts'

/** Label of every issue of ours: those without it are never read or changed. */
export const ISSUE_LABEL = 'marina'

export interface TrackedIssue {
  readonly id: number
  readonly number: number
  readonly body: string
}

const issue = z.object({
  id: z.number(),
  number: z.number(),
  body: z.string().nullish(),
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).nullish(),
  pull_request: z.unknown().optional(),
})

type RawIssue = z.infer<typeof issue>

const trackedIssue = (one: RawIssue): TrackedIssue => ({ id: one.id, number: one.number, body: one.body ?? '' })

const ISSUE_PAGES = 10
const PERMISSION = 'issues: write'

/** Lists the open issues with our label, the oldest first. */
export function listOpenIssues(forge: Forge): Promise<Answer<Listed<TrackedIssue>>> {
  return forge.list({
    route: '/issues',
    parameters: { state: 'open', labels: ISSUE_LABEL, sort: 'created', direction: 'asc' },
    page: z.array(issue).transform((all) => ({
      total: null,
      // a forge may pass over the label that it was asked for
      items: all.filter((one) => one.pull_request == null && (one.labels == null || hasLabel(one))).map(trackedIssue),
    })),
    perPage: 100,
    mostPages: ISSUE_PAGES,
    what: 'the open issues',
    permission: PERMISSION,
  })
}

/**
 * Opens an issue with our label. The forge drops the label without a word if the token may not set it. It is then set once more; if that fails
 * too, the issue is closed, because it would never be found again, and the answer is unknown.
 */
export async function openIssue(
  forge: Forge,
  text: { readonly title: string; readonly body: string },
): Promise<Answer<TrackedIssue>> {
  const what = 'open an issue'
  const created = await forge.ask({
    method: 'POST',
    route: '/issues',
    parameters: { ...text, labels: [ISSUE_LABEL] },
    schema: issue,
    what,
    permission: PERMISSION,
  })
  if ('unknown' in created || hasLabel(created.value))
    return 'unknown' in created ? created : { value: trackedIssue(created.value) }
  const { number } = created.value
  const labelled = await changeIssue(forge, number, { labels: [ISSUE_LABEL] })
  if (!('unknown' in labelled) && hasLabel(labelled.value)) return { value: trackedIssue(labelled.value) }
  await changeIssue(forge, number, { state: 'closed', state_reason: 'not_planned' })
  const unknown = `The API does not ${what} with the label ${ISSUE_LABEL}, by which it is found again: the token may not set it`
  return { unknown, status: null }
}

function hasLabel({ labels }: RawIssue): boolean {
  return (labels ?? []).some((label) => (typeof label === 'string' ? label : label.name) === ISSUE_LABEL)
}

export function rewriteIssue(forge: Forge, number: number, body: string): Promise<Answer<unknown>> {
  return changeIssue(forge, number, { body })
}

/** Closes an issue. `reason`: `completed`, or `not_planned` for one that should not be there. */
export function closeIssue(
  forge: Forge,
  number: number,
  reason: 'completed' | 'not_planned',
): Promise<Answer<unknown>> {
  return changeIssue(forge, number, { state: 'closed', state_reason: reason })
}

export function commentIssue(forge: Forge, number: number, body: string): Promise<Answer<unknown>> {
  return forge.ask({
    method: 'POST',
    route: '/issues/{issue}/comments',
    parameters: { issue: number, body },
    schema: z.object({ id: z.number() }),
    what: `comment on issue ${number}`,
    permission: PERMISSION,
  })
}

function changeIssue(
  forge: Forge,
  number: number,
  change: Readonly<Record<string, unknown>>,
): Promise<Answer<RawIssue>> {
  return forge.ask({
    method: 'PATCH',
    route: '/issues/{issue}',
    parameters: { issue: number, ...change },
    schema: issue,
    what: `change issue ${number}`,
    permission: PERMISSION,
  })
}
