/** Counts the rows in the SQL of `pg_dump` and `pg_dumpall`: lines of COPY, and rows of INSERT. Pure. */
import { type ReadAs, type SqlReader, sqlText } from './sqlText.ts'
import { type RowCounter, tableName, tally } from './tally.ts'

/** Encodings of a client in which a backslash may be the second byte of a character. */
const UNSAFE_ENCODING = /^(sjis|shift_?jis|mskanji|big5|win950|gbk|win936|gb18030|uhc|win949|johab)/i
/** Largest number of words of a statement that are looked at. */
const MOST_WORDS = 64

/** A word of a statement that stands in no parentheses; names in quotes are no keywords. */
interface Word {
  readonly text: string
  readonly keyword: string
}

interface Database {
  /** The kind of each table, by its name: `table`, or `foreign` for one that lies on another server. */
  readonly made: Map<string, 'table' | 'foreign'>
  readonly partitioned: Set<string>
  /** The table of which a table is a partition. */
  readonly parents: Map<string, string>
}

/**
 * Makes a counter for a dump in SQL. Tables are named `schema.table`; `isServer`: the dump is of the whole server, and its tables are named
 * `database.schema.table`.
 */
export function postgresRows(isServer: boolean): RowCounter {
  const counts = tally()
  const known: Database = { made: new Map(), partitioned: new Set(), parents: new Map() }
  let database: string | null = null
  let words: Word[] = []
  let said = ''
  let depth = 0
  /** Number of BEGIN ATOMIC and CASE of a function's body that are not ended. */
  let blocks = 0
  let last = ''
  let hasExtension = false
  let target = ''

  const keyword = (index: number) => words[index]?.keyword ?? ''
  const tableAt = (index: number): string => {
    const parts: string[] = []
    for (let i = index; i < words.length; i += 2) {
      parts.push(words[i]?.text ?? '')
      if (keyword(i + 1) !== '.') break
    }
    return tableName(isServer && database !== null ? [database, ...parts] : parts)
  }
  const isRoutine = () =>
    keyword(0) === 'CREATE' && ['FUNCTION', 'PROCEDURE'].includes(keyword(keyword(1) === 'OR' ? 3 : 1))

  /** Tells whether what stands in parentheses now is behind the columns of a COPY. */
  const isCopyOption = () => keyword(0) === 'COPY' && words.some((word) => word.keyword === 'STDIN')

  const endStatement = (): ReadAs => {
    const read = statement()
    words = []
    said = ''
    depth = 0
    blocks = 0
    return read
  }
  const statement = (): ReadAs => {
    if (keyword(0) === 'COPY') return copy()
    if (keyword(0) === 'CREATE') create()
    else if (keyword(0) === 'ALTER' && keyword(1) === 'TABLE') attach()
    else if (keyword(0) === 'SET') set()
    return null
  }
  const copy = (): ReadAs => {
    const from = words.findIndex((word) => word.keyword === 'FROM')
    if (from < 0 || keyword(from + 1) !== 'STDIN') return null
    target = tableAt(1)
    if (words.slice(from + 2).some((word) => word.keyword === 'CSV' || word.keyword === 'BINARY'))
      counts.giveUp('a COPY has another format than text')
    return 'lines'
  }
  const create = () => {
    if (keyword(1) === 'EXTENSION') hasExtension = true
    const at = words.slice(0, 4).findIndex((word) => word.keyword === 'TABLE')
    if (at < 1 || at > 2) return
    const name = at + (keyword(at + 1) === 'IF' ? 4 : 1)
    const table = tableAt(name)
    known.made.set(table, keyword(1) === 'FOREIGN' ? 'foreign' : 'table')
    counts.add(table, 0)
    const partition = words.findIndex((word, i) => i > name && word.keyword === 'PARTITION')
    if (partition < 0) return
    if (keyword(partition + 1) === 'OF') known.parents.set(table, tableAt(partition + 2))
    if (words.some((word, i) => word.keyword === 'PARTITION' && keyword(i + 1) === 'BY')) known.partitioned.add(table)
  }
  const attach = () => {
    const at = words.findIndex((word, i) => word.keyword === 'ATTACH' && keyword(i + 1) === 'PARTITION')
    if (at > 0) known.parents.set(tableAt(at + 2), tableAt(keyword(2) === 'ONLY' ? 3 : 2))
  }
  const set = () => {
    const name = keyword(1)
    if (name === 'STANDARD_CONFORMING_STRINGS')
      sql.session.backslashes = !/^(on|true|1)$/i.test(said || (words.at(-1)?.text ?? ''))
    if (name === 'CLIENT_ENCODING' && UNSAFE_ENCODING.test(said))
      counts.giveUp(`the dump is in ${said}, in which a backslash may be part of a character`)
  }

  const reader: SqlReader = {
    word(text, isQuoted) {
      const key = isQuoted ? '' : text.toUpperCase()
      if (isRoutine()) {
        if ((last === 'BEGIN' && key === 'ATOMIC') || (key === 'CASE' && blocks > 0)) blocks++
        else if (key === 'END' && blocks > 0) blocks--
      }
      last = key
      if ((depth > 0 && !isCopyOption()) || words.length >= MOST_WORDS) return null
      words.push({ text, keyword: key })
      if (key !== 'VALUES' || keyword(0) !== 'INSERT') return null
      target = tableAt(2)
      if (keyword(words.length - 2) !== 'DEFAULT') return 'rows'
      counts.add(target, 1)
      return null
    },
    isWanting: () => words.length < MOST_WORDS || isRoutine(),
    sign(sign) {
      if (sign === '(') depth++
      else if (sign === ')') depth--
      else if (sign === ';') return depth > 0 || blocks > 0 ? null : endStatement()
      else if (depth === 0 && words.length < MOST_WORDS) words.push({ text: sign, keyword: sign })
      return null
    },
    string(text) {
      said = text
    },
    line(text) {
      const name = connectedDatabase(text)
      if (name !== null) database = name
      words = []
    },
    counted: (rows) => counts.add(target, rows),
  }
  const sql = sqlText({ isPostgres: true }, reader)
  return {
    count: sql.pass,
    end() {
      leavePartitionsOut(known, counts)
      leaveForeignOut(known, counts, hasExtension)
      return counts.end()
    },
  }
}

