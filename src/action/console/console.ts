/** Writes the job's log: annotations, lines, and one group for each instance. No text in a group, and no line, can act as a workflow command. */
import type { Redactor } from '../../secrets/redaction.ts'
import { createPrinter } from './printer.ts'
import { createSections, type Section } from './sections.ts'
import { createStdoutWriter } from './stdout.ts'

export type { Section } from './sections.ts'

/** Number of annotations of each kind that GitHub shows for one step. Further ones are printed as lines. */
const ANNOTATIONS_SHOWN = 10
/** Number of characters that GitHub shows of one annotation. A longer one is cut, and printed whole as a line. */
const ANNOTATION_CHARACTERS = 4096

const KINDS = ['error', 'warning', 'notice'] as const
type Kind = (typeof KINDS)[number]

/** The place that an annotation points at: a file of the repository and a line in it (1-based). GitHub shows the title above the message. */
export interface AnnotationPlace {
  readonly file?: string
  readonly line?: number
  readonly title?: string
}

export interface Console {
  notice(message: string, at?: AnnotationPlace): Promise<void>
  warning(message: string, at?: AnnotationPlace): Promise<void>
  error(message: string, at?: AnnotationPlace): Promise<void>
  /** Prints a line that belongs to no section, redacted and at once: if a section is live, among its lines. It can never act as a command. */
  info(line: string): Promise<void>
  /** Opens a group. One is live at a time; lines of the others wait, most of them in files, and are printed after it. */
  section(title: string): Section
  /**
   * Registers values with the runner (give it none of several lines), and replaces them and all earlier ones by `***` in every text that
   * this console is given from now on. Lines that already wait in a section are printed as they are, and the file of an annotation is never
   * redacted. With a `redactor`, that one alone decides what is replaced, until the next call: it must know all these values.
   */
  mask(values: readonly string[], redactor?: Redactor): void
  /** Returns the text as this console would redact it, for a text that is written elsewhere. */
  redact(text: string): string
  /** Ends all sections and resolves when those that wait are printed. What is printed afterwards stands below them. */
  settle(): Promise<void>
  /**
   * Ends all sections, says how many annotations GitHub does not show, and resolves when everything is printed. The process must not exit
   * before that.
   */
  end(): Promise<void>
}

/** Makes the console, which writes to `stdout` (default: this process's). `temp` is the folder for lines of sections that wait. */
export function createConsole(options: { readonly stdout?: NodeJS.WritableStream; readonly temp: string }): Console {
  const output = createStdoutWriter(options.stdout ?? process.stdout)
  const printer = createPrinter(output)
  const sections = createSections(printer, options.temp)
  const given: Record<Kind, number> = { error: 0, warning: 0, notice: 0 }

  async function annotate(kind: Kind, message: string, at: AnnotationPlace = {}): Promise<void> {
    given[kind]++
    if (given[kind] > ANNOTATIONS_SHOWN) return printer.plain(`${kind}: ${withPlace(message, at)}`)
    const text = printer.redact(message)
    const place = { title: printer.redact(at.title ?? ''), file: at.file ?? '', line: at.line?.toString() ?? '' }
    await printer.command(kind, place, shorten(text))
    if (text.length > ANNOTATION_CHARACTERS) await printer.plain(`The whole ${kind}: ${text}`)
  }

  async function end(): Promise<void> {
    await sections.end()
    for (const kind of KINDS) {
      const more = given[kind] - ANNOTATIONS_SHOWN
      const nouns = more === 1 ? kind : `${kind}s`
      if (more > 0) await printer.plain(`${more} more ${nouns}, beyond the ${ANNOTATIONS_SHOWN} shown: see above.`)
    }
    await output.flush()
  }

  return {
    error: (message, at) => annotate('error', message, at),
    warning: (message, at) => annotate('warning', message, at),
    notice: (message, at) => annotate('notice', message, at),
    info: (line) => printer.plain(line),
    section: (title) => sections.open(title),
    mask: (values, redactor) => printer.mask(values, redactor),
    redact: (text) => printer.redact(text),
    settle: () => sections.end(),
    end,
  }
}

/** Puts `file:line:` before a message that is printed as a line, unless the message has it already or the place is not known. */
function withPlace(message: string, { file, line }: AnnotationPlace): string {
  if (file === undefined || line === undefined || message.startsWith(`${file}:${line}:`)) return message
  return `${file}:${line}: ${message}`
}

function shorten(text: string): string {
  return text.length <= ANNOTATION_CHARACTERS ? text : `${text.slice(0, ANNOTATION_CHARACTERS - 1)}…`
}
