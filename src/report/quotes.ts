/**
 * Remembers which parts of our sentences quote what applications and database tools printed, such as a hook's last words. Where lines of
 * containers are hidden, these parts are hidden too. Pure.
 */

export interface Quotes {
  /** Notes that `part`, a part of a sentence, quotes a container, and what is shown in its place to those who must not read it. */
  readonly note: (part: string, shown: string) => void
  /** Returns the text with what is to be shown in the place of each quote. */
  readonly hide: (text: string) => string
}

/** Makes an empty collection. `redact` masks secrets, as it does in the sentences before they are hidden. */
export function openQuotes(redact: (text: string) => string): Quotes {
  const noted = new Map<string, string>()
  return {
    note(part, shown) {
      if (part !== shown) noted.set(part, shown)
    },
    hide(text) {
      // the sentence may be redacted or not; a longer quote may contain a shorter one
      const quotes = [...noted].flatMap(([part, shown]) => [[part, shown] as const, [redact(part), shown] as const])
      return quotes
        .sort(([a], [b]) => b.length - a.length)
        .reduce((left, [part, shown]) => left.replaceAll(part, () => shown), text)
    },
  }
}
