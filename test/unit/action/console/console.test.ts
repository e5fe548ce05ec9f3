import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { looksLikeCommand } from '../../../../src/action/console/commands.ts'
import { createConsole } from '../../../../src/action/console/console.ts'
import { createRedactor } from '../../../../src/secrets/redaction.ts'
import { readAsRunner } from '../runner-model.ts'

const child = fileURLToPath(new URL('../fixtures/console-child.ts', import.meta.url))
let temp: string
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'marina-console-'))
})
afterEach(() => rm(temp, { recursive: true }))

function start(script: readonly (readonly unknown[])[]): ChildProcess {
  return spawn(process.execPath, [child, temp, JSON.stringify(script)], { stdio: ['ignore', 'pipe', 'pipe'] })
}

/** The step's whole output, read by a real pipe. */
async function step(script: readonly (readonly unknown[])[]): Promise<string> {
  const running = start(script)
  const chunks: Buffer[] = []
  running.stdout?.on('data', (chunk) => chunks.push(chunk))
  const errors: Buffer[] = []
  running.stderr?.on('data', (chunk) => errors.push(chunk))
  const [code] = await once(running, 'close')
  expect(`${code} ${Buffer.concat(errors)}`).toMatch(/^0 largest/)
  return Buffer.concat(chunks).toString()
}

const shownBy = (output: string) => readAsRunner(output).shown
const actedBy = (output: string) => readAsRunner(output).obeyed.map((c) => `${c.name} ${c.data}`.trim())

const ATTACKS = [
  '::set-output name=a::b',
  '  ::add-mask::e',
  'log ##[add-mask]e',
  '##[error]no',
  '::stop-commands::x',
  '::marina-0::',
  '::endgroup::',
  'progress\r::warning::boo',
  'two\n::error::lines',
  '\u200b::error::zero width',
  ':\u00ad:error::soft hyphen',
]

