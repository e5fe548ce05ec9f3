/** Words of the tools after a load that failed: whether the server is to blame, or the dump. */
import { describe, expect, test } from 'vitest'
import { type DbKind, engineOf } from '../../../src/databases/engines.ts'
import { SERVER_GONE } from '../../../src/databases/loadContract.ts'

function lack(kind: DbKind, words: string, database: string | null = 'shop') {
  const tools = new Map([
    ['psql', ''],
    ['pg_restore', ''],
    ['mysql', ''],
    ['mariadb', ''],
    ['mongorestore', ''],
  ])
  const engine = engineOf(kind)
  const given = engine.extractSecrets([])
  const plan = engine.planLoad({
    kind,
    tools,
    database,
    purpose: 'empty',
    given,
    command: [],
    env: [],
    head: Buffer.from('--'),
    token: 'x',
  })
  return plan.lack?.(words) ?? null
}

describe('PostgreSQL', () => {
  test.each([
    ['ERROR:  extension "postgis" is not available', 'the extension "postgis" is not in'],
    [
      'ERROR:  could not open extension control file "/usr/share/postgresql/17/extension/vector.control": No such file or directory',
      'the extension "vector" is not in',
    ],
    [
      'ERROR:  could not access file "$libdir/timescaledb-2.1": No such file or directory',
      'the library "$libdir/timescaledb-2.1"',
    ],
    ['FATAL:  extension "timescaledb" must be preloaded', 'does not load the library "timescaledb"'],
    ['ERROR:  pg_cron must be loaded via shared_preload_libraries', 'does not load the library "pg_cron"'],
    [
      'ERROR:  pg_stat_statements must be loaded via "shared_preload_libraries"',
      'does not load the library "pg_stat_statements"',
    ],
    ['ERROR:  role "owner" does not exist', 'the role "owner" is missing'],
    ['psql:<stdin>:5: ERROR:  invalid locale name: "de_DE.utf8"', 'the locale "de_DE.utf8"'],
    ['ERROR:  invalid LC_COLLATE locale name: "de_DE.utf8"', 'the locale "de_DE.utf8"'],
    ['ERROR:  tablespace "fast" does not exist', 'the tablespace "fast"'],
    ['ERROR:  invalid value for parameter "default_tablespace": "fast"', 'the tablespace "fast"'],
    ['ERROR:  directory "/mnt/fast" does not exist', 'the folder /mnt/fast of a tablespace'],
    ['invalid command \\restrict', 'older than the programs'],
    ['pg_restore: error: unsupported version (1.16) in file header', 'older than the programs'],
    ['ERROR:  unrecognized configuration parameter "transaction_timeout"', 'older than the programs'],
    ['ERROR:  could not extend file "base/1/2": No space left on device', 'disk is full'],
    ['ERROR:  out of memory', 'ran out of memory'],
    ['server closed the connection unexpectedly', SERVER_GONE],
    ['FATAL:  terminating connection due to administrator command', SERVER_GONE],
    [
      'psql: error: connection to server at "127.0.0.1", port 5432 failed: FATAL:  the database system is in recovery mode',
      SERVER_GONE,
    ],
  ])('%s', (words, said) => {
    expect(lack('postgres', words)).toContain(said)
  })

  test.each([
    'ERROR:  syntax error at or near "TABEL"',
    'ERROR:  relation "public.people" does not exist',
    'ERROR:  invalid input syntax for type integer: "x"',
    'ERROR:  extra data after last expected column',
    'ERROR:  duplicate key value violates unique constraint "a_pkey"',
    'pg_restore: error: could not read from input file: end of file',
    'ERROR:  invalid input syntax for type integer: "role "x" does not exist"',
    'ERROR:  x\nCONTEXT:  COPY t, line 1: "server closed the connection"',
  ])('the dump is to blame: %s', (words) => {
    expect(lack('postgres', words)).toBeNull()
  })

  test.each([
    'psql:<stdin>:9: ERROR:  ',
    'pg_restore: error: could not execute query: ERROR:  ',
    'psql: error: FATAL:  ',
  ])('behind "%s"', (before) => {
    expect(lack('postgres', `NOTICE:  x\n${before}extension "hstore" is not available`)).toContain('"hstore"')
  })

  test('the dump of a whole server must bring its roles', () => {
    expect(lack('postgres', 'ERROR:  role "owner" does not exist', null)).toBeNull()
  })
})

