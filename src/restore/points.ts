/** Reads the list of points that an image prints: one a line, `ID TIME free text`. Pure. */
import type { RestorePoint } from '../outcome.ts'

/** Most points that are kept, the newest; an image can list years of hourly ones. */
const MOST_POINTS = 1000
const LONGEST_LINE = 1000
const ID = /^[a-zA-Z0-9][a-zA-Z0-9_.:+@/-]{0,199}$/

/** Returns the points in the order of the lines, which has the newest last. Lines that name no point are counted in `unread`. */
export function parsePoints(text: string): { readonly points: readonly RestorePoint[]; readonly unread: number } {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const points = lines.flatMap((line) => pointOf(line.slice(0, LONGEST_LINE)) ?? [])
  return { points: points.slice(-MOST_POINTS), unread: lines.length - points.length }
}

function pointOf(line: string): RestorePoint | null {
  const [id = '', time = '', ...words] = line.trim().split(/\s+/)
  if (!ID.test(id)) return null
  const at = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN
  if (Number.isNaN(at)) return { id, time: null, text: [time, ...words].join(' ').trim() }
  return { id, time: new Date(at).toISOString(), text: words.join(' ') }
}

/** Tells whether a point holds all that it should. The text of one that lacks something begins with `partial`; `latest` never takes it. */
export function isWholePoint({ text }: Pick<RestorePoint, 'text'>): boolean {
  return !/^partial\b/.test(text)
}

/** Tells whether a text has the form of a point's id. The word `latest` has it too. */
export function isPointId(text: string): boolean {
  return ID.test(text)
}
