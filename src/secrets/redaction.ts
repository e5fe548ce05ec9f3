/** Masks secrets in texts, bytes and streams, and chooses the texts that the runner is told to mask. */
import { encodingsOf, isMaskable, mainEncodingsOf } from './encodings.ts'
import { type MaskingStream, maskBytes, maskingStream, maskText, patternTable } from './patternSearch.ts'

/** Replaces secrets by `***`. */
export interface Redactor {
  /** Masks a text. Returns the same string if it contains no secret. */
  text(text: string): string
  /** Masks bytes. Returns the same buffer if they contain no secret. */
  bytes(data: Buffer): Buffer
  /** Masks bytes that come in chunks. A secret across two chunks is found too. Everything else stays unchanged, byte for byte. */
  stream(): MaskingStream
}

/** A redactor to which secrets can be added while it is in use. */
export interface GrowingRedactor extends Redactor {
  /** Masks these secrets too from now on, also in streams that are open. */
  add(secrets: Iterable<string>): void
}

/** Makes a redactor for the secrets in all their encodings (see `encodingsOf`). Values of fewer than four characters are not masked. */
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

/** Makes a redactor for exactly these texts, without encodings. Texts of fewer than two bytes are not masked. */
export function redactorOf(texts: Iterable<string>): Redactor {
  const table = patternTable(texts)
  return {
    text: (text) => maskText(table, text),
    bytes: (data) => maskBytes(table, data),
    stream: () => maskingStream(() => table),
  }
}

/**
 * Chooses what to register with the runner. `values`: the secrets and their main encodings. A text of several lines is never among them,
 * because the runner would mask each of its lines, even a lone `}`; its meaningful lines are registered separately. `tooShort`: how many
 * different secrets are too short to be masked, empty ones not counted.
 */
export function maskable(secrets: Iterable<string>): { values: string[]; tooShort: number } {
  const all = new Set([...secrets].filter((secret) => secret !== ''))
  const values = new Set([...all].flatMap(mainEncodingsOf).filter((form) => !/[\r\n]/.test(form)))
  return { values: [...values], tooShort: [...all].filter((secret) => !isMaskable(secret)).length }
}
