/** Turns any text into a part of GitHub's markdown that is shown as it is and can never be markup. Pure. */
import { harmless, harmlessLine } from './sanitize.ts'

const CHARACTERS = 2000

/**
 * Matches characters that could be markup: always those of the last set; a colon that is not the end of a word (`http:`); the dot of an
 * address (`www.`); and at the beginning the marks of lists and rules. Everything else stays readable where summaries are shown raw.
 */
const SIGNS = /^\d+[.)](?= |$)|^[-+=]+|(?<=www)\.|:(?! |$)|[!#$&*<>@[\\\]^_`{|}~]/gi

/**
 * Writes text on one line, cut at `CHARACTERS`, for a sentence or a table cell. Characters that markdown or HTML may interpret become
 * character references, which CommonMark never takes for structure. `@name`, `a@b.c` and `#1` become links even then, so they are split.
 */
export function inline(text: string): string {
  const line = harmlessLine(text, CHARACTERS).replace(/\s+/g, ' ').trim()
  return line.replace(SIGNS, (sign) =>
    sign === '@' || sign === '#' ? `<span>${reference(sign)}</span>` : escaped(sign),
  )
}

/** Writes a name on one line as code. */
export function code(text: string): string {
  return `<code>${inline(text)}</code>`
}

/** Characters of a word after which it may be broken behind a sign that parts it (`PARTING`). */
const BREAK_AT_SIGN = 12
/** Characters of a word after which it may be broken anywhere. */
const BREAK_AT_LATEST = 16
const PARTING = /^(?:[-./,=+]|&#(?:45|43|61|46|58|64|92|95);)$/

/**
 * Adds places where a long word may be broken to markup of `inline` or `code`, for a cell of a table: a table grows with its longest word,
 * and a phone is 390 pixels wide.
 */
export function breakable(markup: string): string {
  let length = 0
  const broken = markup.replace(/<[^>]*>|&#\d+;|[\s\S]/gu, (token) => {
    if (token.length > 1 && token.startsWith('<')) return token
    length = token === ' ' ? 0 : length + 1
    if (length < BREAK_AT_SIGN || (length < BREAK_AT_LATEST && !PARTING.test(token))) return token
    length = 0
    return `${token}<wbr>`
  })
  return broken.replace(/<wbr>(?= |$)/g, '')
}

/**
 * Writes lines as preformatted text in a block, which begins and ends on lines of its own. Nothing in them is markup, and what is not
 * harmless to show is taken out.
 */
export function block(lines: readonly string[]): string {
  return `<pre>\n${lines
    .map((line) =>
      harmless(line)
        .replace(/[\n\t]/g, ' ')
        .replace(/[&<>]/g, reference),
    )
    .join('\n')}\n</pre>`
}

/** Makes a link; `null` if there is no address, or if it is not that of a web page. It does not ask whose page that is. */
export function link(label: string, url: string | null): string | null {
  if (url === null || !/^https?:\/\/[^\s"<>]+$/.test(url)) return null
  return `<a href="${url.replace(/[&']/g, reference)}">${inline(label)}</a>`
}

/**
 * Writes text as `inline` does, with links for the addresses of runs on our own forge (`server`; `null` if there is none). No other address
 * becomes a link.
 */
export function inlineWithRuns(text: string, server: string | null): string {
  const written = inline(text)
  if (server === null || !/^https?:\/\/[\w.:/-]+$/.test(server)) return written
  const name = '(?:[A-Za-z0-9.-]|&#95;)+'
  const address = new RegExp(`${inline(server).replace(/[.]/g, '\\.')}/${name}/${name}/actions/runs/\\d+`, 'g')
  return written.replace(address, (found) => {
    const url = found.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    return `<a href="${url}">${found}</a>`
  })
}

function escaped(signs: string): string {
  return Array.from(signs, reference).join('')
}

const REFERENCES: readonly string[] = Array.from({ length: 128 }, (_, code) => `&#${code};`)

function reference(sign: string): string {
  return REFERENCES[sign.charCodeAt(0)] as string
}
