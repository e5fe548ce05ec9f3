/** Shortens texts of the user for a sentence. Pure. */

/** Returns the text; if it is longer than `limit` characters, its beginning and its end with `…` between them, together `limit` long at most. */
export function excerpt(text: string, limit = 100): string {
  if (text.length <= limit) return text
  const end = Math.floor(limit / 3)
  const beginning = text.slice(0, limit - end - 1).replace(/[\ud800-\udbff]$/, '') // no half of a character
  return `${beginning}…${text.slice(-end).replace(/^[\udc00-\udfff]/, '')}`
}