describe('sections', () => {
  test('a section is a group, and nothing in it acts', async () => {
    const output = await step([
      ['section', 'db: 100%'],
      ...ATTACKS.map((text) => ['line', 'db: 100%', text]),
      ['line', 'db: 100%', 'no newline'],
      ['end', 'db: 100%'],
      ['info', 'after'],
    ])
    expect(actedBy(output)).toEqual(['group db: 100%', 'endgroup'])
    const said = ATTACKS.flatMap((text) => text.replace('##[', '##\\[').split(/[\r\n]/))
    expect(shownBy(output)).toEqual([...said, 'no newline', 'after'])
    expect(readAsRunner(output).stopped).toBe(false)
  })

  test('a line outside of sections does not act either', async () => {
    const output = await step([...ATTACKS, 'plain: text'].map((text) => ['info', text]))
    expect(actedBy(output)).toEqual([])
    expect(readAsRunner(output).stopped).toBe(false)
    expect(output.split('\n').slice(-2)).toEqual(['plain: text', '']) // and needs no guard where it is harmless
  })

  test.each(['::error::x', 'a ##[error]x', ':\u00ad:error::x', '#\u200b#[error]x', '\u0000::error::x'])(
    '%j looks like a command',
    (text) => {
      expect(looksLikeCommand(text)).toBe(true)
    },
  )

  test('every guard has a word of its own, told nowhere before', async () => {
    const output = await step([
      ['section', 'a'],
      ['warning', 'one'],
      ['end', 'a'],
      ['section', 'b'],
      ['end', 'b'],
    ])
    const words = [...output.matchAll(/^::stop-commands::(.*)$/gm)].map((match) => match[1] as string)
    expect(new Set(words).size).toBe(3)
    for (const word of words) {
      expect(word).toMatch(/^marina-[0-9a-f]{48}$/)
      expect(output.split(word)).toHaveLength(3)
    }
  })

  test('an annotation and a mask in the middle of a section act, what follows does not', async () => {
    const output = await step([
      ['section', 'a'],
      ['line', 'a', '::error::1'],
      ['warning', 'mine'],
      ['line', 'a', '::error::2'],
      ['mask', 'hunter22'],
      ['line', 'a', '::error::hunter22'],
      ['info', '::error::outside'],
      ['end', 'a'],
    ])
    expect(actedBy(output)).toEqual(['group a', 'warning mine', 'add-mask hunter22', 'endgroup'])
    expect(shownBy(output)).toEqual(['::error::1', '::error::2', '::error::***', '::error::outside'])
  })

  test('several at once: each is a group of its own, in order, and nothing is left behind', async () => {
    const output = await step([
      ['section', 'a'],
      ['section', 'b'],
      ['section', 'c'],
      ['flood', 'b', 3000],
      ['line', 'a', 'a1'],
      ['line', 'c', 'c1'],
      ['end', 'c'],
      ['line', 'a', 'a2'],
      ['end', 'a'],
      ['line', 'b', 'b1'],
      ['end', 'b'],
    ])
    expect(actedBy(output)).toEqual(['group a', 'endgroup', 'group c', 'endgroup', 'group b', 'endgroup'])
    const shown = shownBy(output)
    expect(shown.slice(0, 3)).toEqual(['a1', 'a2', 'c1'])
    expect(shown.slice(3, 3003)).toEqual(Array.from({ length: 3000 }, (_, i) => `${i} ${'z'.repeat(90)}`))
    expect(shown.slice(3003)).toEqual(['b1'])
    expect(await readdir(temp)).toEqual([])
  })

  test('a section that goes on while its lines are read back stays in order, and waits', async () => {
    const { stdout, read } = stalledOutput()
    const console = createConsole({ stdout, temp })
    const a = console.section('a')
    const b = console.section('b')
    for (let i = 0; i < 5000; i++) await b.line(`${i} ${'z'.repeat(50)}`)
    await a.end()
    let taken = false
    const late = b.line('late').then(() => (taken = true))
    for (let i = 0; i < 50; i++) await new Promise(setImmediate)
    expect(taken).toBe(false) // nobody has read yet
    const output = read()
    await late
    await b.end()
    await console.end()
    const shown = shownBy(output.join(''))
    expect(shown).toHaveLength(5001)
    expect(shown.at(-1)).toBe('late')
  })

  test('a disk that keeps no lines: the section is printed with a line that says so', async () => {
    const stdout = new PassThrough()
    const console = createConsole({ stdout, temp: '/dev/null/none' })
    console.section('a')
    const b = console.section('b')
    for (let i = 0; i < 5000; i++) await b.line(`${i} ${'z'.repeat(50)}`)
    await console.end()
    const shown = shownBy(String(stdout.read()))
    expect(shown).toEqual([
      expect.stringMatching(
        /^Some lines could not be kept for this view \(ENOTDIR.*\): the log has them, if the disk took them there\.$/,
      ),
    ])
  })

  test('what is open at the end is closed', async () => {
    const output = await step([
      ['section', 'a'],
      ['section', 'b'],
      ['line', 'b', 'b1'],
      ['line', 'a', 'a1'],
    ])
    expect(actedBy(output)).toEqual(['group a', 'endgroup', 'group b', 'endgroup'])
    expect(shownBy(output)).toEqual(['a1', 'b1'])
  })

  test('any lines, in any order of sections and annotations: only our own commands act', async () => {
    const word = fc.constantFrom('::', '##[', ']', 'error', 'add-mask', 'stop-commands', ' ', '\n', '\r', 'x', '\u200b')
    const text = fc.oneof(
      fc.array(word, { maxLength: 8 }).map((words) => words.join('')),
      fc.constantFrom(...ATTACKS),
    )
    const act = fc.oneof(
      fc.tuple(fc.constantFrom('line', 'info', 'warning'), fc.nat(2), text),
      fc.tuple(fc.constantFrom('section', 'end'), fc.nat(2), fc.constant('')),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 25 }), async (acts) => {
        const { output, warnings, groups, lines } = await inProcess(acts)
        const log = readAsRunner(output)
        expect(log.stopped).toBe(false)
        expect(log.obeyed.filter((c) => c.name === 'warning').map((c) => c.data)).toEqual(warnings.slice(0, 10))
        const others = log.obeyed.filter((c) => c.name !== 'warning').map((c) => c.name)
        expect(others).toEqual(Array.from({ length: groups }, () => ['group', 'endgroup']).flat())
        expect(log.shown.filter((line) => !/more warning|^warning: /.test(line)).length).toBeGreaterThanOrEqual(lines)
      }),
      { numRuns: 300 },
    )
  })
})

