/** Knows which options of `pg_dump` and `pg_dumpall` leave something out of a dump. Pure. */
import { type HarmlessOptions, type JudgedOptions, judgeOptions } from '../dumpOptions.ts'
import { TAKES_VALUE } from './postgresLogin.ts'

const HARMLESS: HarmlessOptions = {
  letters: 'bcCovwW',
  lettersWithValue: 'dEFfhjlpSUZ',
  otherLettersWithValue: 'nNtTe',
  names: [
    ...['attribute-inserts', 'blobs', 'clean', 'column-inserts', 'create', 'disable-dollar-quoting'],
    ...['disable-triggers', 'if-exists', 'inserts', 'large-objects', 'load-via-partition-root', 'no-password'],
    // the servers' own roles keep their passwords; statistics come back by themselves; a place or a form of storage is no data
    ...['no-role-passwords', 'no-statistics', 'no-sync', 'no-synchronized-snapshots', 'no-table-access-method'],
    ...[
      'no-tablespaces',
      'no-toast-compression',
      'oids',
      'on-conflict-do-nothing',
      'password',
      'quote-all-identifiers',
    ],
    ...['serializable-deferrable', 'sequence-data', 'statistics', 'strict-names', 'use-set-session-authorization'],
    ...['verbose', 'with-data', 'with-schema', 'with-statistics'],
  ],
  namesWithValue: [
    ...['compress', 'database', 'dbname', 'encoding', 'extra-float-digits', 'format', 'host', 'jobs'],
    ...['lock-wait-timeout', 'port', 'restrict-key', 'role', 'rows-per-insert', 'snapshot', 'superuser', 'sync-method'],
    'username',
  ],
  takesNext: TAKES_VALUE,
  // it names the database, or the connection
  isHarmlessWord: () => true,
  style: 'getopt',
}

/** Options that mean something only for a dump in SQL: an archive holds the owners all the same. */
const OF_SQL = { letters: `${HARMLESS.letters}O`, names: [...HARMLESS.names, 'no-owner'] }

/** Judges `dumpArgs`; `isServer`: the dump is one of the whole server. */
export function judgePostgresOptions(args: readonly string[], isServer: boolean): JudgedOptions {
  const isArchive = args.some(
    (arg, i) =>
      /^(-[bBcCOvwx]*F|--format=)[ct]/.test(arg) ||
      (/^(-[bBcCOvwx]*F|--format)$/.test(args[i - 1] ?? '') && /^[ct]/.test(arg)),
  )
  return judgeOptions(args, isArchive && !isServer ? { ...HARMLESS, ...OF_SQL } : HARMLESS)
}
