/** Copies that cannot be whole, on a real engine: each says what failed, and leaves nothing that could be taken for a copy. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopyHelper } from '../../../src/copy/copyHelper.ts'
import { type CopyRequest, copyVolume } from '../../../src/copy/copyVolume.ts'
import { probeTools } from '../../../src/copy/tools.ts'
import { supportsTwoPasses } from '../../../src/copy/twoPassCopy.ts'
import { inVolume, openTestBench, type TestBench } from '../../support/bench.ts'
import { ATTRIBUTE_TOOLS } from '../../support/debianPackages.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const DESTINATION = '/backup/T/volume/data'
const few = engine.name('few')
const many = engine.name('many')
let gnu: string

const wanted = (over: Partial<CopyRequest> = {}): CopyRequest => ({
  name: 'data',
  source: '/marina/source/0',
  destination: DESTINATION,
  paths: [],
  exclude: [],
  deadlineMs: 100_000,
  ...over,
})

beforeAll(async () => {
  gnu = await engine.debian(ATTRIBUTE_TOOLS)
  await inVolume(
    engine,
    gnu,
    few,
    `mkdir -p a/b/c other; chown 5:6 a; chmod 751 a; printf x >a/b/c/one; ln a/b/c/one other/two; ln -s b a/link
     printf top >top; truncate -s 3M big; dd if=/dev/urandom of=random bs=1M count=3 2>/dev/null; touch -d '2001-01-01Z' a a/b`,
  )
  const fill =
    'for my $d (0..199) { mkdir "d$d"; for my $f (0..99) { open my $h, ">", "d$d/f$f"; print $h "x" x (1 + $f * 30) } }'
  await inVolume(engine, gnu, many, `perl -e '${fill}'`)
})

afterAll(async () => {
  await engine.docker(['volume', 'rm', few, many])
})

/** A listing's output without one path. */
const withoutRecord = (chunk: Buffer, path: string) =>
  Buffer.from(chunk.toString('latin1').replace(new RegExp(`//[^\\n]*\\|\\./${path}\\n`), ''), 'latin1')

