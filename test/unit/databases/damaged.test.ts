/** Every form of dump, damaged at each of its bytes and cut at each length: a check never throws and never hangs, and says what the form can show. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import type { DumpCheck } from '../../../src/databases/engineContract.ts'
import { guarded } from '../../../src/databases/formats/guard.ts'
import { mongoArchive } from '../../../src/databases/formats/mongoArchive.ts'
import { customArchive, tarArchive } from '../../../src/databases/formats/pgArchive.ts'
import { rdbFile } from '../../../src/databases/formats/rdb.ts'
import { checkByForm, textWithEnd } from '../../../src/databases/formats/text.ts'

const real = (name: string) => readFileSync(join(import.meta.dirname, 'fixtures', name))
const text = () => textWithEnd({ missing: 'no end', ends: (tail) => tail.trimEnd().endsWith('-- Dump completed') })
const SQL = Buffer.from("INSERT INTO a VALUES (1), (2), ('three');\n-- Dump completed\n")

/** The verdict. A check that hangs ends its test by the time limit. */
async function judge(check: DumpCheck, dump: Buffer): Promise<string | null> {
  const half = dump.length >> 1
  await check.pass(dump.subarray(0, half))
  await check.pass(dump.subarray(half))
  return (await check.end()).missing
}

const DAMAGES: readonly (readonly [string, (byte: number) => number])[] = [
  ['turned', (byte) => byte ^ 0xff],
  ['zeroed', () => 0],
  ['all ones', () => 0xff],
]

function* damaged(dump: Buffer): Generator<{ readonly what: string; readonly at: number; readonly dump: Buffer }> {
  for (let at = 0; at < dump.length; at++) {
    for (const [what, change] of DAMAGES) {
      const copy = Buffer.from(dump)
      copy[at] = change(dump[at] ?? 0)
      if (copy[at] !== dump[at]) yield { what: `byte ${at} ${what}`, at, dump: copy }
    }
  }
}

/** A gzip header's time, compression hint and system, and one of its flags, mean nothing for the data. */
const GZIP_HEADER = [3, 4, 5, 6, 7, 8, 9]
/** In an archive of mongodump the checksums are of the documents: here each begins with its size and an `_id`, and is 45 bytes long. */
const MONGO_DATA = new Set<number>()
for (let at = 0, dump = real('mongo.archive'); ; ) {
  at = dump.indexOf('\x07_id\0', at + 1)
  if (at < 0) break
  for (let i = at - 4; i < at + 41; i++) MONGO_DATA.add(i)
}

const FORMS: {
  readonly what: string
  readonly check: () => DumpCheck
  readonly dump: Buffer
  /** Where damage shows for certain: everywhere but at these places. `null`: the form has no checksum. */
  readonly unseen: ((at: number) => boolean) | null
}[] = [
  { what: 'SQL', check: text, dump: SQL, unseen: null },
  { what: 'SQL, gzip', check: () => checkByForm(text), dump: gzipSync(SQL), unseen: (at) => GZIP_HEADER.includes(at) },
  { what: 'an RDB file', check: rdbFile, dump: real('valkey-8.rdb'), unseen: () => false },
  {
    what: 'an RDB file with the mark of its transfer',
    check: rdbFile,
    dump: real('redis-8-marked.rdb'),
    unseen: (at) => at >= real('redis-8-marked.rdb').length - 40,
  },
  {
    what: 'an archive of mongodump',
    check: mongoArchive,
    dump: real('mongo.archive'),
    unseen: (at) => !MONGO_DATA.has(at),
  },
  {
    what: 'an archive of mongodump, gzip',
    check: () => checkByForm(mongoArchive),
    dump: real('mongo.archive.gz'),
    unseen: (at) => GZIP_HEADER.includes(at),
  },
  { what: 'a custom archive of pg_dump 17', check: customArchive, dump: real('postgres-17-schema.dump'), unseen: null },
  { what: 'a custom archive of pg_dump 15', check: customArchive, dump: real('postgres-15.dump'), unseen: null },
  { what: 'a tar archive of pg_dump', check: tarArchive, dump: real('postgres-17.tar'), unseen: null },
]

describe.each(FORMS)('$what', ({ check, dump, unseen }) => {
  test('is whole', async () => {
    expect(await judge(check(), dump)).toBeNull()
  })

  test('never makes its check throw or hang, damaged at any byte, and shows the damage where it has a checksum', async () => {
    const believed: string[] = []
    for (const one of damaged(dump)) {
      const missing = await judge(guarded(check()), one.dump)
      if (missing === null && unseen !== null && !unseen(one.at)) believed.push(one.what)
    }
    expect(believed).toEqual([])
  })

  test('never makes its check throw or hang, cut at any length', async () => {
    for (let length = 0; length < dump.length; length++)
      expect([null, expect.any(String)]).toContainEqual(await judge(guarded(check()), dump.subarray(0, length)))
  })
})

test('a tar archive shows damage in every header, and what goes on behind its end', async () => {
  const dump = real('postgres-17.tar')
  // a checksum ends with a zero and a space, which say nothing
  const telling = [...damaged(dump.subarray(0, 512))].filter(({ at }) => at !== 154 && at !== 155)
  for (const one of telling)
    expect(await judge(tarArchive(), Buffer.concat([one.dump, dump.subarray(512)])), one.what).not.toBeNull()
  expect(await judge(tarArchive(), Buffer.concat([dump, Buffer.from('pg_dump: error')]))).toMatch(/goes on/)
})

test.each([
  ['what a check throws', () => Promise.reject(new RangeError('The value of "offset" is out of range'))],
  ['what a check throws that is no error', () => Promise.reject('odd')],
])('%s means that the dump is not whole, and its bytes are passed on', async (_, broken) => {
  const chunk = Buffer.from('bytes')
  const inPass = guarded({ pass: broken, end: async () => ({ rest: chunk, missing: null }) })
  expect(await inPass.pass(chunk)).toBe(chunk)
  expect(await inPass.pass(chunk)).toBe(chunk)
  expect(await inPass.end()).toEqual({ rest: Buffer.alloc(0), missing: expect.stringMatching(/^it cannot be read as/) })
  const atEnd = guarded({ pass: (one) => one, end: broken })
  expect((await atEnd.end()).missing).toMatch(/^it cannot be read as/)
})

test('gzip that is damaged while much of it is still to come never hangs', async () => {
  const dump = gzipSync(Buffer.from(Array.from({ length: 400_000 }, () => Math.floor(Math.random() * 256))))
  dump.fill(0xff, 1000, 1100)
  const check = checkByForm(text)
  for (let at = 0; at < dump.length; at += 8192) await check.pass(dump.subarray(at, at + 8192))
  expect((await check.end()).missing).toMatch(/^its gzip stream is cut or damaged/)
})
