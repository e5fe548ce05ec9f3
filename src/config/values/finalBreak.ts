/** Returns the text without its last line break, which a block (`|`) of YAML adds to what is meant. */
export function withoutFinalBreak(text: string): string {
  return text.replace(/\r?\n$/, '')
}
