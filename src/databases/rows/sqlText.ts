/**
 * Reads the SQL of a dump while it streams by, in chunks of any size, and gives a reader its words and signs. Strings, comments and function
 * bodies in quotes are passed over, so that text in them is never taken for a statement. The rows of an INSERT and of a COPY are counted
 * here, because they are most of a dump. Pure.
 */
import { countLines, searchAcross } from './search.ts'

/** Differences between the SQL of the engines. */
export interface SqlDialect {
  /** The dialect of PostgreSQL: `$tag$ … $tag$`, `E'…'`, comments within comments, and lines of psql that begin with a backslash. */
  readonly isPostgres: boolean
}

/** The form of the text from here on: lines of a COPY, rows behind VALUES, or the rest of the line. `null`: code as before. */
export type ReadAs = 'lines' | 'rows' | 'rest' | null

/** Takes the words and signs of the text. */
export interface SqlReader {
  /** Takes a word, a number or a quoted name (without its quotes). `isQuoted` tells a name from a keyword. */
  word(text: string, isQuoted: boolean): ReadAs
  /** Tells whether the words of this statement still matter; else they may be left out, up to its end. */
  isWanting(): boolean
  /** Takes one of `( ) ; , .`. `isAgain`: the same sign stands directly before it. */
  sign(sign: string, isAgain: boolean): ReadAs
  /** Takes the beginning of a string. */
  string(text: string): void
  /** Takes the rest of a line: behind the word for which `rest` was returned, or behind a backslash at the beginning of a statement. */
  line(text: string): void
  /** Takes the number of lines of a COPY, or of rows behind VALUES, when they are at their end. */
  counted(rows: number): void
}

const Mode = {
  Code: 0,
  Word: 1,
  Quoted: 2,
  QuotedEnd: 3,
  Text: 4,
  TextEnd: 5,
  DashDash: 6,
  LineComment: 7,
  CommentHead: 8,
  CommentHeadM: 9,
  Version: 10,
  Comment: 11,
  Tag: 12,
  Body: 13,
  Rest: 14,
  LinesBegin: 15,
  Lines: 16,
  Rows: 17,
  RowText: 18,
} as const
type Mode = (typeof Mode)[keyof typeof Mode]

const QUOTE = 0x27
const DOUBLE_QUOTE = 0x22
const BACKTICK = 0x60
const BACKSLASH = 0x5c
const DASH = 0x2d
const SLASH = 0x2f
const STAR = 0x2a
const HASH = 0x23
const DOLLAR = 0x24
const OPEN = 0x28
const CLOSE = 0x29
const COMMA = 0x2c
const DOT = 0x2e
const SEMICOLON = 0x3b
const LINE_END = 0x0a
const BANG = 0x21
const LETTER_M = 0x4d
/** Largest number of bytes that are kept of one word, string or line. */
const KEPT_BYTES = 1024
/** Number of bytes of a string that are looked at one by one. */
const NEAR_BYTES = 48
/** The first version number of a conditional comment that no server executes. */
const NO_VERSION = 999_999

/** Tells for each byte whether it can be part of a word. */
const IS_WORD = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 || /[A-Za-z0-9_$@]/.test(String.fromCharCode(byte)) ? 1 : 0,
)

const isLetterE = (byte: number | undefined) => byte === 0x65 || byte === 0x45

