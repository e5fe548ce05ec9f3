/**
 * Checks the end of a dump in SQL or XML: the last line that the tool writes. Chooses the check of any dump by its first bytes, and looks
 * inside gzip.
 */
import { once } from 'node:events'
import { createGunzip } from 'node:zlib'
import type { DumpCheck } from '../engineContract.ts'
import { guardedCounter, type RowCounter } from '../rows/tally.ts'

/** Number of last bytes of a text that are kept to look for its end mark. At most a few short lines follow the mark. */
const KEPT_BYTES = 4096
/** Number of first bytes by which a form of dump is recognised. */
const HEAD_BYTES = 512
const NOTHING = Buffer.alloc(0)

/** The end mark of a text. */
interface TextEnd {
  /** Tells from the last lines (latin1) whether the dump ended as the tool ends it. */
  readonly ends: (tail: string) => boolean
  /** Words for the message if the end mark is missing. */
  readonly missing: string
}

/** A form of dump that is recognised by its first bytes. */
export interface DumpForm {
  readonly begins: (head: Buffer) => boolean
  readonly check: () => DumpCheck
}

/** Makes a check that chooses by the first bytes: the check of one of `forms`, else that of `plain`. Inside gzip only `plain` is tried. */
export function checkByForm(plain: () => DumpCheck, forms: readonly DumpForm[] = []): DumpCheck {
  let head: Buffer = NOTHING
  let inner: DumpCheck | null = null
  const choose = () => {
    const form = forms.find((one) => one.begins(head))
    if (form) return form.check()
    return head[0] === 0x1f && head[1] === 0x8b ? withinGzip(plain()) : plain()
  }
  return {
    async pass(chunk) {
      if (inner) return inner.pass(chunk)
      head = Buffer.concat([head, chunk])
      if (head.length < HEAD_BYTES) return NOTHING
      inner = choose()
      return inner.pass(head)
    },
    async end() {
      if (inner) return inner.end()
      inner = choose()
      const passed = await inner.pass(head)
      const ended = await inner.end()
      return { ...ended, rest: Buffer.concat([passed, ended.rest]) }
    },
  }
}

/** Makes a check for a text that must end with an end mark, and counts its rows with `counter`, if there is one. */
export function textWithEnd(end: TextEnd, counter?: RowCounter): DumpCheck {
  const rows = counter && guardedCounter(counter)
  let tail: Buffer = NOTHING
  return {
    pass(chunk) {
      rows?.count(chunk)
      tail =
        chunk.length >= KEPT_BYTES
          ? Buffer.from(chunk.subarray(chunk.length - KEPT_BYTES))
          : Buffer.concat([tail.subarray(Math.max(0, tail.length + chunk.length - KEPT_BYTES)), chunk])
      return chunk
    },
    async end() {
      const missing = end.ends(tail.toString('latin1')) ? null : end.missing
      return { rest: NOTHING, missing, ...(rows && { counted: rows.end() }) }
    },
  }
}

/** Makes a check for the content of a gzip stream; the file keeps the compressed bytes. A stream that is cut or damaged is not complete. */
function withinGzip(inner: DumpCheck): DumpCheck {
  const gunzip = createGunzip()
  gunzip.on('error', () => {}) // heard by the reading below
  let damage: Error | null = null
  const reading = (async () => {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) await inner.pass(chunk)
  })().catch((error: Error) => {
    damage ??= error
  })
  return {
    async pass(chunk) {
      // a damaged stream never drains: its end is waited for, too; "drain" itself rejects on the error that ends it
      if (damage === null && !gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain').catch(() => {}), reading])
      return chunk
    },
    async end() {
      gunzip.end()
      await reading
      if (damage !== null) return { rest: NOTHING, missing: `its gzip stream is cut or damaged (${damage.message})` }
      return { ...(await inner.end()), rest: NOTHING }
    },
  }
}
