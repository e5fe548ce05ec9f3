/** Judges whether GitHub has disabled a workflow's schedules, or will: it does so in public repositories after 60 days without a commit. Pure. */
import { count } from '../format.ts'

export interface ScheduleFacts {
  /** File name of the workflow. */
  readonly workflow: string
  /** The workflow's state, as the API tells it. */
  readonly state: string
  readonly isPublic: boolean
  readonly defaultBranch: string
  /** ms since 1970 in UTC; `null` if it is not known. */
  readonly lastCommitAt: number | null
}

/** `disabled`: nothing is started by schedule any more. `soon`: that will happen if nobody commits. */
export interface IdleVerdict {
  readonly kind: 'enabled' | 'soon' | 'disabled'
  /** Says what is wrong and what to do; empty for `enabled`. */
  readonly message: string
}

const DAY = 86_400_000
const IDLE_DAYS = 60
const WARNED_DAYS = 45

/** Judges a workflow's schedules. `repository` is `owner/name`, for the command that enables it again. */
export function judgeIdle(facts: ScheduleFacts, now: number, repository: string): IdleVerdict {
  const { workflow, state, isPublic, defaultBranch, lastCommitAt } = facts
  const enable = `gh workflow enable ${workflow} --repo ${repository}`
  if (state !== 'active') {
    const why: Readonly<Record<string, string>> = {
      disabled_inactivity: `GitHub has disabled ${workflow}, because the repository had no commit for ${IDLE_DAYS} days`,
      disabled_manually: `Somebody has disabled ${workflow}`,
      disabled_fork: `GitHub has disabled ${workflow}, because the repository is a fork`,
    }
    const reason = why[state] ?? `GitHub calls the state of ${workflow} "${state}"`
    return { kind: 'disabled', message: `${reason}: nothing is backed up by schedule. Enable it again: ${enable}` }
  }
  const idle = lastCommitAt === null ? 0 : Math.floor((now - lastCommitAt) / DAY)
  if (!isPublic || idle < WARNED_DAYS) return { kind: 'enabled', message: '' }
  const left = IDLE_DAYS - idle
  const when = left > 0 ? `in ${count(left, 'day')}` : 'at any time now'
  return {
    kind: 'soon',
    message: `GitHub will disable the schedules of ${workflow} ${when}: the last commit on ${defaultBranch} is ${count(idle, 'day')} old, and in public repositories it disables them after ${IDLE_DAYS} days. A commit prevents that; so does ${enable}`,
  }
}
