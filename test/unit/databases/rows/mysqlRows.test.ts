/** Rows of the SQL of mysqldump and mariadb-dump, with all that could pass for rows and is none. `test/engine/databases/rows.test.ts` counts what real tools wrote. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mysqlRows } from '../../../../src/databases/rows/mysqlRows.ts'
import { countIn, pieces } from './counting.ts'

const count = (sql: string | readonly Buffer[]) => countIn(mysqlRows, sql)

const HEAD = `/*M!999999\\- enable the sandbox mode */ 
-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)
/*!40101 SET NAMES utf8mb4 */;
/*!40101 SET @OLD_SQL_MODE=@@SQL_MODE, SQL_MODE='NO_AUTO_VALUE_ON_ZERO' */;

CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`app\` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;

USE \`app\`;
DROP TABLE IF EXISTS \`a\`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE \`a\` (
  \`n\` int(11) DEFAULT NULL COMMENT 'it''s; INSERT INTO x VALUES (1)'
) ENGINE=InnoDB /*!50100 PARTITION BY HASH (n) PARTITIONS 2 */;
`
const INSERT = 'INSERT INTO `a` VALUES'

describe('INSERT', () => {
  test.each([
    ['no rows', '', 0],
    ['rows together', `${INSERT} (1,'x'),(2,NULL),(-3.5e10,0xAB);\n`, 3],
    ['a row each', `${INSERT} (1);\n${INSERT} (2);\n`, 2],
    ['rows in lines', `${INSERT}\n(1,'x'),\n(2,'y');\n`, 2],
    ['columns', 'INSERT INTO `a` (`n`, `values`) VALUES (1,2),(3,4);\n', 2],
    [
      'other words',
      'INSERT  IGNORE INTO `a` VALUES (1);\nREPLACE INTO `a` VALUES (1),(2);\nINSERT DELAYED INTO a VALUES (1);\n',
      4,
    ],
    ['a name with its database', 'INSERT INTO `app`.`a` VALUES (1);\nINSERT INTO app.a VALUE (1);\n', 2],
    ['quotes', `${INSERT} ('it\\'s; ('),('),('''),('"\`--');\n`, 3],
    ['backslashes', `${INSERT} ('\\\\'),('\\\\\\'),('),('\\0\\n\\Z\\\\');\n`, 3],
    ['binary', `${INSERT} (_binary '\0\\\\\\'),(\xff'),(b'101'),(x'ff');\n`, 3],
    ['lines', `${INSERT} ('\n-- x\nINSERT INTO \`b\` VALUES (1);\n');\n`, 1],
    ['functions', `${INSERT} (ST_GeomFromText('POINT(1 1)'),(1));\n`, 1],
    [
      'no backslashes',
      `SET SQL_MODE='STRICT_TRANS_TABLES,NO_BACKSLASH_ESCAPES';\n${INSERT} ('\\'),('\\'''),('),(');\n`,
      3,
    ],
    [
      'backslashes again',
      `/*!50003 SET @saved_sql_mode = @@sql_mode */ ;\n/*!50003 SET sql_mode = 'NO_BACKSLASH_ESCAPES' */ ;\n/*!50003 SET sql_mode = @saved_sql_mode */ ;\n${INSERT} ('\\'),(');\n`,
      1,
    ],
  ])('%s', (_, sql, rows) => expect(count(HEAD + sql)).toEqual({ rows: { 'app.a': rows }, unknown: null }))
})

describe('what looks like rows and is none', () => {
  test.each([
    ['comments', '-- INSERT INTO `x` VALUES (1);\n# CREATE TABLE x (\n/* INSERT INTO x VALUES (1); */\n--\n'],
    ['a comment for no server', '/*!999999 INSERT INTO x VALUES (1); */\n'],
    [
      'the stand-in of a view',
      'SET @saved_cs_client = @@character_set_client;\n/*!50001 CREATE VIEW `v` AS SELECT\n 1 AS `n`*/;\n',
    ],
    [
      'the older stand-in of a view',
      '/*!50001 CREATE TABLE `v` (\n  `n` tinyint NOT NULL\n) ENGINE=MyISAM */;\n/*!50001 DROP TABLE IF EXISTS `v`*/;\n/*!50001 CREATE ALGORITHM=UNDEFINED */\n/*!50013 DEFINER=`root`@`localhost` SQL SECURITY DEFINER */\n/*!50001 VIEW `v` AS select 1 AS `n` */;\n',
    ],
    [
      'a trigger',
      "DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=`root`@`localhost`*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN\nINSERT INTO x VALUES (1);\n/* it's */ CREATE TABLE y (n int); # ;;\nEND */;;\nDELIMITER ;\n",
    ],
    [
      'a routine',
      'DELIMITER ;;\nCREATE DEFINER=`root`@`localhost` PROCEDURE `p`()\nBEGIN\n  INSERT INTO x VALUES (1), (2);\n  SELECT "\\";;", \'DELIMITER ;\', `;;`;\n-- ;;\nEND ;;\nDELIMITER ;\n',
    ],
    [
      'an event',
      'DELIMITER ;;\n/*!50106 CREATE*/ /*!50106 EVENT `e` ON SCHEDULE EVERY 1 DAY DO INSERT INTO x VALUES (1) */ ;;\nDELIMITER ;\n',
    ],
    ['a name', 'CREATE VIEW `v;``INSERT INTO x VALUES (1);` AS SELECT 1--1;\n'],
    ['an alteration', '/*!40000 ALTER TABLE `a` DISABLE KEYS */;\nLOCK TABLES `a` WRITE;\nUNLOCK TABLES;\n'],
  ])('%s', (_, sql) =>
    expect(count(`${HEAD}${INSERT} (1);\n${sql}${INSERT} (2);\n`)).toEqual({ rows: { 'app.a': 2 }, unknown: null }),
  )
})

