import { describe, expect, test } from 'vitest'
import { type Manifest, manifest, parseManifest } from '../../../src/container/manifest.ts'

const HASH = 'a'.repeat(64)
const container = { name: 'app', image: 'app:1', imageId: 'sha256:1', digest: null }
const whole: Manifest = {
  version: 1,
  instance: 'i',
  host: 'nas',
  timestamp: '20260102-030405',
  layout: 'timestamp',
  runUrl: null,
  targets: [
    {
      kind: 'volume',
      name: 'data',
      path: 'volume/data',
      staging: 'copy',
      paths: [],
      exclude: ['*.tmp'],
      files: 2,
      bytes: 10,
      live: false,
      listing: { path: 'listings/data.txt', sha256: HASH, entries: 3, contents: true },
      driver: 'local',
      options: {},
      containers: [container],
      warnings: [],
    },
    {
      kind: 'db',
      name: 'pg',
      path: 'db/pg',
      engine: 'postgres',
      tool: 'pg_dumpall',
      toolVersion: 'pg_dumpall (PostgreSQL) 17.2',
      files: [
        {
          path: 'db/pg/dump.sql',
          bytes: 7,
          sha256: HASH,
          database: null,
          rows: { 'app.public.a': 3 },
          rowsUnknown: null,
        },
      ],
      server: {
        version: '17.2',
        settings: { server_encoding: 'UTF8' },
        databases: [{ name: 'app', settings: { encoding: 'UTF8' }, extensions: [{ name: 'plpgsql', version: '1.0' }] }],
        roles: ['app'],
      },
      containers: [container],
      warnings: [],
    },
  ],
  failed: [{ kind: 'volume', name: 'gone', error: 'volume "gone" does not exist' }],
}

test('what was written is read again', () => {
  const { version, ...input } = whole
  expect(parseManifest(manifest(input).toString())).toEqual({ version, ...input })
})

test('a manifest of an earlier release is read, and keys that are not known are left out', () => {
  const [volume, db] = structuredClone(whole.targets) as unknown as Record<string, unknown>[]
  const { live: _, listing: __, ...oldVolume } = volume ?? {}
  const { server: ___, ...oldDb } = db ?? {}
  const files = [{ path: 'db/pg/dump.sql', bytes: 7, sha256: HASH, database: null, later: 1 }]
  const old = { ...whole, targets: [oldVolume, { ...oldDb, files }], later: true }
  expect(parseManifest(JSON.stringify(old))).toMatchObject({
    targets: [
      { live: false, listing: null },
      { server: null, files: [{ rows: null, rowsUnknown: expect.stringMatching(/counts no rows/) }] },
    ],
  })
  expect(parseManifest(JSON.stringify(old))).not.toHaveProperty('later')
})

describe('what is no manifest', () => {
  test.each([
    ['no JSON', '{"version": 1,', /manifest.json is no JSON/],
    ['something else', '[]', /is not one that Marina wrote/],
    ['another version', JSON.stringify({ ...whole, version: 2 }), /is not one that Marina wrote: version: /],
    [
      'a path that is no text',
      JSON.stringify({ ...whole, targets: [{ ...whole.targets[0], path: 1 }] }),
      /targets.0.path: /,
    ],
    ['negative rows', JSON.stringify(whole).replace('"app.public.a":3', '"app.public.a":-3'), /rows.app.public.a: /],
  ])('%s', (_, text, message) => expect(() => parseManifest(text)).toThrow(message))
})