/**
 * Returns the database that a line of psql connects to; `null` if it is another line. `text` is what follows the backslash: `connect app`,
 * or `connect -reuse-previous=on "dbname='my app'"`.
 */
function connectedDatabase(text: string): string | null {
  const [, name = '', pair] = /^connect (?:-reuse-previous=on "dbname='(.*)'"|(\S+))\s*$/.exec(text) ?? []
  if (pair !== undefined) return pair.replace(/^"(.*)"$/, '$1')
  return name === '' ? null : name.replaceAll('""', '"').replace(/\\(.)/g, '$1')
}

/**
 * Lists a partitioned table only if rows were dumped through it, and then none of its partitions: which of them each row goes to is decided
 * when the dump is loaded.
 */
function leavePartitionsOut({ partitioned, parents }: Database, counts: ReturnType<typeof tally>): void {
  const through = new Set([...partitioned].filter((table) => (counts.get(table) ?? 0) > 0))
  for (const table of [...counts.tables()]) {
    for (let at = parents.get(table); at !== undefined; at = parents.get(at))
      if (through.has(at)) counts.leaveOut(table, `a partition of ${at}, through which its rows were dumped`)
  }
  for (const table of partitioned) if (!through.has(table)) counts.drop(table)
}

/** Leaves out the tables whose rows are not all in the dump: tables of extensions, and tables on other servers. */
function leaveForeignOut({ made }: Database, counts: ReturnType<typeof tally>, hasExtension: boolean): void {
  for (const table of [...counts.tables()]) {
    if (made.get(table) === 'foreign') counts.leaveOut(table, 'it lies on another server')
    else if (hasExtension && !made.has(table)) counts.leaveOut(table, 'it belongs to an extension')
  }
}
