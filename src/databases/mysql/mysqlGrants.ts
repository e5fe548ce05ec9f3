/**
 * Judges by its grants whether an account of MySQL or MariaDB sees everything that its dump must hold. The server leaves out, without an
 * error, what an account may not see. Pure.
 */

interface GrantsQuestion {
  /** The lines of `SHOW GRANTS`. */
  readonly grants: readonly string[]
  /** The databases that the account sees, by `SHOW DATABASES`. */
  readonly visible: readonly string[]
  /** Names of the databases to dump. Empty: all. */
  readonly databases: readonly string[]
  /** True if triggers are to be dumped. */
  readonly triggers: boolean
  /** True if routines are to be dumped. The tool leaves out those that the account may not see, and ends with 0 (measured, MariaDB 10.11). */
  readonly routines: boolean
}

/** Matches databases of the server itself, which no dump holds. */
const SYSTEM_DATABASE = /^(information_schema|performance_schema|sys)$/i

interface Grant {
  readonly privileges: ReadonlySet<string>
  /** The database that it holds for: `*` for all, or a pattern of LIKE. */
  readonly database: string
}

/**
 * Judges the grants; both are `null` if the account sees everything. `error`: it cannot see the whole of a database, or sees none.
 * `warning`: that cannot be told for certain, or the server may have databases that it does not see.
 */
export function judgeGrants(question: GrantsQuestion): { error: string | null; warning: string | null } {
  const grants = question.grants.flatMap((line) => parseGrant(line) ?? [])
  const needed = question.triggers ? ['SELECT', 'TRIGGER'] : ['SELECT']
  const allows = (privilege: string, covers: (database: string) => boolean) =>
    grants.some((grant) => covers(grant.database) && holds(grant, privilege))
  const lacking = (covers: (database: string) => boolean) => needed.filter((one) => !allows(one, covers))

  const doubt = question.grants.some((line) => /^REVOKE /.test(line) || (/^GRANT /.test(line) && !/ ON /.test(line)))
  const unseen = 'what it cannot see would be missing from the dump'
  if (lacking((database) => database === '*').length === 0 && !doubt) return { error: null, warning: null }

  const all = question.databases.length === 0
  const wanted = all ? question.visible.filter((name) => !SYSTEM_DATABASE.test(name)) : question.databases
  for (const name of wanted) {
    const covers = (pattern: string) => pattern === '*' || likeMatches(pattern, name)
    const lacks = [
      ...lacking(covers),
      ...(question.routines && !seesRoutines(allows, covers, question.grants)
        ? ['SHOW_ROUTINE (MariaDB: SELECT on mysql.proc)']
        : []),
    ]
    if (lacks.length === 0) continue
    const what = `the account has no ${lacks.join(' and ')} privilege on the whole of database "${name}"`
    if (doubt) return { error: null, warning: `as far as it can be told, ${what}: ${unseen}` }
    return {
      error: `${what}: ${unseen}. Grant it, or dump with an account that has it${without(lacks)}`,
      warning: null,
    }
  }
  if (!all) return { error: null, warning: null }
  if (wanted.length === 0) return { error: `the account sees no database: ${unseen}`, warning: null }
  return { error: null, warning: `the account may not see the whole server: the dump holds ${wanted.join(', ')}` }
}

/**
 * Tells whether a kind of object that is dumped by default stays so with these arguments of the tool. The last word counts: `--triggers=0`,
 * `--skip-triggers`, `--disable_triggers`, `--enable-triggers`.
 */
export function isSwitchedOn(kind: 'triggers' | 'routines', args: readonly string[]): boolean {
  const option = new RegExp(`^--(?:loose[-_])?(?:(skip|disable|enable)[-_])?${kind}(?:=(.*))?$`, 's')
  let isOn = true
  for (const arg of args) {
    if (kind === 'routines' && /^-[a-zA-Z]*R/.test(arg) && !/^-[a-zA-Z]*[hPpSuwrT]/.test(arg)) isOn = true
    const [found, verb, value] = option.exec(arg) ?? []
    if (found === undefined) continue
    const isFalse = /^(0|off|false)$/i.test(value ?? '')
    isOn = (verb === 'skip' || verb === 'disable') === isFalse
  }
  return isOn
}

/** Returns the end of a sentence that names the dumpArgs to leave out what the account cannot see; empty if data is among it. */
function without(lacks: readonly string[]): string {
  if (lacks.includes('SELECT')) return ''
  const options = [
    ...(lacks.includes('TRIGGER') ? ['"--skip-triggers"'] : []),
    ...(lacks.some((one) => one.startsWith('SHOW_ROUTINE')) ? ['"--skip-routines"'] : []),
  ]
  return `, or leave them out: dumpArgs: [${options.join(', ')}]`
}

/**
 * Tells whether the account sees the routines of the databases that `covers` accepts. Also true if the tool itself would fail, and not
 * leave them out. `allows` tells whether a grant on an accepted database holds the privilege.
 */
function seesRoutines(
  allows: (privilege: string, covers: (database: string) => boolean) => boolean,
  covers: (database: string) => boolean,
  grants: readonly string[],
): boolean {
  const everywhere = (database: string) => database === '*'
  return (
    allows('SELECT', (database) => everywhere(database) || database.toLowerCase() === 'mysql') ||
    allows('SHOW_ROUTINE', everywhere) ||
    ['ALL PRIVILEGES', 'EXECUTE', 'ALTER ROUTINE', 'CREATE ROUTINE', 'SHOW CREATE ROUTINE'].some((one) =>
      allows(one, covers),
    ) ||
    grants.some((line) => /^GRANT [^(]*\bSELECT\b[^(]* ON [`"]?mysql[`"]?\.[`"]?proc[`"]? TO /i.test(line))
  )
}

/** Matches a name as the server quotes it: with \` or, in some of its modes, with "; also `*` and a name without quotes. */
const NAME = String.raw`\*|\`(?:[^\`]|\`\`)*\`|"(?:[^"]|"")*"|[^\s."\`]+`
const GRANT = new RegExp(`^GRANT (.+?) ON (?:TABLE )?(${NAME})\\.(${NAME}) TO `)

function unquoted(name: string): string {
  const quote = name[0]
  if (quote !== '`' && quote !== '"') return name
  return name.slice(1, -1).replaceAll(quote + quote, quote)
}

function parseGrant(line: string): Grant | null {
  const match = GRANT.exec(line)
  if (match?.[3] !== '*') return null
  // SELECT (column) is a privilege on a part: it does not count
  const privileges = (match[1] ?? '').split(/, (?![^(]*\))/).map((one) => one.trim().toUpperCase())
  return { privileges: new Set(privileges), database: unquoted(match[2] ?? '') }
}

function holds(grant: Grant, privilege: string): boolean {
  return grant.privileges.has('ALL PRIVILEGES') || grant.privileges.has('ALL') || grant.privileges.has(privilege)
}

/**
 * Tells whether a name fits a pattern of LIKE: `%` is any characters, `_` is one, `\` takes the next as it is. Upper and lower case are
 * the same, which errs on the lenient side.
 */
function likeMatches(pattern: string, name: string): boolean {
  const source = pattern.replace(/\\(.)|([%_])|([^\\%_])/gs, (_, escaped, wild, plain) =>
    wild === '%' ? '.*' : wild === '_' ? '.' : (escaped ?? plain ?? '').replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'),
  )
  return new RegExp(`^${source}$`, 'is').test(name)
}
