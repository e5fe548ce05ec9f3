/** Shortens texts of the user for a sentence. Pure. */

/** The text, or its beginning and its end with `…` between them where it is longer than `limit` characters. */
export function excerpt(text: string, limit = 100): string {
  if (text.length <= limit) return text
  const end = Math.floor(limit / 3)
  const beginning = text.slice(0, limit - end - 1).replace(/[\ud800-\udbff]$/, '') // no half of a character
  return `${beginning}…${text.slice(-end).replace(/^[\udc00-\udfff]/, '')}`
}
