/**
 * Changes a dump in SQL on its way into PostgreSQL, in the lines before the first object. Behind them every byte is passed on as it is: what
 * looks like a statement there may be somebody's data. Pure.
 */
import type { LoadFilter, LoadPurpose } from '../loadContract.ts'

const NOTHING = Buffer.alloc(0)
const NEWLINE = 10
/** Length of a line that is no statement of the dump's head any more. */
const LONGEST_LINE = 1 << 20

/**
 * Makes a filter that gives each line of the head to `change`, in latin1, with its newline. `change` returns the text to write in its place,
 * or `null` if the head has ended: then this line and everything behind it is passed on. `end` makes the last text.
 */
function headFilter(change: (line: string) => string | null, end: () => string): LoadFilter {
  let isHead = true
  let rest: Buffer = NOTHING
  return {
    pass(chunk) {
      if (!isHead) return chunk
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let written = ''
      while (isHead) {
        const at = rest.indexOf(NEWLINE)
        if (at < 0) {
          if (rest.length <= LONGEST_LINE) return Buffer.from(written, 'latin1')
          break
        }
        const changed = change(rest.toString('latin1', 0, at + 1))
        if (changed === null) break
        written += changed
        rest = rest.subarray(at + 1)
      }
      isHead = false
      const all = Buffer.concat([Buffer.from(written, 'latin1'), rest])
      rest = NOTHING
      return all
    },
    end: () => Buffer.concat([rest, Buffer.from(end(), 'latin1')]),
  }
}

/** A name as SQL writes it. */
const NAME = '(?:"(?:[^"]|"")*"|[^\\s";]+)'
const CREATE_ROLE = new RegExp(`^CREATE (?:ROLE|USER) (${NAME});$`)
const ALTER_ROLE = new RegExp(`^ALTER (?:ROLE|USER) (${NAME}) WITH `)
const CREATE_TABLESPACE = new RegExp(`^CREATE TABLESPACE (${NAME}) `)

function nameIn(written: string | undefined): string {
  if (written === undefined) return ''
  return written.startsWith('"') ? written.slice(1, -1).replaceAll('""', '"') : written
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** Makes a tablespace lie among the server's own data: a scratch server has none of the source's folders. */
function inPlace(text: string): string {
  const allow = "PERFORM set_config('allow_in_place_tablespaces', 'on', false)"
  const location = text.replace(/ LOCATION (?:[eE]?'(?:[^']|'')*')/, " LOCATION ''")
  return `DO $marina$ BEGIN ${allow}; EXCEPTION WHEN undefined_object THEN NULL; END $marina$;\n${location}\n`
}

interface ClusterFacts {
  /** The account that loads. */
  readonly me: string
  /** Roles that are there before the load. */
  readonly roles: readonly string[]
  readonly tablespaces: readonly string[]
  /** The database that the load begins in, which is dropped at its end. */
  readonly base: string
  readonly purpose: LoadPurpose
}

/**
 * Makes the filter for a dump of `pg_dumpall`. A role that is there already is no error. What the dump says of the account that loads comes
 * last, so that it is not locked out half way; on a scratch server it is left out, so that it is never locked out. Drops of `--clean` are
 * left out, since everything is dropped before (but for those of `template1` and `postgres`, which were made anew). A tablespace that is
 * there already is left out; on a scratch server the others lie among its own data. At the end, roles that the dump does not hold are
 * dropped, where that is possible.
 */
export function clusterFilter(facts: ClusterFacts): LoadFilter {
  const latin1 = (text: string) => Buffer.from(text).toString('latin1')
  const me = latin1(facts.me)
  const there = facts.tablespaces.map(latin1)
  const held: string[] = []
  const created = new Set<string>()
  let encoding = ''
  const change = (line: string): string | null => {
    const text = line.trimEnd()
    if (text.startsWith('\\connect ')) return null
    if (/^SET client_encoding = /.test(text)) encoding = line
    // template1 and postgres are there, and are dropped and made in one go
    if (/^DROP (DATABASE|ROLE|TABLESPACE) /.test(text)) return / (template1|postgres);$/.test(text) ? line : ''
    const role = CREATE_ROLE.exec(text)
    if (role) {
      created.add(nameIn(role[1]))
      return `DO $marina$ BEGIN ${text} EXCEPTION WHEN duplicate_object THEN NULL; END $marina$;\n`
    }
    if (nameIn(ALTER_ROLE.exec(text)?.[1]) === me) {
      if (facts.purpose === 'replace') held.push(line)
      return ''
    }
    const tablespace = CREATE_TABLESPACE.exec(text)
    if (tablespace === null) return line
    if (there.includes(nameIn(tablespace[1]))) return ''
    return facts.purpose === 'replace' ? line : inPlace(text)
  }
  const end = () => {
    const gone = created.size === 0 ? [] : facts.roles.map(latin1).filter((name) => name !== me && !created.has(name))
    const drops = gone.map(
      (name) => `DO $marina$ BEGIN DROP ROLE ${quoted(name)}; EXCEPTION WHEN OTHERS THEN NULL; END $marina$;\n`,
    )
    return [
      '\nRESET SESSION AUTHORIZATION;\nSET default_transaction_read_only = off;\nSET standard_conforming_strings = on;\n',
      "SET client_encoding = 'UTF8';\n",
      ...drops,
      `DROP DATABASE ${facts.base};\n`,
      encoding,
      ...held,
    ].join('')
  }
  return headFilter(change, end)
}

/**
 * Makes the filter for a dump of `pg_dump`: in SQL, drops of `--clean` without `IF EXISTS` are left out: they would fail, since the
 * database is empty.
 */
export function databaseFilter(isText: boolean): LoadFilter {
  if (!isText) return { pass: (chunk) => chunk, end: () => NOTHING }
  return headFilter(
    (line) => {
      if (line.startsWith('-- Name: ')) return null
      const isDrop = /^(DROP |ALTER [^;]* DROP |SELECT pg_catalog\.lo_unlink\()/.test(line) && !/ IF EXISTS /.test(line)
      return isDrop ? '' : line
    },
    () => '',
  )
}
