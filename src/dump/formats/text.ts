/** Whether a dump that streams by is whole, told by the last line that the tool writes; gzip, which the tools can write too, is looked into. */
import { once } from 'node:events'
import { createGunzip } from 'node:zlib'
import type { DumpCheck } from '../engines/contract.ts'

/** How much of a text's end is kept. The marker is followed by a few short lines at most. */
const TAIL = 4096
const NOTHING = Buffer.alloc(0)

/** What is looked for in a dump's text, with the words for it. */
export interface TextEnd {
  /** Judges the last lines of the text: whether the dump ended as the tool ends it. */
  readonly ends: (tail: string) => boolean
  /** The marker, for the message where it is missing. */
  readonly marker: string
  /** Other forms that the tool can write, told by how they begin. First match wins. */
  readonly forms?: readonly Form[]
}

export interface Form {
  readonly begins: (head: Buffer) => boolean
  readonly check: () => DumpCheck
}

const HEAD = 512

/** A text dump, plain or gzip, or one of `forms`. Every byte is passed on unchanged. */
export function textCheck(end: TextEnd): DumpCheck {
  return checkOf(() => plainText(end), end.forms)
}

/** The check of the form that the first bytes tell; `plain`, also looked for within gzip, where none does. */
export function checkOf(plain: () => DumpCheck, forms: readonly Form[] = []): DumpCheck {
  let head: Buffer = NOTHING
  let inner: DumpCheck | null = null
  const choose = () => {
    const form = forms.find((one) => one.begins(head))
    if (form) return form.check()
    return head[0] === 0x1f && head[1] === 0x8b ? gzipOf(plain()) : plain()
  }
  return {
    async pass(chunk) {
      if (inner) return inner.pass(chunk)
      head = Buffer.concat([head, chunk])
      if (head.length < HEAD) return NOTHING
      inner = choose()
      return inner.pass(head)
    },
    async end() {
      if (inner) return inner.end()
      inner = choose()
      const passed = await inner.pass(head)
      const { rest, missing } = await inner.end()
      return { rest: Buffer.concat([passed, rest]), missing }
    },
  }
}

function plainText(end: TextEnd): DumpCheck {
  const tail = keepTail(TAIL)
  return {
    pass(chunk) {
      tail.add(chunk)
      return chunk
    },
    async end() {
      const whole = end.ends(tail.bytes().toString('latin1'))
      return { rest: NOTHING, missing: whole ? null : `its last line is not "${end.marker}"` }
    },
  }
}

/** Looks into a gzip stream; the file keeps the compressed bytes. A stream that is cut or damaged is not whole. */
export function gzipOf(inner: DumpCheck): DumpCheck {
  const gunzip = createGunzip()
  let damage: Error | null = null
  gunzip.on('error', (error) => {
    damage = error
  })
  const reading = (async () => {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) await inner.pass(chunk)
  })().catch((error: Error) => {
    damage ??= error
  })
  return {
    async pass(chunk) {
      if (damage === null && !gunzip.write(chunk)) await Promise.race([once(gunzip, 'drain'), reading])
      return chunk
    },
    async end() {
      gunzip.end()
      await reading
      if (damage !== null) return { rest: NOTHING, missing: `its gzip stream is cut or damaged (${damage.message})` }
      return { rest: NOTHING, missing: (await inner.end()).missing }
    },
  }
}

/** The last bytes of a stream. */
export function keepTail(size: number) {
  let kept: Buffer = NOTHING
  return {
    add(chunk: Buffer) {
      kept =
        chunk.length >= size
          ? Buffer.from(chunk.subarray(chunk.length - size))
          : Buffer.concat([kept.subarray(Math.max(0, kept.length + chunk.length - size)), chunk])
    },
    bytes: () => kept,
  }
}
