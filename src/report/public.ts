/** Sentences as strangers may read them: in a public repository nobody learns the names of files. Pure. */

/**
 * The sentence with what may be a file's name replaced by `…`: every path, every quoted text, every word with an
 * extension, but those in `known`, which the configuration shows anyway (instances, targets, images, its own name).
 */
export function withoutFileNames(sentence: string, known: ReadonlySet<string>): string {
  const keep = (whole: string, inner: string) => (known.has(inner) ? whole : whole.replace(inner, '…'))
  return sentence
    .replace(/(["'`‘“])(.*?)(["'`’”])(?![\p{L}\p{N}])/gu, (whole, _open: string, inner: string) => keep(whole, inner))
    .replace(/[^\s"'`‘’“”(),;]*[/\\][^\s"'`‘’“”(),;]*/g, (word) => keep(word, word.replace(/[:.]+$/, '')))
    .replace(/[\p{L}\p{N}_-]+(\.[\p{L}\p{N}_-]+)*\.[a-z][a-z0-9]{0,7}\b(?![\p{L}\p{N}_-])/giu, (word) =>
      keep(word, word),
    )
}
