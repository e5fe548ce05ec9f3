/**
 * Counts the rows in an archive of `pg_dump`. The archive holds the pieces of a script in SQL, and the data of each table apart: they are put
 * together as `pg_restore` does, as far as rows depend on them, and counted as such a script is.
 */
import { createInflate, type Inflate } from 'node:zlib'
import { postgresRows } from './postgresRows.ts'
import { type CountedRows, guardedCounter, uncounted } from './tally.ts'

/** The kinds of entries whose statements decide which tables there are. */
const STATEMENTS = new Set(['ENCODING', 'STDSTRINGS', 'EXTENSION', 'TABLE', 'FOREIGN TABLE', 'TABLE ATTACH'])

/** An entry of the archive's table of contents. */
export interface ArchiveEntry {
  readonly id: number
  /** Its kind, such as `TABLE DATA`. */
  readonly kind: string
  readonly statement: string
  /** The COPY before its data; empty if the data is INSERTs, or if it has none. */
  readonly copy: string
  /** Name of the file that holds its data in a tar archive; empty in a custom one. */
  readonly file: string
}

/** A piece of the script; `end` closes the compressed data of a table. */
type Piece = { readonly kind: 'sql' | 'deflated'; readonly bytes: Buffer } | { readonly kind: 'end' }

interface OpenInflate {
  readonly stream: Inflate
  /** Resolves when nothing more comes out: with the error that ended the stream, else with `null`. */
  readonly over: Promise<Error | null>
}

/** Opens a stream that decompresses. It ends by itself behind the compressed data, even before it is told to. */
function openInflate(onData: (chunk: Buffer) => void): OpenInflate {
  const stream = createInflate()
  stream.on('data', onData)
  const over = new Promise<Error | null>((resolve) => {
    stream.once('end', () => resolve(null))
    stream.once('close', () => resolve(null))
    stream.on('error', resolve)
  })
  return { stream, over }
}

/** Makes a counter that collects what it is given. Call `drain` to decompress and count it. */
export function archiveRows() {
  const counter = guardedCounter(postgresRows(false))
  let pieces: Piece[] = []
  let doubt: string | null = null
  let inflate: OpenInflate | null = null
  const add = (piece: Piece) => {
    if (doubt === null) pieces.push(piece)
  }

  const write = async (bytes: Buffer) => {
    inflate ??= openInflate(counter.count)
    const { stream, over } = inflate
    // a stream that has come to its end answers no write
    const written = new Promise<null>((resolve) => stream.write(bytes, () => resolve(null)))
    const error = await Promise.race([written, over])
    if (error !== null) throw error
  }
  const close = async () => {
    const closed = inflate
    inflate = null
    closed?.stream.end()
    const error = (await closed?.over) ?? null
    if (error !== null) throw error
  }
  const count = async (piece: Piece) => {
    if (piece.kind === 'sql') counter.count(piece.bytes)
    else if (piece.kind === 'deflated') await write(piece.bytes)
    else await close()
  }

  return {
    entry({ kind, statement }: ArchiveEntry) {
      if (STATEMENTS.has(kind)) add({ kind: 'sql', bytes: Buffer.from(`${statement}\n`) })
    },
    /** Begins the data of a table. */
    table({ copy }: ArchiveEntry) {
      if (copy !== '') add({ kind: 'sql', bytes: Buffer.from(copy) })
    },
    data: (bytes: Buffer, isDeflated: boolean) => add({ kind: isDeflated ? 'deflated' : 'sql', bytes }),
    endTable: () => add({ kind: 'end' }),
    /** Gives the count up. The first reason counts. */
    giveUp(why: string) {
      doubt ??= why
      pieces = []
    },
    /** Counts what was told so far. */
    async drain() {
      const told = joined(pieces)
      pieces = []
      try {
        for (const piece of told) await count(piece)
      } catch (error) {
        doubt ??= `its data could not be decompressed (${error instanceof Error ? error.message : error})`
      }
    },
    end(): CountedRows {
      inflate?.stream.destroy()
      return doubt === null ? counter.end() : uncounted(doubt)
    },
  }
}

export type ArchiveRows = ReturnType<typeof archiveRows>

/** Joins neighbours of one kind: pg_dump writes small pieces, and each would be decompressed by a task of its own. */
function joined(pieces: readonly Piece[]): readonly Piece[] {
  const result: Piece[] = []
  let run: Buffer[] = []
  pieces.forEach((piece, i) => {
    if (piece.kind === 'end') {
      result.push(piece)
      return
    }
    run.push(piece.bytes)
    if (pieces[i + 1]?.kind === piece.kind) return
    result.push({ kind: piece.kind, bytes: run.length === 1 ? piece.bytes : Buffer.concat(run) })
    run = []
  })
  return result
}