/** Reads text in SQL. */
export function sqlText({ isPostgres }: SqlDialect, reader: SqlReader) {
  let mode: Mode = Mode.Code
  /** The last byte of code; 0 behind anything else. */
  let previous = 0
  /** Pieces of the word, string or line that is being read, and their length. */
  let pieces: Buffer[] = []
  let kept = 0
  let quote = 0
  /** True if a backslash escapes the next byte of the string that is being read. */
  let isEscaping = false
  /** True if the next byte of the string is escaped: the chunk ended behind a backslash. */
  let isEscaped = false
  /** True within a conditional comment, whose content is code. */
  let isConditional = false
  let depth = 0
  let version = 0
  let isStatementStart = true
  let search = searchAcross(Buffer.from('\n\\.\n'))
  let rows = 0
  /** Index of the next backslash of this chunk, at least of those behind what was read; -1 before it is looked for. */
  let nextBackslash = -1
  /** Index where the statement began in this chunk; -1: in an earlier one. */
  let begunAt = -1
  /** The text of the statement before this one up to its rows, if it had any and nothing stood between the two. */
  let sameHead: Buffer | null = null
  /** Settings of the session that the dump itself changes. */
  const session = { backslashes: !isPostgres, ansiQuotes: isPostgres }

  const keep = (chunk: Buffer, from: number, to: number) => {
    if (kept >= KEPT_BYTES || to <= from) return
    const piece = Buffer.from(chunk.subarray(from, Math.min(to, from + KEPT_BYTES - kept)))
    pieces.push(piece)
    kept += piece.length
  }
  const drop = () => {
    if (kept === 0) return
    pieces = []
    kept = 0
  }
  const take = (): string => {
    const text = (pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)).toString('utf8')
    drop()
    return text
  }
  const readAs = (what: ReadAs) => {
    if (what === 'rows') {
      mode = Mode.Rows
      depth = 0
      rows = 0
      previous = 0
    } else if (what === 'lines') {
      mode = Mode.LinesBegin
      rows = 0
    } else if (what === 'rest') mode = Mode.Rest
  }
  const openText = (byte: number) => {
    quote = byte
    isEscaped = false
    mode = Mode.Text
  }

  /** Tells whether a statement begins as the one before it did, up to its rows: a dump with a row for each INSERT has little else. */
  const isSameHead = (chunk: Buffer, from: number): boolean => {
    if (sameHead === null || isConditional) return false
    const end = from + sameHead.length
    return end < chunk.length && IS_WORD[chunk[end] as number] !== 1 && sameHead.compare(chunk, from, end) === 0
  }
  /** Passes over the head of such a statement. The reader has its table from the statement before. */
  const readSameHead = (from: number): number => {
    isStatementStart = false
    readAs('rows')
    return from + (sameHead as Buffer).length
  }

  /** Reads code from `from` on. Returns the index behind what was read. */
  const code = (chunk: Buffer, from: number): number => {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i] as number
      if (IS_WORD[byte] === 1 && !(isPostgres && byte === DOLLAR)) {
        if (isStatementStart) {
          if (isSameHead(chunk, i)) return readSameHead(i)
          begunAt = i
          sameHead = null
        }
        mode = Mode.Word
        return i
      }
      const before = previous
      previous = byte
      switch (byte) {
        case QUOTE:
          isEscaping = session.backslashes
          openText(byte)
          return i + 1
        case DOUBLE_QUOTE:
        case BACKTICK:
          if (byte === BACKTICK ? isPostgres : !session.ansiQuotes) {
            if (byte === BACKTICK) break
            isEscaping = session.backslashes
            openText(byte)
          } else {
            quote = byte
            mode = Mode.Quoted
          }
          return i + 1
        case DASH:
          if (before !== DASH) break
          mode = isPostgres ? Mode.LineComment : Mode.DashDash
          return i + 1
        case STAR:
          if (before !== SLASH) break
          depth = 1
          mode = isPostgres ? Mode.Comment : Mode.CommentHead
          previous = 0
          return i + 1
        case SLASH:
          if (before === STAR && isConditional) isConditional = false
          break
        case HASH:
          if (isPostgres) break
          mode = Mode.LineComment
          return i + 1
        case DOLLAR:
          mode = Mode.Tag
          keep(chunk, i, i + 1)
          return i + 1
        case BACKSLASH:
          if (!isPostgres || !isStatementStart) break
          sameHead = null
          mode = Mode.Rest
          return i + 1
        case OPEN:
        case CLOSE:
        case COMMA:
        case DOT:
        case SEMICOLON:
          isStatementStart = byte === SEMICOLON
          readAs(reader.sign(String.fromCharCode(byte), before === byte))
          if (mode !== Mode.Code) return i + 1
      }
    }
    return chunk.length
  }

  /** Reads on in a word. A word directly before a quote may say what kind of string begins. */
  const word = (chunk: Buffer, from: number): number => {
    let end = from
    while (end < chunk.length && IS_WORD[chunk[end] as number] === 1) end++
    if (end === chunk.length) {
      keep(chunk, from, end)
      return end
    }
    const isNew = kept === 0
    if (
      isPostgres &&
      chunk[end] === QUOTE &&
      isLetterE(isNew ? chunk[from] : pieces[0]?.[0]) &&
      kept + end - from === 1
    ) {
      drop()
      isEscaping = true
      openText(QUOTE)
      return end + 1
    }
    previous = 0
    mode = Mode.Code
    isStatementStart = false
    if (!reader.isWanting()) drop()
    else if (isNew) readAs(reader.word(chunk.toString('utf8', from, Math.min(end, from + KEPT_BYTES)), false))
    else {
      keep(chunk, from, end)
      readAs(reader.word(take(), false))
    }
    if ((mode as Mode) === Mode.Rows && begunAt >= 0 && !isConditional)
      sameHead = Buffer.from(chunk.subarray(begunAt, end))
    return end
  }

  /** Reads on in a string; a quoted name has no escapes. */
  const text = (chunk: Buffer, from: number, ended: Mode): number => {
    const end = endOfText(chunk, from)
    keep(chunk, from, end < 0 ? chunk.length : end)
    if (end < 0) return chunk.length
    mode = ended
    return end + 1
  }

  /** Returns the index of the quote that ends a string, or -1 if it goes on in the next chunk. */
  const endOfText = (chunk: Buffer, from: number): number => {
    const { length } = chunk
    let i = from
    if (isEscaped) {
      isEscaped = false
      i++
    }
    // most strings are short, and most escapes near to each other: a native search costs more than a look at a few bytes
    let near = i + NEAR_BYTES
    const escaping = isEscaping ? BACKSLASH : -1
    while (i < length) {
      if (i >= near) {
        const end = chunk.indexOf(quote, i)
        if (!isEscaping) return end
        if (nextBackslash < i) nextBackslash = chunk.indexOf(BACKSLASH, i)
        if (nextBackslash < 0) nextBackslash = length
        if (nextBackslash >= (end < 0 ? length : end)) return end
        i = nextBackslash + 2
        near = i + NEAR_BYTES
        continue
      }
      const byte = chunk[i] as number
      if (byte === quote) return i
      if (byte === escaping) {
        i += 2
        near = i + NEAR_BYTES
      } else i++
    }
    isEscaped = i > length
    return -1
  }

  /** Reads on behind a quote that ends a string or a name, unless the same quote stands for itself there. */
  const afterQuote = (chunk: Buffer, from: number): number => {
    if (chunk[from] === quote) {
      keep(chunk, from, from + 1)
      mode = mode === Mode.QuotedEnd ? Mode.Quoted : Mode.Text
      return from + 1
    }
    previous = 0
    const isName = mode === Mode.QuotedEnd
    mode = Mode.Code
    isStatementStart = false
    if (isName) readAs(reader.word(take(), true))
    else reader.string(take())
    return from
  }

  const comment = (chunk: Buffer, from: number): number => {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i] as number
      if (byte === SLASH && previous === STAR) {
        previous = 0
        if (--depth > 0) continue
        mode = Mode.Code
        return i + 1
      }
      if (byte === STAR && previous === SLASH && isPostgres) {
        depth++
        previous = 0
      } else previous = byte
    }
    return chunk.length
  }

  /** Reads on in the number behind the head of a conditional comment, which tells the server's version that executes it. */
  const conditionalVersion = (chunk: Buffer, from: number): number => {
    let i = from
    for (; i < chunk.length; i++) {
      const digit = (chunk[i] as number) - 0x30
      if (digit < 0 || digit > 9) break
      version = Math.min(NO_VERSION, version * 10 + digit)
    }
    if (i === chunk.length) return i
    isConditional = version < NO_VERSION
    mode = isConditional ? Mode.Code : Mode.Comment
    return i
  }

  const tag = (chunk: Buffer, from: number): number => {
    let end = from
    while (end < chunk.length && chunk[end] !== DOLLAR && IS_WORD[chunk[end] as number] === 1) end++
    keep(chunk, from, end)
    if (end === chunk.length) return end
    const isTag = chunk[end] === DOLLAR && !/^\$\d/.test(pieces.map((piece) => piece.toString('latin1')).join(''))
    if (isTag) keep(chunk, end, end + 1)
    const found = Buffer.from(take())
    mode = isTag ? Mode.Body : Mode.Code
    previous = 0
    if (isTag) search = searchAcross(found)
    return isTag ? end + 1 : end
  }

  const body = (chunk: Buffer, from: number): number => {
    const end = search.find(chunk, from)
    if (end < 0) return chunk.length
    mode = Mode.Code
    isStatementStart = false
    return end
  }

  const untilLineEnd = (chunk: Buffer, from: number, ended: Mode): number => {
    const end = chunk.indexOf(LINE_END, from)
    if (mode === Mode.Rest) keep(chunk, from, end < 0 ? chunk.length : end)
    if (end < 0) return chunk.length
    const isRest = mode === Mode.Rest
    mode = ended
    previous = 0
    if (isRest) {
      isStatementStart = true
      reader.line(take())
    }
    return end + 1
  }

  const lines = (chunk: Buffer, from: number): number => {
    const end = search.find(chunk, from)
    rows += countLines(chunk, from, end < 0 ? chunk.length : end)
    if (end < 0) return chunk.length
    mode = Mode.Code
    isStatementStart = true
    // the last line is the end mark
    reader.counted(rows - 1)
    return end
  }

  /** Counts the rows behind VALUES, up to the end of the statement. */
  const insertedRows = (chunk: Buffer, from: number): number => {
    const { length } = chunk
    let level = depth
    let found = rows
    let before = previous
    let i = from
    for (; i < length; i++) {
      const byte = chunk[i] as number
      if (byte === QUOTE) {
        // behind its end, a quote begins the string anew that goes on with a quote
        if (before !== QUOTE) isEscaping = session.backslashes || (isPostgres && (before | 0x20) === 0x65)
        quote = QUOTE
        isEscaped = false
        const end = endOfText(chunk, i + 1)
        if (end < 0) {
          mode = Mode.RowText
          i = length
          break
        }
        i = end
      } else if (byte === OPEN) {
        if (level++ === 0) found++
      } else if (byte === CLOSE) level--
      else if (byte === SEMICOLON && level === 0) break
      before = byte
    }
    depth = level
    rows = found
    previous = before
    if (i >= length) return length
    mode = Mode.Code
    previous = 0
    depth = 0
    reader.counted(found)
    return i
  }

  const rowText = (chunk: Buffer, from: number): number => {
    const end = endOfText(chunk, from)
    if (end < 0) return chunk.length
    previous = QUOTE
    mode = Mode.Rows
    return end + 1
  }

  /** Reads on from `from` in the mode that goes on. Returns the index behind what was read. */
  const step = (chunk: Buffer, from: number): number => {
    const byte = chunk[from] as number
    switch (mode) {
      case Mode.Code:
        return code(chunk, from)
      case Mode.Word:
        return word(chunk, from)
      case Mode.Quoted:
        isEscaping = false
        isEscaped = false
        return text(chunk, from, Mode.QuotedEnd)
      case Mode.Text:
        return text(chunk, from, Mode.TextEnd)
      case Mode.QuotedEnd:
      case Mode.TextEnd:
        return afterQuote(chunk, from)
      case Mode.DashDash:
        mode = byte <= 0x20 ? Mode.LineComment : Mode.Code
        return from
      case Mode.LineComment:
        return untilLineEnd(chunk, from, Mode.Code)
      case Mode.CommentHead:
      case Mode.CommentHeadM:
        version = 0
        if (byte === LETTER_M && mode === Mode.CommentHead) mode = Mode.CommentHeadM
        else if (byte === BANG) mode = Mode.Version
        else {
          mode = Mode.Comment
          return from
        }
        return from + 1
      case Mode.Version:
        return conditionalVersion(chunk, from)
      case Mode.Comment:
        return comment(chunk, from)
      case Mode.Tag:
        return tag(chunk, from)
      case Mode.Body:
        return body(chunk, from)
      case Mode.Rest:
        return untilLineEnd(chunk, from, Mode.Code)
      case Mode.LinesBegin:
        // the rest of the line of the COPY
        search = searchAcross(Buffer.from('\n\\.\n'), Buffer.from('\n'))
        return untilLineEnd(chunk, from, Mode.Lines)
      case Mode.Lines:
        return lines(chunk, from)
      case Mode.Rows:
        return insertedRows(chunk, from)
      case Mode.RowText:
        return rowText(chunk, from)
    }
  }

  return {
    pass(chunk: Buffer) {
      nextBackslash = -1
      begunAt = -1
      for (let i = 0; i < chunk.length; ) i = step(chunk, i)
    },
    /** Tells whether the text that is being read stands in a conditional comment. */
    isConditional: () => isConditional,
    session,
  }
}
