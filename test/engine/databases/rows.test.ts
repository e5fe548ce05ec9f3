/** Rows that a dump is said to hold, beside those that the server counts, for all forms that the tools write; and what the manifest says of the server. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { tableName } from '../../../src/databases/rows/tally.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import { dump, startBench, type TestBench } from '../../support/dumping.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const made: string[] = []
let bench: TestBench

const named = (what: string) => {
  const name = engine.name(`rows-${what}`)
  made.push(name)
  return name
}

beforeAll(async () => {
  await databaseImage(engine)
  bench = await startBench(engine, named('bench'))
})

afterAll(async () => {
  await engine.docker(['rm', '-fv', ...made])
})

/** Values that could be taken for something else: quotes, escapes, line ends, and what ends a row, a COPY or a statement. */
const ODD = [
  "'",
  '"',
  '\\',
  '\\.',
  '\n',
  '\r\n',
  '\t',
  '),(',
  ');',
  '--',
  '/*',
  '*/;',
  '$$',
  'é€😀',
  'COPY x FROM stdin;\n',
  '\n\\.\n',
  'INSERT INTO x VALUES (1);\n',
  'DELIMITER ;;\n',
]
const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Lines of the server's answer, as names of tables with their rows. */
const counted = (answer: string) =>
  Object.fromEntries(
    answer
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('\x1f'))
      .map((parts) => [tableName(parts.slice(0, -1)), Number(parts.at(-1))]),
  )