describe('annotations', () => {
  test('place and title are escaped', async () => {
    const stdout = new PassThrough()
    const console = createConsole({ stdout, temp })
    await console.error('50% of\nthem: a, b', { file: 'a,b:c.yml', line: 12, title: 'db::x' })
    await console.end()
    expect(readAsRunner(String(stdout.read())).obeyed).toEqual([
      { name: 'error', properties: { title: 'db::x', file: 'a,b:c.yml', line: '12' }, data: '50% of\nthem: a, b' },
    ])
  })

  test('beyond ten of a kind they are lines, and one line says how many', async () => {
    const output = await step([
      ...Array.from({ length: 13 }, (_, i) => ['error', `e${i}`]),
      ...Array.from({ length: 11 }, (_, i) => ['notice', `::n${i}::`]),
    ])
    expect(actedBy(output)).toEqual([
      ...Array.from({ length: 10 }, (_, i) => `error e${i}`),
      ...Array.from({ length: 10 }, (_, i) => `notice ::n${i}::`),
    ])
    expect(shownBy(output)).toEqual([
      'error: e10',
      'error: e11',
      'error: e12',
      'notice: ::n10::',
      '3 more errors, beyond the 10 shown: see above.',
      '1 more notice, beyond the 10 shown: see above.',
    ])
  })

  test('a long one is cut, and stands whole in the log', async () => {
    const output = await step([['warning', 'w'.repeat(5000)]])
    expect(actedBy(output)).toEqual([`warning ${'w'.repeat(4095)}…`])
    expect(shownBy(output)).toEqual([`The whole warning: ${'w'.repeat(5000)}`])
  })

  test('a masked value is hidden in each of them', async () => {
    const output = await step([
      ['mask', 'hunter22'],
      ['error', 'pw hunter22'],
      ['info', 'hunter22!'],
      ['section', 'a hunter22'],
    ])
    expect(output.replace('::add-mask::hunter22', '')).not.toContain('hunter22')
  })
})

test('a redactor knows more than the values that the runner is told', async () => {
  const stdout = new PassThrough()
  const console = createConsole({ stdout, temp })
  console.mask(['hunter 22'], createRedactor(['hunter 22']))
  await console.info('hunter 22 hunter+22 hunter\\ 22')
  await console.end()
  expect(String(stdout.read())).toBe('::add-mask::hunter 22\n*** *** ***\n')
})

describe('the pipe', () => {
  test('a slow reader gets all of it, and memory stays flat', async () => {
    const lines = 600_000 // 57 MB
    const running = start([
      ['section', 'a'],
      ['flood', 'a', lines],
      ['end', 'a'],
    ])
    let bytes = 0
    let errors = ''
    running.stderr?.on('data', (chunk) => (errors += chunk))
    running.stdout?.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      running.stdout?.pause()
      setImmediate(() => running.stdout?.resume()) // a pause after each chunk
    })
    await once(running, 'close')
    expect(bytes).toBeGreaterThan(lines * 92)
    expect(Number(/largest (\d+)/.exec(errors)?.[1])).toBeLessThan(180) // 57 MB kept would show; type stripping costs 40
  })

  test('a reader that goes away does not end the step', async () => {
    const running = start([
      ['section', 'a'],
      ['flood', 'a', 200_000],
      ['error', 'late'],
      ['end', 'a'],
    ])
    running.stdout?.once('data', () => running.stdout?.destroy())
    let errors = ''
    running.stderr?.on('data', (chunk) => (errors += chunk))
    const [code] = await once(running, 'exit')
    expect(code).toBe(0)
    expect(errors).toMatch(/^largest/)
  })
})

/** An output that takes nothing until `read` is called, as a pipe that nobody reads. */
function stalledOutput() {
  const chunks: string[] = []
  let begin: () => void = () => {}
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const stdout = new Writable({
    highWaterMark: 1000,
    write(chunk, _encoding, done) {
      begun.then(() => chunks.push(chunk.toString())).then(() => done())
    },
  })
  const read = () => {
    begin()
    return chunks
  }
  return { stdout, read }
}

async function inProcess(acts: readonly [string, number, string][]) {
  const { stdout, read } = stalledOutput()
  const chunks = read()
  const console = createConsole({ stdout, temp })
  const open = new Map<number, ReturnType<typeof console.section>>()
  const warnings: string[] = []
  let groups = 0
  let lines = 0
  for (const [kind, which, text] of acts) {
    if (kind === 'section' && !open.has(which)) {
      open.set(which, console.section(`section ${which}`))
      groups++
    } else if (kind === 'end') {
      await open.get(which)?.end()
      open.delete(which)
    } else if (kind === 'line' && open.has(which)) {
      await open.get(which)?.line(text)
      lines++
    } else if (kind === 'info') {
      await console.info(text)
      lines++
    } else if (kind === 'warning') {
      await console.warning(text)
      warnings.push(text)
    }
  }
  await console.end()
  return { output: chunks.join(''), warnings, groups, lines }
}