describe.each(['mysql', 'mariadb'] as const)('%s', (kind) => {
  test.each([
    ["ERROR 1273 (HY000) at line 9: Unknown collation: 'utf8mb4_0900_ai_ci'", 'character set or collation'],
    ["ERROR 1286 (42000) at line 9: Unknown storage engine 'ROCKSDB'", 'storage engine'],
    ["ERROR 1524 (HY000) at line 9: Plugin 'ed25519' is not loaded", 'plugin'],
    ["ERROR 1114 (HY000) at line 9: The table 't' is full", 'disk is full'],
    ['ERROR 1030 (HY000) at line 9: Got error 28 "No space left on device" from storage engine InnoDB', 'disk is full'],
    ['ERROR 1041 (HY000) at line 9: Out of memory', 'ran out of memory'],
    ['ERROR 2013 (HY000) at line 9: Lost connection to server during query', SERVER_GONE],
    ['ERROR 2006 (HY000) at line 9: MySQL server has gone away', SERVER_GONE],
    [
      "ERROR 1449 (HY000) at line 9: The user specified as a definer ('app'@'%') does not exist",
      'an account is missing',
    ],
  ])('%s', (words, said) => {
    expect(lack(kind, words)).toContain(said)
  })

  test.each([
    "ERROR 1064 (42000) at line 22: You have an error in your SQL syntax near '2013'",
    "ERROR 1146 (42S02) at line 9: Table 'shop.t' doesn't exist",
    "ERROR 1366 (22007) at line 9: Incorrect integer value: 'No space left ERROR 2013' for column",
    "ERROR 1062 (23000) at line 9: Duplicate entry '1114' for key 'PRIMARY'",
    "ERROR 1136 (21S01) at line 9: Column count doesn't match value count at row 1",
  ])('the dump is to blame: %s', (words) => {
    expect(lack(kind, words)).toBeNull()
  })

  test('a scratch server has the database before the dump, which may not make it', () => {
    const engine = engineOf(kind)
    const given = engine.extractSecrets([])
    const plan = engine.planLoad({
      kind,
      tools: new Map([[kind, '']]),
      database: 'shop',
      purpose: 'empty',
      given,
      command: [],
      env: [],
      head: Buffer.from('--'),
      token: 'x',
    })
    expect(plan.prepare?.env.MARINA_LIST).toContain(Buffer.from('CREATE DATABASE `shop`').toString('hex'))
  })
})

describe('MongoDB', () => {
  test.each([
    [
      'Failed: shop.orders: error restoring from archive on stdin: (Unauthorized) not authorized on shop to execute command { insert: "orders" }',
      'lacks a role',
    ],
    ['MongoServerError: not authorized on shop to execute command { dropDatabase: 1 }', 'lacks a role'],
    [
      'Failed: can\'t create session: connection() error occurred during connection handshake: auth error: sasl conversation error: unable to authenticate using mechanism "SCRAM-SHA-1": (AuthenticationFailed) Authentication failed.',
      'does not accept the account',
    ],
    ["error parsing command line options: unknown flag `bypassDocumentValidation'", 'programs in the server'],
    [
      "Failed: shop.orders: error creating collection orders: error running create command: (IDLUnknownField) BSON field 'create.changeStreamPreAndPostImages' is an unknown field.",
      'does not know an option',
    ],
    [
      "Failed: shop.orders: error creating indexes for shop.orders: createIndex error: (InvalidIndexSpecificationOption) The field 'hidden' is not valid for an index specification",
      'does not know an option',
    ],
    [
      'Failed: shop.orders: error creating collection orders: (BadValue) inMemory is not a registered storage engine for this server',
      'storage engine',
    ],
    ['Failed: shop.orders: error restoring from archive on stdin: (OutOfDiskSpace) Could not create', 'disk is full'],
    [
      'Failed: shop.orders: error restoring from archive on stdin: connection(127.0.0.1:27017[-4]) incomplete read of message header: EOF',
      SERVER_GONE,
    ],
    ['Failed: (InterruptedAtShutdown) interrupted at shutdown', SERVER_GONE],
    ['Failed: (NotWritablePrimary) not primary', 'no primary'],
  ])('%s', (words, said) => {
    expect(lack('mongo', words)).toContain(said)
    expect(lack('mongo', words, null)).toContain(said)
  })

  test.each([
    'Failed: corruption found in archive; 858927154 is neither a valid bson length nor a archive terminator',
    'Failed: shop.orders: error restoring from archive on stdin: reading bson input: unexpected EOF',
    'Failed: stream or file does not appear to be a mongodump archive',
    'continuing through error: E11000 duplicate key error collection: shop.orders index: name_1 dup key: { name: "not authorized" }',
    'Failed: E11000 duplicate key error: (Unauthorized) { name: "x" }',
    `Failed: can't extract geo keys: { _id: 1, text: "No space left on device" }`,
  ])('the dump is to blame: %s', (words) => {
    expect(lack('mongo', words)).toBeNull()
  })
})