describe.each(['GNU', 'BusyBox'])('%s', (tools) => {
  let bench: TestBench
  const open = async (volumes: string[], staging = '', more: string[] = []) => {
    bench = await openTestBench(engine, tools === 'GNU' ? gnu : engine.baseImage, volumes, staging, more)
  }
  const inBench = (script: string) => engine.ok(['exec', bench.container, 'sh', '-c', script])
  const isThere = async () => (await inBench(`ls -d ${DESTINATION} 2>/dev/null || true`)) !== ''
  /** The bench, with something done after each exec whose script matches. */
  const then = (pattern: RegExp, act: () => Promise<unknown>): CopyHelper => ({
    ...bench,
    exec: async (request) => {
      const result = await bench.exec(request)
      if (pattern.test(request.script)) await act()
      return result
    },
  })
  const killing = (what: string) =>
    inBench(
      `until [ -n "$done" ]; do for p in /proc/[0-9]*; do c=; read -r c <$p/comm 2>/dev/null || continue; if [ "$c" = ${what} ]; then kill -9 \${p#/proc/} && done=1; fi; done; done 2>/dev/null`,
    )

  describe('a small volume', () => {
    beforeAll(() => open([few]))
    afterAll(() => bench.remove())

    test('paths: the directories above with their owners, hard links across paths, and nothing else', async () => {
      const copied = await copyVolume(bench, wanted({ paths: ['a/b/c', 'other'] }))
      expect(copied).toMatchObject({ files: 2, bytes: 1, warnings: bench.tools.warnings })
      const found = "find . | sort | xargs stat -c '%n %F %a %u:%g %Y'"
      const original = (await inBench(`cd /marina/source/0; ${found}`)).split('\n')
      const expected = original.filter((line) =>
        /^\.(\/a|\/a\/b|\/a\/b\/c|\/a\/b\/c\/one|\/other|\/other\/two)? /.test(line),
      )
      expect((await inBench(`cd ${DESTINATION}; ${found}`)).split('\n')).toEqual(expected)
      expect(await inBench(`cd ${DESTINATION}; [ a/b/c/one -ef other/two ] && echo linked`)).toBe('linked')
    })

    test.each([
      ['missing/one', 'path "missing/one" does not exist in volume data'],
      ['a/link', 'is a symbolic link'],
      ['a/link/c', 'leads through the symbolic link "a/link"'],
    ])('path %s is refused', async (path, message) => {
      await expect(copyVolume(bench, wanted({ destination: '/backup/refused', paths: [path] }))).rejects.toThrow(
        message,
      )
      await expect(inBench('ls /backup/refused')).rejects.toThrow('No such file')
    })

    test('a file that is short without having changed', async () => {
      const shortened = then(/cp -a/, () => inBench(`truncate -s 1 ${DESTINATION}/top`))
      await expect(copyVolume(shortened, wanted())).rejects.toThrow(
        'the copy of volume data is not whole: "top" has 1 bytes where its original has 3',
      )
      expect(await isThere()).toBe(false)
    })

    test('a file that appeared in the copy by itself', async () => {
      const added = then(/cp -a/, () =>
        inBench(`touch ${DESTINATION}/a/more; touch -r /marina/source/0/a ${DESTINATION}/a`),
      )
      await expect(copyVolume(added, wanted())).rejects.toThrow('"a/more" is in the copy only')
    })

    test('a file that came while its directory was listed is a change', async () => {
      // as if find had looked before it came, and stat after that
      const late: CopyHelper = {
        ...bench,
        exec: (asked) =>
          bench.exec({
            ...asked,
            ...(asked.script.includes('find=') && asked.args?.[0] === '/marina/source/0' && asked.onStdout
              ? { onStdout: (chunk) => asked.onStdout?.(withoutRecord(chunk, 'top')) }
              : {}),
          }),
      }
      const { warnings } = await copyVolume(late, wanted())
      expect(warnings[0]).toMatch(/^1 file or directory changed while they were copied, such as "top"/)
    })

    test('what changed while a live copy ran is a warning; while stopped, a failure', async () => {
      const peer = ['run', '--rm', '-v', `${few}:/v`, engine.baseImage, 'sh', '-c']
      const changing = () => then(/stat -f/, () => engine.ok([...peer, 'echo more >>/v/top; touch /v/new']))
      const { warnings } = await copyVolume(changing(), wanted())
      expect(warnings[0]).toMatch(/^\d files and directories changed while they were copied, such as "(top|new)"/)
      await engine.ok([...peer, 'rm /v/new'])
      await expect(copyVolume(changing(), wanted({ live: false }))).rejects.toThrow(
        /^the copy of volume data is not whole: .* and \d more differ/,
      )
      await engine.ok([...peer, 'printf top >/v/top; rm /v/new'])
    })

    test('an empty volume, unless that is meant', async () => {
      const empty = engine.name('empty')
      const own = await openTestBench(engine, engine.baseImage, [empty])
      await expect(copyVolume(own, wanted())).rejects.toThrow('volume data is empty: set "allowEmpty: true"')
      expect(await copyVolume(own, wanted({ allowEmpty: true }))).toMatchObject({ files: 0, bytes: 0 })
      await own.remove()
      await engine.ok(['volume', 'rm', empty])
    })
  })

  test('something mounted within the volume is refused', async () => {
    const volume = engine.name('outer')
    await inVolume(engine, gnu, volume, 'mkdir inner; echo x >y')
    await open([], '', ['-v', `${volume}:/marina/source/0`, '-v', `${few}:/marina/source/0/inner`])
    // two volumes of one disk have one device: a tmpfs stands for another
    await bench.remove()
    await open([], '', ['-v', `${volume}:/marina/source/0`, '--tmpfs', '/marina/source/0/inner'])
    await expect(copyVolume(bench, wanted())).rejects.toThrow('"inner" in volume data lies on another device')
    expect(await copyVolume(bench, wanted({ exclude: ['inner'] }))).toMatchObject({ files: 1 })
    await bench.remove()
    await engine.ok(['volume', 'rm', volume])
  })

  describe('a small disk', () => {
    const small = engine.name('small')
    beforeAll(async () => {
      await engine.ok([
        'volume',
        'create',
        ...['type=tmpfs', 'device=tmpfs', 'o=size=8m'].flatMap((o) => ['--opt', o]),
        small,
      ])
      await open([few], small)
    })
    afterAll(async () => {
      await bench.remove()
      await engine.ok(['volume', 'rm', small])
    })

    test('no room: refused before anything is copied', async () => {
      await inBench('dd if=/dev/zero of=/backup/filler bs=1M count=7 2>/dev/null')
      await expect(copyVolume(bench, wanted())).rejects.toThrow(/^no room to copy volume data: it takes .* MB/)
      await inBench('rm /backup/filler')
    })

    test('full while it copies', async () => {
      const filled = then(/stat -f/, () => inBench('dd if=/dev/zero of=/backup/filler bs=1M count=6 2>/dev/null'))
      await expect(copyVolume(filled, wanted())).rejects.toThrow(
        /^the copy of volume data failed: cp: .*No space left on device$/,
      )
      expect(await isThere()).toBe(false)
      await inBench('rm /backup/filler')
    })

    test('a source in memory is not for two passes, one on disk is', async () => {
      expect(await supportsTwoPasses(bench, { name: 'data', source: '/backup' })).toEqual({
        ok: false,
        why: 'its file system (tmpfs) is not ext4, xfs or btrfs',
      })
      expect(await supportsTwoPasses(bench, { name: 'data', source: '/marina/source/0' })).toEqual({ ok: true })
    })
  })

  describe('20,000 files', () => {
    beforeAll(() => open([many]))
    afterAll(() => bench.remove())

    test.each([
      ['whole', []],
      ['by a list', ['/d7/f7']],
    ])('%s: fast, and no process a file', async (_, exclude) => {
      // numbers are given out in turn within the container
      const nextProcess = async () => Number(await inBench('echo $$'))
      const before = await nextProcess()
      const { files } = await copyVolume(bench, wanted({ exclude }))
      expect(files).toBe(20_000 - exclude.length)
      expect(await nextProcess()).toBeLessThan(before + 1000)
      await inBench(`rm -rf ${DESTINATION}`)
    })

    test('cp killed half way', async () => {
      const copy = copyVolume(bench, wanted())
      const failed = expect(copy).rejects.toThrow(/^the copy of volume data failed: /)
      await killing('cp')
      await failed
      expect(await isThere()).toBe(false)
    })

    test('cancelled: nothing goes on in the helper', async () => {
      const controller = new AbortController()
      const copy = copyVolume(bench, wanted({ signal: controller.signal }))
      const cancelled = expect(copy).rejects.toThrow('cancelled')
      await inBench(`until [ -d ${DESTINATION}/d3 ]; do sleep 0.1; done`)
      controller.abort()
      await cancelled
      const running = await inBench('for p in /proc/[0-9]*; do c=; read -r c <$p/comm 2>/dev/null; echo "$c"; done')
      expect(running.split('\n')).not.toContain('cp')
      await inBench(`rm -rf ${DESTINATION}`)
    })

    test('past its deadline', async () => {
      const hasty: CopyHelper = {
        ...bench,
        exec: (request) => bench.exec(/cp -a/.test(request.script) ? { ...request, deadlineMs: 300 } : request),
      }
      await expect(copyVolume(hasty, wanted())).rejects.toThrow(
        'the copy of volume data failed: it was ended after 0 s',
      )
      expect(await isThere()).toBe(false)
    })

    test('the helper killed half way', async () => {
      const own = await openTestBench(engine, tools === 'GNU' ? gnu : engine.baseImage, [many])
      const copy = copyVolume(own, wanted())
      const failed = expect(copy).rejects.toThrow(/^the copy of volume data failed: it was cut off/)
      await engine.ok(['exec', own.container, 'sh', '-c', `until [ -d ${DESTINATION}/d3 ]; do sleep 0.1; done`])
      await engine.ok(['kill', own.container])
      await failed
      await own.remove()
    })
  })
})

test('a helper without the tools says which are missing', async () => {
  const bench = await openTestBench(engine, gnu, [])
  await engine.ok(['exec', bench.container, 'rm', '/usr/bin/find', '/usr/bin/xargs'])
  expect(await probeTools(bench.exec)).toEqual({ ok: false, missing: ['find', 'xargs'] })
  await bench.remove()
})

test('a path that is longer than the tools can take is one short sentence', async () => {
  const helper = await openTestBench(engine, gnu, [few])
  const deep =
    'my $n = "directory-" x 20; mkdir "/deep"; chdir "/deep"; for (1..25) { mkdir $n or die $!; chdir $n or die $! } open my $h, ">", "file"'
  await engine.ok(['exec', helper.container, 'perl', '-e', deep])
  const error = await copyVolume(helper, wanted({ source: '/deep' })).then(
    () => null,
    (reason: Error) => reason,
  )
  await helper.remove()
  expect(error?.message).toMatch(/^volume data could not be listed: stat: .*….*directory-': File name too long$/)
  expect(error?.message.length).toBeLessThan(500)
})
