/** The wrapper itself, run by this machine's `sh`: the `docker` on the PATH runs the command of an `exec` here, and ends as an engine might. */
import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ExecRequest, execReason, execTruthfully, lacksShell } from '../../../src/docker/exec.ts'
import { untilWord } from '../../../src/docker/execWrapper.ts'

const DOCKER = `#!/bin/sh
while [ "$1" != sh ]; do shift; done
case "$ENGINE" in
  tells-no-end) "$@"; exec sleep 1000 ;;
  drops-the-rest) mkfifo "$0-pipe"; { head -c 10; exec >&-; cat >/dev/null; } <"$0-pipe" & exec "$@" >"$0-pipe" ;;
  has-no-shell) echo 'OCI runtime exec failed: exec failed: exec: "sh": executable file not found' >&2; exit 127 ;;
  gives-all-at-once)
    mkfifo "$0-out" "$0-err"
    { sleep 1; exec cat; } <"$0-out" & { head -n 2; sleep 2; exec cat; } <"$0-err" >&2 & # the wrapper is ready at once
    exec "$@" >"$0-out" 2>"$0-err" ;;
  dies) echo half; kill -KILL $$ ;;
  begins-late)
    # the stdin that the client took is handed on when the client has long been given up, as by an engine under load
    trap '' TERM HUP
    exec 3<&0; mkfifo "$0-in"; ( cat; sleep 0.5 ) <&3 >"$0-in" 3<&- &
    sleep 1; exec "$@" <"$0-in" 3<&- ;;
  *) exec "$@" ;;
esac
`
type Behaviour =
  | 'sound'
  | 'tells-no-end'
  | 'drops-the-rest'
  | 'has-no-shell'
  | 'dies'
  | 'gives-all-at-once'
  | 'begins-late'

let folder: string
const path = process.env.PATH ?? ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exec-'))
  await writeFile(join(folder, 'docker'), DOCKER)
  await chmod(join(folder, 'docker'), 0o755)
  process.env.PATH = folder + delimiter + path
})

afterAll(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

const run = (request: Partial<ExecRequest> & { script: string }, engine: Behaviour = 'sound') =>
  execTruthfully(
    { env: { PATH: process.env.PATH ?? '', ENGINE: engine }, redact: (text) => text },
    { container: 'c', deadlineMs: 60_000, ...request },
  )

const lives = (pid: number) => existsSync(`/proc/${pid}`)

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(20)
}

describe('a script', () => {
  test('is judged by its own exit code, with what it wrote', async () => {
    const script = 'printf "$1 $VALUE"; echo oops >&2; exit 3'
    const result = await run({ script, args: ['one'], env: { VALUE: 'two' } })
    expect(result).toMatchObject({ code: 3, ended: { kind: 'exit', code: 3 }, stdout: 'one two', stderr: 'oops\n' })
    expect(execReason(result)).toBe('exit code 3: oops')
  })

  test.each`
    what                       | written                              | words
    ${'progress, then words'}  | ${'10%\\r50%\\rno space left'}       | ${'no space left'}
    ${'progress alone'}        | ${'10%\\r50%\\r'}                    | ${'50%'}
    ${'lines of Windows'}      | ${'one\\r\\ntwo\\r\\n'}              | ${'one two'}
    ${'progress before words'} | ${'10%\\r100%\\r\\ndisk is full\\n'} | ${'100% disk is full'}
  `('that wrote $what is quoted as a terminal shows it', async ({ written, words }) => {
    const result = await run({ script: `printf %b '${written}' >&2; exit 3` })
    expect(execReason(result)).toBe(`exit code 3: ${words}`)
  })

  test('with input gets all of it', async () => {
    const input = async function* () {
      for (let i = 0; i < 64; i++) yield Buffer.alloc(1 << 15)
    }
    expect(await run({ script: 'wc -c', input: input() })).toMatchObject({ code: 0, stdout: `${64 << 15}\n` })
  })

  test('hands its bytes over as they are', async () => {
    const chunks: Buffer[] = []
    const script = 'head -c 3000000 /dev/zero; printf "marina-m"'
    const { code } = await run({ script, onStdout: (chunk) => void chunks.push(chunk) })
    expect(code).toBe(0)
    expect(Buffer.concat(chunks).equals(Buffer.concat([Buffer.alloc(3_000_000), Buffer.from('marina-m')]))).toBe(true)
  })

  test('that makes its outputs fail instead of wait has its word said all the same', async () => {
    // fills both pipes to the brim while nobody reads, and leaves them so
    const script = `perl -e 'use Fcntl; for (1..100) { for my $out (\\*STDOUT, \\*STDERR) { fcntl($out, F_SETFL, O_WRONLY|O_NONBLOCK); 1 while syswrite($out, "x" x 16); } select undef, undef, undef, 0.01 } exit 3'`
    const begun = Date.now()
    const slowly = () => delay(Math.max(0, begun + 3_000 - Date.now()))
    const result = await run({ script, onStdout: slowly, onStderr: slowly })
    expect(result).toMatchObject({ code: 3, ended: { kind: 'exit', code: 3 } })
    expect(result.stderr).toMatch(/^[x\n]+$/)
  })

  test('that is killed takes its children along where that is asked for', async () => {
    const script = 'sleep 1000 & echo $!; kill -KILL $$'
    const result = await run({ script, endsRest: true })
    expect(result.code).toBe(137)
    await eventually(() => !lives(Number(result.stdout)))
    const spared = await run({ script })
    expect(lives(Number(spared.stdout))).toBe(true)
    process.kill(Number(spared.stdout), 'SIGKILL')
  })

  test('is ended with its children where there is no setsid', async () => {
    const tools = join(folder, 'tools')
    await mkdir(tools)
    for (const tool of ['sh', 'sleep'])
      await symlink(execFileSync('sh', ['-c', `command -v ${tool}`], { encoding: 'utf8' }).trim(), join(tools, tool))
    let pids: number[] = []
    const result = await run({
      script: `PATH='${process.env.PATH}'; sh -c 'sleep 1000 & echo $!; wait' & echo $!; wait`,
      env: { PATH: tools + delimiter + folder },
      deadlineMs: 3_000,
      onStdout: (chunk) => {
        pids = [...pids, ...chunk.toString().trim().split('\n').map(Number)]
      },
    })
    expect(result.ended.kind).toBe('timeout')
    expect(pids.length).toBe(2)
    await eventually(() => !pids.some(lives))
  })

  test('that leaves a process behind, which keeps its output open, has ended all the same', async () => {
    const result = await run({ script: 'sleep 1000 & echo $!' })
    process.kill(Number(result.stdout), 'SIGKILL')
    expect(result).toMatchObject({ code: 0, ended: { kind: 'exit', code: 0 } })
  })

  // an engine drops what nobody has read two seconds after the process has ended
  test('has a wrapper that stays until all is read, and goes then', async () => {
    let wrapper = 0
    const done = join(folder, 'done')
    const onStdout = async (chunk: Buffer) => {
      wrapper = Number(chunk.toString().split('\n')[0])
      await eventually(() => existsSync(done))
      await delay(200) // for a wrapper that does not stay to be gone
      expect(lives(wrapper)).toBe(true)
    }
    const { code } = await run({ script: `echo $PPID; touch '${done}'`, onStdout })
    expect(code).toBe(0)
    await eventually(() => !lives(wrapper))
  })

  // under load both come at once, and the wrapper was let go while the caller was still at them
  test('has ended only when the last of its bytes are taken, though its word came with them', async () => {
    let isTaken = false
    const onStdout = async () => {
      await delay(6_500) // longer than a client gets to end
      isTaken = true
    }
    const { code } = await run({ script: 'echo last', onStdout }, 'gives-all-at-once')
    expect({ code, isTaken }).toEqual({ code: 0, isTaken: true })
  })

  test('past its deadline is ended with its children', async () => {
    const pids: number[] = []
    const script = 'sleep 1000 & echo $!; echo $$; wait'
    const result = await run({
      script,
      deadlineMs: 500,
      onStdout: (chunk) => void pids.push(...chunk.toString().trim().split('\n').map(Number)),
    })
    expect(result).toMatchObject({ code: null, ended: { kind: 'timeout', afterMs: 500 } })
    expect(pids).toHaveLength(2)
    await eventually(() => !pids.some(lives))
  })
})

