/** Removes file names from sentences, for public repositories, whose pages strangers read. Pure. */

/** Matches quoted text. Inside double quotes there may be escapes, as in JSON; an apostrophe inside a word is not a quote. */
const QUOTED = /"((?:\\.|[^"\\])*)"|(?<![\p{L}\p{N}])(?:'([^']*)'|`([^`]*)`|‘([^’]*)’|“([^”]*)”)/gu
/** Matches what stands behind words that a name often follows without quotes: a name, or the sentence goes on (`OUR_WORDS`). */
const NAMED = /(?<=\b(?:path|script|link at|directory at) )[^\s"'`‘“…,;]+/gu
/** Words with which our own sentences go on after "path" and "script". A test holds them against all sentences of the source. */
const OUR_WORDS =
  /^(?:a|an|and|are|at|by|cannot|could|did|does|ended|from|goes|got|had|has|in|inside|is|itself|lies|must|no|not|of|on|or|ran|runs|started|that|the|to|was|went|which|with|would)[:.]*$/
const PATH = /[^\s"'`‘’“”(),;]*[/\\][^\s"'`‘’“”(),;]*/gu
const WITH_EXTENSION = /[\p{L}\p{N}_-]+(?:\.[\p{L}\p{N}_-]+)*\.[a-z][a-z0-9]{0,7}\b(?![\p{L}\p{N}_-])/giu

/**
 * Replaces what may be a file name by `…`: every path, every quoted text, every word with an extension, and the word behind one such as
 * "path" or "script". Words in `known` stay, because the configuration shows them anyway (instances, images, targets); so do names of our
 * labels.
 */
export function withoutFileNames(sentence: string, known: ReadonlySet<string>): string {
  const hide = (word: string) => {
    if (word.startsWith('dev.polarfox.marina')) return word // our labels
    const end = /[:.]*$/.exec(word)?.[0] ?? ''
    return known.has(word.slice(0, word.length - end.length)) ? word : `…${end}`
  }
  return sentence
    .replace(QUOTED, (whole, ...inner: (string | undefined)[]) => {
      const text = inner.slice(0, 5).find((group) => typeof group === 'string') ?? ''
      return known.has(text) ? whole : `${whole[0]}…${whole.at(-1)}`
    })
    .replace(NAMED, (word) => (OUR_WORDS.test(word) ? word : hide(word)))
    .replace(PATH, hide)
    .replace(WITH_EXTENSION, hide)
}