test('tables have the names of their databases', () => {
  const sql = `${HEAD}${INSERT} (1);\nCREATE DATABASE b;\nUSE \`a.b\`;\nCREATE TABLE IF NOT EXISTS \`a\` (n int);\nLOCK TABLES \`c\` WRITE;\n`
  expect(count(sql)).toEqual({ rows: { 'app.a': 1, '"a.b".a': 0, '"a.b".c': 0 }, unknown: null })
})

describe('what cannot be counted', () => {
  test.each([
    ['an encoding', 'SET NAMES gbk;\n', /in gbk/],
    ['an INSERT of another kind', 'INSERT INTO a SELECT 1;\n', /no VALUES/],
    ['a delimiter', 'DELIMITER //\n', /with \/\//],
  ])('%s', (_, sql, why) => expect(count(HEAD + sql)).toEqual({ rows: null, unknown: expect.stringMatching(why) }))
})

const value = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom("'", "''", '\\', '),(', ';', '\n', '--', '/*!', '*/', '"', '`', 'DELIMITER ;;\n'),
)

test('any values, cut anywhere', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(value, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 12 }),
      pieces,
      (table, cuts) => {
        const tuple = (row: readonly string[]) =>
          `(${row.map((one) => `'${one.replace(/[\\']/g, '\\$&').replace(/\n/g, '\\n')}'`).join(',')})`
        const plain = (row: readonly string[]) => `(${row.map((one) => `'${one.replaceAll("'", "''")}'`).join(',')})`
        const sql = [
          HEAD,
          `${INSERT} ${table.map(tuple).join(',')};\n`,
          `INSERT INTO \`b\` VALUES\n${table.map(tuple).join(',\n')};\n`,
          "SET sql_mode='NO_BACKSLASH_ESCAPES';\n",
          `INSERT INTO c VALUES ${table.map(plain).join(',')};\n`,
          'INSERT INTO d VALUES (1);\n',
        ].join('')
        const rows = { 'app.a': table.length, 'app.b': table.length, 'app.c': table.length, 'app.d': 1 }
        expect(count(cuts(Buffer.from(sql)))).toEqual({ rows, unknown: null })
      },
    ),
  )
})

test('long strings, with quotes far behind', () => {
  const long = (quotes: string) => `'${'x'.repeat(500)}${quotes}${'y'.repeat(500)}'`
  const sql = Buffer.from(`${HEAD}${INSERT} (${long("\\'),(")}),(${long('\\\\')}),(${long("''")}),(${long('')});\n`)
  const cut = [...Array(7).keys()].flatMap((step) => [sql.subarray(step * 700, step * 700 + 700)])
  expect(count(cut)).toEqual({ rows: { 'app.a': 4 }, unknown: null })
  expect(count([...sql].map((byte) => Buffer.of(byte)))).toEqual({ rows: { 'app.a': 4 }, unknown: null })
})

describe('a row for each INSERT: a statement that begins as the one before', () => {
  const [first, second] = ['INSERT INTO `a` VALUES (1);\n', 'INSERT INTO `a` VALUES (2),(3);\n']
  test.each([
    ['of another database', `${first}USE \`other\`;\n${second}`, { 'app.a': 1, 'other.a': 2 }],
    ['of another table, and back', `${first}INSERT INTO \`b\` VALUES (1);\n${second}`, { 'app.a': 3, 'app.b': 1 }],
    [
      'behind comments',
      `${first}-- x\n/* INSERT INTO \`a\` VALUES (9); */\n/*!40000 ALTER TABLE \`a\` */;\n${second}`,
      { 'app.a': 3 },
    ],
    [
      'with text behind the word',
      'INSERT INTO a (VALUES_) VALUES (1);\nINSERT INTO a (VALUES_) VALUES(2);\n',
      { 'app.a': 2 },
    ],
    [
      'in a routine',
      `${first}DELIMITER ;;\nCREATE PROCEDURE p() BEGIN ${second}${second}END ;;\nDELIMITER ;\n${second}`,
      { 'app.a': 3 },
    ],
    ['in a comment for some servers', `${first}/*!50000 ${first.trim().slice(0, -1)} */;\n${second}`, { 'app.a': 4 }],
  ])('%s', (_, sql, rows) => {
    for (const length of [1, 2, 7, 30, 10_000]) {
      const bytes = Buffer.from(`${HEAD}${sql}`)
      const chunks = Array.from({ length: Math.ceil(bytes.length / length) }, (_, i) =>
        bytes.subarray(i * length, (i + 1) * length),
      )
      const counter = mysqlRows()
      for (const chunk of chunks) counter.count(chunk)
      expect(counter.end(), `${length} bytes a chunk`).toEqual({ rows, unknown: null })
    }
  })
})

test('an INSERT of over 16 MB, in chunks', () => {
  const counter = mysqlRows()
  counter.count(Buffer.from(`${HEAD}INSERT INTO \`a\` VALUES (0,'x')`))
  const rows = Buffer.from(`,(1,'it\\'s),(;'),(2,_binary '${'\\0é'.repeat(30_000)}')`)
  for (let bytes = 0; bytes < 17 << 20; bytes += rows.length)
    for (let at = 0; at < rows.length; at += 65_536) counter.count(rows.subarray(at, at + 65_536))
  counter.count(Buffer.from(';\n'))
  const rounds = Math.ceil((17 << 20) / rows.length)
  expect(counter.end()).toEqual({ rows: { 'app.a': 1 + 2 * rounds }, unknown: null })
})
