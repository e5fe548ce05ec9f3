/** The small languages inside values: durations, paths, mounts. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseDuration } from '../../../src/config/values/duration.ts'
import { parseMount } from '../../../src/config/values/mounts.ts'
import { normalisePaths } from '../../../src/config/values/paths.ts'
import { isRetention } from '../../../src/config/values/retention.ts'

describe('durations', () => {
  test.each`
    text       | ms
    ${'30s'}   | ${30_000}
    ${'5m'}    | ${300_000}
    ${'1h30m'} | ${5_400_000}
    ${'1.5h'}  | ${5_400_000}
    ${'.5m'}   | ${30_000}
    ${'1.m'}   | ${60_000}
    ${'1d12h'} | ${129_600_000}
    ${'100ms'} | ${100}
    ${'1µs'}   | ${0.001}
    ${'0'}     | ${0}
    ${'0s'}    | ${0}
    ${''}      | ${null}
    ${'5'}     | ${null}
    ${'5 m'}   | ${null}
    ${' 5m'}   | ${null}
    ${'-5m'}   | ${null}
    ${'5M'}    | ${null}
    ${'m'}     | ${null}
    ${'.m'}    | ${null}
    ${'5m3'}   | ${null}
    ${'1e3s'}  | ${null}
    ${'never'} | ${null}
  `('$text is $ms', ({ text, ms }) => {
    expect(parseDuration(text)).toBe(ms)
  })

  test('whole numbers of units add up', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(50), fc.nat(100), fc.nat(100), (d, h, m, s) => {
        expect(parseDuration(`${d}d${h}h${m}m${s}s`)).toBe((((d * 24 + h) * 60 + m) * 60 + s) * 1000)
      }),
    )
  })

  test('endless digits are no duration', () => {
    expect(parseDuration(`${'9'.repeat(400)}h`)).toBe(null)
  })
})

describe('paths', () => {
  test.each`
    given                           | paths
    ${[]}                           | ${[]}
    ${['/']}                        | ${[]}
    ${['.']}                        | ${[]}
    ${['/data', 'config/']}         | ${['config', 'data']}
    ${['./a//b/./c']}               | ${['a/b/c']}
    ${['a', 'a/b', 'a/b/c']}        | ${['a']}
    ${['a/b', 'a', 'ab']}           | ${['a', 'ab']}
    ${['a-b', 'a', 'a/c']}          | ${['a', 'a-b']}
    ${['a', '/']}                   | ${[]}
    ${['-rf', ' x ', '...', '..a']} | ${[' x ', '-rf', '...', '..a']}
  `('$given', ({ given, paths }) => {
    expect(normalisePaths(given)).toEqual({ paths, problems: [] })
  })

  test('what leads out, and what is nothing', () => {
    const { problems } = normalisePaths(['ok', '..', 'a/../b', '', 'a\0b'])
    expect(problems.map(({ index, message }) => `${index}: ${message}`)).toEqual([
      '1: ".." leads out of the volume: ".." is not taken',
      '2: "a/../b" leads out of the volume: ".." is not taken',
      '3: a path must not be empty: write "/" for the whole volume',
      '4: a path must not hold a NUL character',
    ])
  })

  test('every given path is covered by exactly one of the result, and none leads out', () => {
    const path = fc
      .array(fc.constantFrom('a', 'b', 'ab', '.', '', 'c d'), { minLength: 1, maxLength: 4 })
      .map((parts) => parts.join('/'))
      .filter((text) => text !== '')
    fc.assert(
      fc.property(fc.array(path, { minLength: 1, maxLength: 6 }), (given) => {
        const { paths } = normalisePaths(given)
        for (const one of given) {
          const clean = one
            .split('/')
            .filter((part) => part !== '' && part !== '.')
            .join('/')
          const covering = paths.filter((other) => clean === other || clean.startsWith(`${other}/`))
          expect(covering).toHaveLength(paths.length === 0 ? 0 : 1)
        }
        expect(normalisePaths(paths).paths).toEqual(paths)
      }),
    )
  })
})

describe('mounts', () => {
  test.each`
    text                                            | mount
    ${'/nas:/mnt'}                                  | ${{ type: 'bind', source: '/nas', target: '/mnt', readonly: false }}
    ${'/nas:/mnt:ro'}                               | ${{ type: 'bind', source: '/nas', target: '/mnt', readonly: true }}
    ${'cache:/cache:rw'}                            | ${{ type: 'volume', source: 'cache', target: '/cache', readonly: false }}
    ${'c:/cache'}                                   | ${{ type: 'volume', source: 'c', target: '/cache', readonly: false }}
    ${'type=bind,src=/mnt/nas,dst=/nas,readonly'}   | ${{ type: 'bind', source: '/mnt/nas', target: '/nas', readonly: true }}
    ${'type=bind,source=/a=b,target=/c,ro=0'}       | ${{ type: 'bind', source: '/a=b', target: '/c', readonly: false }}
    ${'src=cache,destination=/cache,readonly=true'} | ${{ type: 'volume', source: 'cache', target: '/cache', readonly: true }}
    ${'type=tmpfs,dst=/tmp'}                        | ${{ type: 'tmpfs', source: null, target: '/tmp', readonly: false }}
    ${'/nas:/backups'}                              | ${{ type: 'bind', source: '/nas', target: '/backups', readonly: false }}
    ${'/x:/backup.sh:ro'}                           | ${{ type: 'bind', source: '/x', target: '/backup.sh', readonly: true }}
  `('$text', ({ text, mount }) => {
    expect(parseMount(text)).toEqual({ ok: true, mount })
  })

  test.each(['/nas:/backup', '/nas://backup/', '/nas:/./backup/x', 'type=tmpfs,dst=/backup/x', '/nas:/a/../backup'])(
    '%s would hide the data',
    (text) => {
      expect(parseMount(text)).toMatchObject({ ok: false })
    },
  )

  test('whatever is taken lies outside /backup and needs no quoting', () => {
    const piece = fc.constantFrom(
      '/',
      'backup',
      'nas',
      ':',
      ',',
      '..',
      '.',
      'type=bind',
      'src=',
      'dst=',
      'ro',
      '"',
      '\n',
      ' ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const result = parseMount(pieces.join(''))
        if (!result.ok) return
        const { source, target } = result.mount
        expect(new URL(`file://${encodeURI(target)}`).pathname.replace(/\/+/g, '/')).not.toMatch(/^\/backup(\/|$)/)
        expect(`${source}${target}`).not.toMatch(/[",\n]/)
      }),
      { numRuns: 3000 },
    )
  })
})

test.each`
  text                 | isOne
  ${'7d:4w:6m'}        | ${true}
  ${'24h:7d:4w:6m:2y'} | ${true}
  ${'30d'}             | ${true}
  ${'0d:4w'}           | ${true}
  ${'6m:4w'}           | ${true}
  ${'7d::6m'}          | ${true}
  ${'7'}               | ${true}
  ${'7:4:6'}           | ${true}
  ${'7:4:6:1'}         | ${false}
  ${'7d:4'}            | ${false}
  ${'7d:3d'}           | ${false}
  ${'0d:0w'}           | ${false}
  ${'0'}               | ${false}
  ${''}                | ${false}
  ${':'}               | ${false}
  ${'7D'}              | ${false}
  ${'7 d'}             | ${false}
  ${'7d, 4w'}          | ${false}
  ${'-7d'}             | ${false}
  ${'1.5d'}            | ${false}
  ${'7s'}              | ${false}
  ${'seven days'}      | ${false}
  ${'keep everything'} | ${false}
  ${'9999999d'}        | ${false}
`('retention "$text": $isOne', ({ text, isOne }) => {
  expect(isRetention(text)).toBe(isOne)
})