describe('an engine', () => {
  test.each([
    ['a script', undefined],
    ['a script with input', [Buffer.from('half')]],
  ])('that begins an exec after its client was given up does not start %s', async (_, chunks) => {
    const begun = join(folder, `begun-${chunks?.length ?? 0}`)
    const input =
      chunks &&
      (async function* () {
        yield* chunks
      })()
    const result = await run({ script: `touch '${begun}'`, deadlineMs: 200, ...(input && { input }) }, 'begins-late')
    expect(result).toMatchObject({ code: null, ended: { kind: 'timeout' } })
    expect(existsSync(begun)).toBe(false)
  })

  test('that does not tell of the end is not waited for', async () => {
    expect(await run({ script: 'echo all; exit 4' }, 'tells-no-end')).toMatchObject({ code: 4, stdout: 'all\n' })
  })

  test('that drops the rest of the output makes no success', async () => {
    const result = await run({ script: 'echo 0123456789 and more' }, 'drops-the-rest')
    expect(result).toMatchObject({ code: null, stdout: '0123456789' })
    expect(execReason(result)).toBe('it was cut off before it could say how it ended')
  })

  test('whose client dies makes no success', async () => {
    const result = await run({ script: 'true' }, 'dies')
    expect(result).toMatchObject({ code: null, ended: { kind: 'signal', signal: 'SIGKILL' }, stdout: 'half\n' })
  })

  test('that finds no shell says so', async () => {
    expect(lacksShell(await run({ script: 'true' }, 'has-no-shell'))).toBe(true)
  })
})

test('the end of the output is found wherever it is cut', () => {
  const word = 'marina-0a1b2c'
  const like = fc.constantFrom('m', 'ma', 'marina-', 'marina-0a1b2', 'marina-0a1b2m', 'x', '\0', '\n')
  fc.assert(
    fc.property(fc.array(like), fc.array(fc.nat(40)), fc.boolean(), (parts, cuts, isWhole) => {
      const text = parts.join('')
      const bytes = Buffer.from(isWhole ? `${text}${word}of an orphan` : text)
      const end = untilWord(word)
      const given: Buffer[] = []
      let at = 0
      for (const size of [...cuts, bytes.length]) {
        given.push(Buffer.from(end.take(bytes.subarray(at, at + size))))
        at += size
      }
      given.push(Buffer.from(end.rest()))
      expect(Buffer.concat(given).toString()).toBe(text)
      expect(end.isReached()).toBe(isWhole)
    }),
  )
})
