/** Text from anywhere as part of GitHub's markdown: it is shown as it is, and can never be markup. Pure. */
import { harmless, harmlessLine } from './sanitize.ts'

const CHARACTERS = 2000

/**
 * Matches whatever could be markup: always the signs of the last set; a colon that is not the end of a word (`http:`); the dot of an
 * address (`www.`); and at the beginning the marks of lists and rules. The rest stays readable where summaries are shown raw.
 */
const SIGNS = /^\d+[.)](?= |$)|^[-+=]+|(?<=www)\.|:(?! |$)|[!#$&*<>@[\\\]^_`{|}~]/gi

/**
 * Text on one line, for a sentence or the cell of a table. Signs that markdown or HTML may know become character
 * references, which CommonMark never takes for structure; `@name`, `a@b.c` and `#1` become links only after those are
 * resolved, and so are parted.
 */
export function inline(text: string): string {
  const line = harmlessLine(text, CHARACTERS).replace(/\s+/g, ' ').trim()
  return line.replace(SIGNS, (sign) =>
    sign === '@' || sign === '#' ? `<span>${reference(sign)}</span>` : escaped(sign),
  )
}

/** A name on one line, set as code. */
export function code(text: string): string {
  return `<code>${inline(text)}</code>`
}

/** Lines as they are, in a block. Begins and ends on lines of its own. */
export function block(lines: readonly string[]): string {
  return `<pre>\n${lines
    .map((line) =>
      harmless(line)
        .replace(/[\n\t]/g, ' ')
        .replace(/[&<>]/g, reference),
    )
    .join('\n')}\n</pre>`
}

/** A link whose address is ours; `null` where there is none or it is no address of a web page. */
export function link(label: string, url: string | null): string | null {
  if (url === null || !/^https?:\/\/[^\s"<>]+$/.test(url)) return null
  return `<a href="${url.replace(/[&']/g, reference)}">${inline(label)}</a>`
}

function escaped(signs: string): string {
  return Array.from(signs, reference).join('')
}

const REFERENCES: readonly string[] = Array.from({ length: 128 }, (_, code) => `&#${code};`)

function reference(sign: string): string {
  return REFERENCES[sign.charCodeAt(0)] as string
}
