/** Keeps secrets out of everything that is written: decides what to mask, and masks it in texts and streams. */
import { encodingsOf, isMaskable, mainEncodingsOf } from './encodings.ts'
import { type MaskingStream, maskBytes, maskingStream, maskText, patternTable } from './patternSearch.ts'

/** Replaces secrets by `***`. */
export interface Redactor {
  /** Masks a text. Returns the same string if it contains no secret. */
  text(text: string): string
  /** Masks bytes. Returns the same buffer if they contain no secret. */
  bytes(data: Buffer): Buffer
  /** Masks bytes that come in chunks. A secret across two chunks is found too; everything else stays unchanged, byte for byte. */
  stream(): MaskingStream
}

/** A redactor to which secrets can be added while it is in use. */
export interface GrowingRedactor extends Redactor {
  /** Masks these too from now on, also in streams that are open. */
  add(secrets: Iterable<string>): void
}

/** Makes a redactor for the secrets in all their encodings (see `encodingsOf`). Values that are too short are not masked. */
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

/** Makes a redactor for exactly these texts (of two bytes and more), without encodings. */
export function redactorOf(texts: Iterable<string>): Redactor {
  const table = patternTable(texts)
  return {
    text: (text) => maskText(table, text),
    bytes: (data) => maskBytes(table, data),
    stream: () => maskingStream(() => table),
  }
}

/**
 * Returns the texts to register with the runner, the main encodings included, and the number of values that are too short to be masked. A
 * text of several lines is never among them, because the runner would mask each of its lines, even a lone `}`; its meaningful lines are
 * registered separately.
 */
export function maskable(secrets: Iterable<string>): { values: string[]; tooShort: number } {
  const all = new Set([...secrets].filter((secret) => secret !== ''))
  const values = new Set([...all].flatMap(mainEncodingsOf).filter((form) => !/[\r\n]/.test(form)))
  return { values: [...values], tooShort: [...all].filter((secret) => !isMaskable(secret)).length }
}
