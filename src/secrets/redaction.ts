/** Keeps secrets out of everything that is written: what to mask, and the means to mask it in texts and streams. */
import { encodingsOf, isMaskable, mainEncodingsOf } from './encodings.ts'
import { type MaskingStream, maskBytes, maskingStream, maskText, patternTable } from './patternSearch.ts'

/** Replaces secrets by `***`. */
export interface Redactor {
  /** The text without the secrets; the very same string where it holds none. */
  text(text: string): string
  /** The same for bytes; the very same buffer where it holds none. */
  bytes(data: Buffer): Buffer
  /** For bytes that come in chunks: a secret across a border is found too; all else stays as it was, byte for byte. */
  stream(): MaskingStream
}

/** A redactor that learns of secrets while it is in use. */
export interface GrowingRedactor extends Redactor {
  /** Masks these too, from now on, in the streams that are open as well. */
  add(secrets: Iterable<string>): void
}

/** Masks the secrets in all their encodings (see `encodingsOf`). Values that are too short are let through. */
export function createRedactor(secrets: Iterable<string>): GrowingRedactor {
  const texts = new Set<string>()
  let table = patternTable(texts)
  const add = (more: Iterable<string>) => {
    for (const secret of more) for (const text of encodingsOf(secret)) texts.add(text)
    table = patternTable(texts)
  }
  add(secrets)
  return {
    text: (text) => maskText(table, text),
    bytes: (data) => maskBytes(table, data),
    stream: () => maskingStream(() => table),
    add,
  }
}

/** Masks exactly these texts (of two bytes and more) and no forms of them. */
export function redactorOf(texts: Iterable<string>): Redactor {
  const table = patternTable(texts)
  return {
    text: (text) => maskText(table, text),
    bytes: (data) => maskBytes(table, data),
    stream: () => maskingStream(() => table),
  }
}

/**
 * Returns the texts to register with the runner, the main forms included, and counts the values that are too short to be masked.
 * Never a text of several lines: the runner would mask each of its lines, a lone `}` as well; the lines that say
 * something are there on their own.
 */
export function maskable(secrets: Iterable<string>): { values: string[]; tooShort: number } {
  const all = new Set([...secrets].filter((secret) => secret !== ''))
  const values = new Set([...all].flatMap(mainEncodingsOf).filter((form) => !/[\r\n]/.test(form)))
  return { values: [...values], tooShort: [...all].filter((secret) => !isMaskable(secret)).length }
}
