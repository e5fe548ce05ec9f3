/** Defines what the code must know of a database engine to tell whether one of its databases is there, and to drop it. Pure. */
import type { CountQuestion } from './countContract.ts'
import type { LoadScript } from './loadContract.ts'

export interface PresenceQuestion extends CountQuestion {
  readonly database: string
}

export interface PresencePlan {
  /** Asks the server for the database. */
  readonly look: LoadScript
  /** Reads what that printed. Throws if it is no answer. */
  readonly isThere: (stdout: string) => boolean
  /** Drops the database; does nothing if it is not there. */
  readonly drop: LoadScript
}

/** Reads the number of databases that a server found: true for 1, false for 0. Throws an `Error` for anything else. */
export function countsOne(stdout: string): boolean {
  const said = /^(?:marina )?([01])$/m.exec(stdout)?.[1]
  if (said === undefined) throw new Error(`it said ${JSON.stringify(stdout.slice(-200))}`)
  return said === '1'
}