describe('PostgreSQL', () => {
  let source: string
  const sql = (database: string, query: string) =>
    engine.ok(
      ['exec', '-i', source, 'psql', '-U', 'app', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt', '-F', '\x1f'],
      {
        input: query,
      },
    )
  const rowsOf = async (database: string, ...before: readonly string[]) =>
    counted(
      await sql(
        database,
        `SELECT ${before.map((name) => `${literal(name)}, `).join('')}nspname, relname, (xpath('/row/n/text()', query_to_xml(format('SELECT count(*) AS n FROM ONLY %I.%I', nspname, relname), false, true, '')))[1]
         FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'r' AND nspname !~ '^pg_|^information_schema'`,
      ),
    )
  const tables = `
    CREATE TABLE odd (n int, "va;lue" text);
    INSERT INTO odd SELECT n, (ARRAY[${ODD.map((one) => `${literal(one)}`).join(', ')}])[1 + n % ${ODD.length}] FROM generate_series(1, 997) n;
    CREATE TABLE "empty" (n int);
    CREATE TABLE columnless (); INSERT INTO columnless SELECT FROM generate_series(1, 5);
    CREATE TABLE binary_ (b bytea, f float8, a text[], j jsonb, n bit(3));
    INSERT INTO binary_ SELECT decode(md5(n::text), 'hex'), 'NaN', ARRAY['a,"b', NULL, '{}'], '{"a": "\\\\b''"}', B'101' FROM generate_series(1, 30) n;
    CREATE SCHEMA "My.Schema"; CREATE TABLE "My.Schema"."a""b; (c)" AS SELECT generate_series(1, 3) AS "values";
    CREATE TABLE wide AS SELECT n, repeat(md5(n::text) || E'\\\\\\n''', 20000) AS body FROM generate_series(1, 3) n;
    CREATE TABLE ident (id int GENERATED ALWAYS AS IDENTITY, twice int GENERATED ALWAYS AS (1) STORED); INSERT INTO ident SELECT FROM generate_series(1, 4);
    CREATE TABLE parted (n int) PARTITION BY RANGE (n); CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM (0) TO (10);
    CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM (10) TO (20); INSERT INTO parted SELECT generate_series(1, 15);
    CREATE TABLE child (m int) INHERITS ("empty"); INSERT INTO child VALUES (1, 2);
    CREATE VIEW looks AS SELECT 'INSERT INTO x VALUES (1);' AS n; CREATE MATERIALIZED VIEW kept AS SELECT 1 AS n;
    COMMENT ON TABLE odd IS E'\\nCOPY x FROM stdin;\\n1\\n\\\\.\\n';
    CREATE FUNCTION quoted() RETURNS void LANGUAGE plpgsql AS $f$ BEGIN
INSERT INTO x VALUES (1);
COPY x FROM stdin;
END $f$;
    CREATE FUNCTION atomic() RETURNS void LANGUAGE sql BEGIN ATOMIC INSERT INTO odd VALUES (CASE WHEN true THEN 1 ELSE 2 END); INSERT INTO odd VALUES (2); END;
    CREATE RULE ruled AS ON INSERT TO looks DO INSTEAD (INSERT INTO odd VALUES (1); INSERT INTO odd VALUES (2));
    CREATE EXTENSION hstore;
    SELECT lo_from_bytea(0, '\\x00ff27');`

  beforeAll(async () => {
    source = named('pg')
    await startServer(engine, 'postgres', source, { env: { POSTGRES_USER: 'app', POSTGRES_PASSWORD: 'x' } })
    await sql(
      'app',
      `CREATE DATABASE "my.db" ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0; CREATE ROLE "o'r"; ${tables}`,
    )
    await sql('my.db', 'CREATE TABLE odd AS SELECT generate_series(1, 7) AS n; CREATE EXTENSION ltree;')
  })

  test.each`
    form                      | dumpArgs
    ${'SQL'}                  | ${[]}
    ${'SQL, compressed'}      | ${['-Z', '6']}
    ${'inserts'}              | ${['--inserts']}
    ${'inserts with columns'} | ${['--column-inserts', '--on-conflict-do-nothing']}
    ${'inserts of many rows'} | ${['--rows-per-insert=100']}
    ${'inserts, quoted'}      | ${['--inserts', '--quote-all-identifiers', '--clean', '--if-exists', '--create']}
    ${'data alone'}           | ${['--data-only']}
    ${'custom'}               | ${['--format=custom']}
    ${'custom, bare'}         | ${['-Fc', '-Z0']}
    ${'tar'}                  | ${['-Ft']}
  `('$form', async ({ dumpArgs }) => {
    const { files } = await (await dump(engine, bench, source, { databases: ['app'], dumpArgs })).report
    expect(files[0]?.counted).toEqual({ rows: await rowsOf('app'), unknown: null })
  })

  test('a table without its partitions, if the rows went through it', async () => {
    const { files } = await (
      await dump(engine, bench, source, { databases: ['app'], dumpArgs: ['--load-via-partition-root'] })
    ).report
    const { 'public.parted_1': _, 'public.parted_2': __, ...rest } = await rowsOf('app')
    expect(files[0]?.counted).toMatchObject({
      rows: { ...rest, 'public.parted': 15 },
      unknown: expect.stringContaining('public.parted_1'),
    })
  })

  test('a whole server, and what it says of itself', async () => {
    const { files, server } = await (await dump(engine, bench, source)).report
    expect(files[0]?.counted).toEqual({
      rows: { ...(await rowsOf('app', 'app')), ...(await rowsOf('my.db', 'my.db')) },
      unknown: null,
    })
    expect(server).toMatchObject({
      version: expect.stringMatching(/^\d+/),
      settings: { shared_preload_libraries: '', server_encoding: expect.any(String) },
      roles: ['app', "o'r"],
    })
    const database = (name: string) => server?.databases.find((one) => one.name === name)
    expect(database('my.db')).toMatchObject({
      settings: { encoding: 'SQL_ASCII', collate: 'C' },
      extensions: [{ name: 'ltree' }, { name: 'plpgsql' }],
    })
    expect(database('app')?.extensions).toMatchObject([{ name: 'hstore' }, { name: 'plpgsql' }])
  })
})

describe('MariaDB', () => {
  let source: string
  const sql = (query: string) =>
    engine.ok(['exec', '-i', source, 'mariadb', '-uroot', '-px', '-N', '--batch', '--raw'], { input: query })
  const rowsOf = async (...databases: readonly string[]) => {
    const listed = await sql(
      `SELECT CONCAT("SELECT CONCAT_WS(CHAR(31), ", QUOTE(TABLE_SCHEMA), ', ', QUOTE(TABLE_NAME), ', COUNT(*)) FROM \`', TABLE_SCHEMA, '\`.\`', REPLACE(TABLE_NAME, '\`', '\`\`'), '\`;')
       FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE' AND TABLE_SCHEMA IN (${databases.map(literal).join(', ')})`,
    )
    return counted(await sql(listed))
  }
  const odd = ODD.map((one) => `'${one.replace(/[\\']/g, '\\$&')}'`).join(', ')
  const tables = `
    CREATE DATABASE app; CREATE DATABASE \`a.b\`; CREATE TABLE \`a.b\`.t (n int); INSERT INTO \`a.b\`.t VALUES (1), (2); USE app;
    CREATE TABLE odd (n int, \`va;lue\` text); INSERT INTO odd SELECT seq, ELT(1 + seq % ${ODD.length}, ${odd}) FROM seq_1_to_997;
    CREATE TABLE \`empty\` (n int); CREATE TABLE \`a\`\`b; (c)\` (\`values\` int); INSERT INTO \`a\`\`b; (c)\` VALUES (1), (2), (3);
    CREATE TABLE bin (b longblob, f double, g geometry, t bit(3));
    INSERT INTO bin SELECT UNHEX(CONCAT('00275C22290A1A', MD5(seq))), NULL, POINT(1, 2), b'101' FROM seq_1_to_30;
    CREATE TABLE wide (n int, body longtext); INSERT INTO wide SELECT seq, REPEAT('it''s \\\\ "(),;', 600000) FROM seq_1_to_3;
    CREATE TABLE many (n int, body varchar(100)); INSERT INTO many SELECT seq, MD5(seq) FROM seq_1_to_100000;
    CREATE VIEW v AS SELECT 'INSERT INTO x VALUES (1)' AS n; CREATE SEQUENCE s;
    DELIMITER //
    CREATE TRIGGER tr BEFORE INSERT ON odd FOR EACH ROW BEGIN /* it's */ INSERT INTO \`empty\` VALUES (1); # ;;
    END//
    CREATE PROCEDURE p() BEGIN CREATE TABLE x (n int); INSERT INTO x VALUES (1), (2); SELECT ";;\\"", ';;'; END//
    SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES'//
    CREATE PROCEDURE q() BEGIN INSERT INTO "empty" VALUES ('\\'); SELECT 'INSERT INTO x VALUES (1);'; END//
    CREATE EVENT e ON SCHEDULE EVERY 1 YEAR DO INSERT INTO \`empty\` VALUES (1)//
    DELIMITER ;`

  beforeAll(async () => {
    source = named('maria')
    await startServer(engine, 'mariadb', source, {
      env: { MARIADB_ROOT_PASSWORD: 'x' },
      args: ['--max-allowed-packet=256M', '--lower-case-table-names=0'],
    })
    await sql(tables)
  })

  test.each`
    form               | dumpArgs
    ${'SQL'}           | ${[]}
    ${'a row each'}    | ${['--skip-extended-insert', '--complete-insert']}
    ${'hex'}           | ${['--hex-blob', '--replace']}
    ${'no options'}    | ${['--skip-opt', '--insert-ignore']}
    ${'ANSI'}          | ${['--compatible=ansi']}
    ${'data alone'}    | ${['--no-create-info', '--skip-triggers']}
    ${'small packets'} | ${['--net-buffer-length=4096', '--skip-quote-names']}
  `('$form', async ({ form, dumpArgs }) => {
    if (form === 'small packets') await sql('DROP TABLE app.`a``b; (c)`; DROP DATABASE `a.b`')
    const { files } = await (await dump(engine, bench, source, { databases: ['app'], dumpArgs })).report
    const { 'app.s': _, ...rows } = await rowsOf('app')
    expect(files[0]?.counted).toEqual({ rows, unknown: null })
  })

  test('a whole server, and what it says of itself', async () => {
    const { files, server } = await (await dump(engine, bench, source)).report
    expect(files[0]?.counted.rows).toMatchObject(await rowsOf('app'))
    expect(server).toMatchObject({
      version: expect.stringContaining('MariaDB'),
      settings: { sql_mode: expect.any(String), lower_case_table_names: '0' },
      roles: expect.arrayContaining(["'root'@'localhost'"]),
    })
    expect(server?.databases).toContainEqual({
      name: 'app',
      settings: { character_set: expect.any(String), collation: expect.any(String) },
      extensions: [],
    })
  })
})

describe.each(['redis', 'valkey'] as const)('%s', (kind) => {
  test('keys of every type, in several databases', async () => {
    const source = named(kind)
    await startServer(engine, kind, source)
    const commands = `
      SET short 1\nSET int 123456789\nSET text "${'x'.repeat(30_000)}"\nEVAL "return redis.call('SET', 'random', string.rep('\\0\\xff ab', 30000))" 0
      EVAL "for i = 1, 2000 do redis.call('SET', 'key' .. i, i, 'EX', 100000 + i) end" 0
      RPUSH list a b c\nEVAL "for i = 1, 1000 do redis.call('RPUSH', 'biglist', string.rep(i, 50)) end" 0\nRPUSH plain "${'y'.repeat(20_000)}"
      SADD ints 1 2 3\nSADD words a b\nEVAL "for i = 1, 1000 do redis.call('SADD', 'bigset', 'm' .. i) end" 0
      ZADD scores 1.5 a 2 b\nEVAL "for i = 1, 1000 do redis.call('ZADD', 'bigscores', i / 3, 'm' .. i) end" 0
      HSET hash a 1 b 2\nEVAL "for i = 1, 1000 do redis.call('HSET', 'bighash', 'f' .. i, string.rep('v', 100)) end" 0
      XADD stream * a 1 b 2\nXADD stream * a 3\nXGROUP CREATE stream g 0\nXGROUP CREATE stream empty $\nXREADGROUP GROUP g c1 COUNT 1 STREAMS stream >
      EVAL "for i = 1, 500 do redis.call('XADD', 'bigstream', '*', 'f', i) end" 0\nXGROUP CREATE bigstream g 0\nXREADGROUP GROUP g c1 COUNT 300 STREAMS bigstream >
      PFADD log a b c\nGEOADD geo 13.361389 38.115556 Palermo\nSETBIT bits 7 1
      HEXPIRE hash 10000 FIELDS 1 a\nHEXPIRE bighash 10000 FIELDS 1 f1
      FUNCTION LOAD "#!lua name=mylib\\nredis.register_function('f', function() return 1 end)"
      SELECT 9\nSET other 1\nHSET h a 1`
    await engine.ok(['exec', '-i', source, `${kind}-cli`], { input: commands.replace(/\n\s+/g, '\n') })
    const info = await engine.ok(['exec', source, `${kind}-cli`, 'INFO', 'keyspace'])
    const rows = Object.fromEntries(
      [...info.matchAll(/^(db\d+):keys=(\d+)/gm)].map(([, name, keys]) => [name, Number(keys)]),
    )
    expect(rows.db0).toBeGreaterThan(2015)
    const { files, server } = await (await dump(engine, bench, source)).report
    expect(files[0]?.counted).toEqual({ rows, unknown: null })
    expect(server?.version).toMatch(/^\d+\.\d+\.\d+$/)
  })
})
