import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { lastWritten } from '../../../src/format.ts'
import { type LogSink, openLog } from '../../../src/log/instanceLog.ts'
import { cutLog } from '../../../src/log/truncate.ts'
import { createRedactor } from '../../../src/secrets/redaction.ts'
import { cpuTime } from '../../support/cpuTime.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'marina-log-'))
})
afterEach(() => rm(folder, { recursive: true }))

async function logOf(
  use: (log: LogSink) => Promise<void>,
  options: { secrets?: string[]; path?: string; now?: () => Date; showsOutput?: boolean } = {},
) {
  const live: string[] = []
  const log = await openLog({
    path: options.path ?? join(folder, 'logs', 'a.log'),
    redactor: createRedactor(options.secrets ?? []),
    live: async (lines) => void live.push(...lines.toString().slice(0, -1).split('\n')),
    now: options.now ?? (() => new Date('2026-11-24T18:00:00.123Z')),
    ...(options.showsOutput === undefined ? {} : { showsOutput: options.showsOutput }),
  })
  await use(log)
  await log.end()
  await log.end()
  return { log, live, text: (await stat(log.path)).isFile() ? await readFile(log.path, 'utf8') : '' }
}

describe('the log', () => {
  test('where strangers look on, shows our own lines alone; the file and the last lines hold all', async () => {
    const { log, live, text } = await logOf(
      async (sink) => {
        await sink.write('marina', 'copy 1.2 s')
        await sink.write('out', 'a name\nhalf')
        await sink.write('err', 'a cause\n')
      },
      { showsOutput: false },
    )
    expect(live).toEqual(['copy 1.2 s'])
    for (const line of ['--- copy 1.2 s', 'out a name', 'err a cause', 'out half']) expect(text).toContain(line)
    expect(log.tail()).toEqual(['a name', 'a cause', 'half'])
  })

  test('tells stdout, stderr and our own lines apart, each line whole', async () => {
    const { text, live } = await logOf(async (log) => {
      await log.write('out', 'half a ')
      await log.write('err', 'oh\n')
      await log.write('marina', 'copy 1.2 s')
      await log.write('out', 'line\nand no newline')
    })
    expect(text.split('\n')).toEqual([
      '2026-11-24T18:00:00.123Z err oh',
      '2026-11-24T18:00:00.123Z --- copy 1.2 s',
      '2026-11-24T18:00:00.123Z out half a line',
      '2026-11-24T18:00:00.123Z out and no newline',
      '',
    ])
    expect(live).toEqual(['oh', 'copy 1.2 s', 'half a line', 'and no newline'])
  })

  test('a secret is in neither view, also over a chunk border and a line end', async () => {
    const secrets = ['hunter22', 'first line\nsecond line']
    const { text, live, log } = await logOf(
      async (log) => {
        await log.write('out', 'my hunt')
        await log.write('out', 'er22\nfirst line\nsecond line\n')
        await log.write('marina', 'said hunter22')
      },
      { secrets },
    )
    for (const view of [text, live.join('\n'), log.tail().join('\n')]) {
      expect(view).not.toMatch(/hunt|er22|first|second/)
      expect(view).toContain('my ***')
    }
  })

  test('a line over 16 KiB is broken and the pieces are told', async () => {
    const { text } = await logOf((log) => log.write('out', `${'x'.repeat(40_000)}\nnext\n`))
    const lines = text.trimEnd().split('\n')
    expect(lines.map((line) => line.slice(25, 30))).toEqual(['out x', 'out+ ', 'out+ ', 'out n'])
    expect(lines.join('').match(/x/g)?.length).toBe(40_000 + 1)
  })

  test('progress: the file holds all, the live view one a second and the last', async () => {
    let ms = 0
    const { text, live } = await logOf(
      async (log) => {
        for (let i = 0; i < 35; i++, ms += 100) await log.write('out', `${i}%\r`)
      },
      { now: () => new Date(ms) },
    )
    expect(text.trimEnd().split('\n')).toHaveLength(35)
    expect(live).toEqual(['0%', '10%', '20%', '30%', '34%'])
  })

  test('the tail shows of a progress line what a terminal would', () => {
    expect(['10%\r50%\r100%', 'done\r', '\r', 'plain', '50%\r   '].map(lastWritten)).toEqual([
      '100%',
      'done',
      '',
      'plain',
      '50%',
    ])
  })

  test('the tail: the last 50 lines, nothing in them that acts on a terminal', async () => {
    const { log } = await logOf(async (log) => {
      for (let i = 0; i < 500; i++) await log.write('out', `line ${i}\n`)
      await log.write('err', '\x1b[31mred\x1b[0m \x1b]0;title\x07bell\x07 nul\0 \u202eturned\n')
    })
    expect(log.tail()).toHaveLength(50)
    expect(log.tail()[0]).toBe('line 451')
    expect(log.tail().at(-1)).toBe('red bell\ufffd nul\ufffd turned')
  })

  test('the tail hides a secret that was coloured half way', async () => {
    const { log } = await logOf((log) => log.write('out', 'pw \x1b[1mhunt\x1b[0mer22\n'), { secrets: ['hunter22'] })
    expect(log.tail()).toEqual(['pw ***'])
  })

  test('a disk that takes nothing does not end the backup, and is told once', async () => {
    const { live, log } = await logOf(
      async (log) => {
        await log.write('out', 'one\n')
        await log.write('out', 'two\n')
      },
      { path: '/dev/full' },
    )
    expect(log.problem).toMatch(/^The log file \/dev\/full could not be written \(ENOSPC/)
    expect(live).toEqual([`--- ${log.problem}`, 'one', 'two'])
  })

  test('write waits for the live view', async () => {
    let release = () => {}
    const log = await openLog({
      path: join(folder, 'a.log'),
      redactor: createRedactor([]),
      live: () => new Promise((resolve) => (release = resolve)),
    })
    let taken = false
    const write = log.write('out', 'a\n').then(() => (taken = true))
    while ((await stat(log.path)).size === 0) await new Promise(setImmediate)
    await new Promise(setImmediate)
    expect(taken).toBe(false)
    release()
    await write
    await log.end()
  })

  test('40 MB without a newline in one chunk: no slower with its length, and whole', async () => {
    const log = await openLog({
      path: join(folder, 'a.log'),
      redactor: createRedactor(['hunter22']),
      live: async () => {},
    })
    const took = cpuTime()
    await log.write('out', Buffer.alloc(40_000_000, 'x'))
    await log.end()
    expect(took()).toBeLessThan(4000) // 0.4 s on a quiet machine
    const pieces = Math.ceil(40_000_000 / 16384)
    expect((await stat(log.path)).size).toBe(40_000_000 + pieces * '2026-11-24T18:00:00.123Z out+ \n'.length - 1)
  })

  test('20 MB of lines are all there', async () => {
    const log = await openLog({
      path: join(folder, 'a.log'),
      redactor: createRedactor(['hunter22']),
      live: async () => {},
    })
    const chunk = Buffer.from(`${'y'.repeat(99)}\n`.repeat(655))
    let bytes = 0
    for (; bytes < 20e6; bytes += chunk.length) await log.write('err', chunk)
    await log.end()
    expect((await stat(log.path)).size).toBe((bytes / 100) * 129)
  })
})

describe('the copy for the artifact', () => {
  const line = (i: number) => `2026-11-24T18:00:00.123Z out line ${i}\n`

  test('a short log is copied', async () => {
    await writeFile(join(folder, 'a'), line(1))
    await cutLog(join(folder, 'a'), join(folder, 'b'))
    expect(await readFile(join(folder, 'b'), 'utf8')).toBe(line(1))
  })

  test('a long one keeps head and tail, in whole lines, and says what is missing', async () => {
    const lines = Array.from({ length: 9000 }, (_, i) => line(i))
    await writeFile(join(folder, 'a'), lines.join(''))
    await cutLog(join(folder, 'a'), join(folder, 'b'), 50_000)
    const cut = (await readFile(join(folder, 'b'), 'utf8')).split(/(?<=\n)/)
    expect(cut.join('').length).toBeLessThanOrEqual(50_000)
    expect(cut.join('').length).toBeGreaterThan(49_600)
    const note = cut.findIndex((text) => text.startsWith('--- '))
    expect(cut[note]).toBe('--- 300 kB of 350 kB were cut out here: the whole log is in log-directory on the runner\n')
    expect(cut.slice(0, note)).toEqual(lines.slice(0, note))
    expect(cut.slice(note + 1)).toEqual(lines.slice(-(cut.length - note - 1)))
  })
})
