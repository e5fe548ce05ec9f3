/** Counts the rows in the SQL of `mysqldump` and `mariadb-dump`. Pure. */
import { type ReadAs, type SqlReader, sqlText } from './sqlText.ts'
import { type RowCounter, tableName, tally } from './tally.ts'

/** Encodings in which a backslash may be the second byte of a character. */
const UNSAFE_ENCODING = /^(big5|cp932|gbk|gb18030|sjis)/i
/** Largest number of words of a statement that are looked at. */
const MOST_WORDS = 64

interface Word {
  readonly text: string
  /** The word in capitals, empty for a name in quotes. */
  readonly keyword: string
}

/** Makes a counter for a dump in SQL. Tables are named `database.table`, or `table` before the first `USE`. */
export function mysqlRows(): RowCounter {
  const counts = tally()
  let database: string | null = null
  let words: Word[] = []
  let depth = 0
  /** Ends a statement: two semicolons while routines are dumped, whose bodies have single ones. */
  let delimiter = ';'
  /** True if the statement began in a conditional comment, as the stand-in of a view does. */
  let isConditional = false
  let target = ''
  let mode = ''
  /** The SQL modes that the dump saved, by the name of the variable that holds them (`@OLD_SQL_MODE`). */
  const keptModes = new Map<string, string>()

  const keyword = (index: number) => words[index]?.keyword ?? ''
  const tableAt = (index: number): string => {
    const [first, second] = [words[index]?.text ?? '', words[index + 2]?.text ?? '']
    const parts = keyword(index + 1) === '.' ? [first, second] : database === null ? [first] : [database, first]
    return tableName(parts)
  }
  const endStatement = () => {
    const end = words.findIndex((word) => word.keyword === 'TABLE' || word.keyword === 'TABLES')
    if (keyword(0) === 'SET') set()
    else if (keyword(0) === 'USE') database = words[1]?.text ?? database
    else if (keyword(0) === 'CREATE' && end > 0 && end < 4 && !isConditional) list(end + 1)
    else if (keyword(0) === 'LOCK' && end === 1) list(2)
    else if (isInsert() && !words.some(isValues)) counts.giveUp('an INSERT has no VALUES')
    words = []
    depth = 0
  }
  const set = () => {
    const [, name = '', value = ''] = words.map((word) => word.keyword)
    if (name === 'NAMES' && UNSAFE_ENCODING.test(value))
      counts.giveUp(`the dump is in ${value.toLowerCase()}, in which a backslash may be part of a character`)
    if (name === 'SQL_MODE' && value.startsWith('@')) setMode(keptModes.get(value) ?? '')
  }
  const setMode = (modes: string) => {
    mode = modes
    const has = (one: string) => modes.toUpperCase().split(',').includes(one)
    sql.session.backslashes = !has('NO_BACKSLASH_ESCAPES')
    sql.session.ansiQuotes = has('ANSI_QUOTES') || has('ANSI')
  }
  const list = (at: number) => counts.add(tableAt(keyword(at) === 'IF' ? at + 3 : at), 0)
  const isInsert = () => keyword(0) === 'INSERT' || keyword(0) === 'REPLACE'
  const values = (): ReadAs => {
    const into = words.findIndex((word) => word.keyword === 'INTO')
    if (into < 0) counts.giveUp('an INSERT has no INTO')
    target = tableAt(into + 1)
    return 'rows'
  }

  const reader: SqlReader = {
    word(text, isQuoted) {
      const key = isQuoted ? '' : text.toUpperCase()
      if (words.length === 0) {
        isConditional = sql.isConditional()
        if (key === 'DELIMITER') return 'rest'
      }
      if (depth > 0 || words.length >= MOST_WORDS) return null
      if (key === '@@SQL_MODE') keptModes.set(words.at(-1)?.keyword ?? '', mode)
      words.push({ text, keyword: key })
      return delimiter === ';' && isInsert() && isValues({ keyword: key }) ? values() : null
    },
    isWanting: () => words.length < MOST_WORDS,
    sign(sign, isAgain) {
      if (sign === ';') {
        if (delimiter === ';' || isAgain) endStatement()
      } else if (sign === '(') depth++
      else if (sign === ')') depth--
      else if (depth === 0 && words.length < MOST_WORDS) words.push({ text: sign, keyword: sign })
      return null
    },
    string(text) {
      if (words.at(-1)?.keyword === 'SQL_MODE' && keyword(0) === 'SET') setMode(text)
    },
    line(text) {
      delimiter = text.trim()
      words = []
      if (delimiter !== ';' && delimiter !== ';;') counts.giveUp(`the dump ends its statements with ${delimiter}`)
    },
    counted: (rows) => counts.add(target, rows),
  }
  const sql = sqlText({ isPostgres: false }, reader)
  return { count: sql.pass, end: counts.end }
}

const isValues = ({ keyword }: Pick<Word, 'keyword'>) => keyword === 'VALUES' || keyword === 'VALUE'
