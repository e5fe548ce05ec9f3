/** Text from anywhere as part of GitHub's markdown: it is shown as it is, and can never be markup. Pure. */
import { harmless, harmlessLine } from './plaintext.ts'

const CHARACTERS = 2000

/**
 * Text on one line, for a sentence or the cell of a table. Every sign that markdown or HTML knows becomes a character
 * reference, which CommonMark never takes for structure; `@name` and `#1` are parted, so that they become no links.
 */
export function inline(text: string): string {
  return harmlessLine(text, CHARACTERS).replace(/[!-/:-@[-`{-~]/g, (sign) =>
    sign === '@' || sign === '#' ? `<span>${reference(sign)}</span>` : reference(sign),
  )
}

/** A name on one line, set as code. */
export function code(text: string): string {
  return `<code>${harmlessLine(text, CHARACTERS).replace(/[!-/:-@[-`{-~]/g, reference)}</code>`
}

/** Lines as they are, in a block. Begins and ends on lines of its own. */
export function block(lines: readonly string[]): string {
  return `<pre>\n${lines.map((line) => html(harmless(line).replace(/[\n\t]/g, ' '))).join('\n')}\n</pre>`
}

/** A link whose address is ours; `null` where there is none or it is no address of a web page. */
export function link(label: string, url: string | null): string | null {
  if (url === null || !/^https?:\/\/[^\s"<>]+$/.test(url)) return null
  return `<a href="${html(url)}">${inline(label)}</a>`
}

function html(text: string): string {
  return text.replace(/[&<>"']/g, reference)
}

function reference(sign: string): string {
  return `&#${sign.charCodeAt(0)};`
}
