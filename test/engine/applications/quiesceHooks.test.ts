/** Hooks in real containers. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type HookRequest, hookContainer, runHook } from '../../../src/applications/hooks.ts'
import { hostContents } from '../../../src/applications/hostState.ts'
import { query, run } from '../../../src/docker/process.ts'
import { dockerOf, pause } from '../../support/containers.ts'
import { testEngine } from '../../support/run.ts'

const engine = testEngine()
const docker = dockerOf(engine)
const PREFIX = engine.name('hooks')
const APP = `${PREFIX}-app`
const DATA = `${PREFIX}-data`
const POLITE = 'trap "exit 0" TERM; while :; do sleep 0.1; done'

beforeAll(async () => {
  const argv = [
    'run',
    '-d',
    '--name',
    APP,
    '-v',
    `${DATA}:/data`,
    '-e',
    'PATH=/app/bin:/bin:/usr/bin:/sbin:/usr/sbin',
    engine.baseImage,
  ]
  await run(docker, [...argv, 'sh', '-c', POLITE], 'app')
  await run(
    docker,
    [
      'exec',
      APP,
      'sh',
      '-c',
      'mkdir -p /app/bin /etc; echo "export FROM_PROFILE=yes; PATH=/usr/local/bin:/bin:/usr/bin" >>/etc/profile; printf "#!/bin/sh\\necho tool" >/app/bin/tool; chmod +x /app/bin/tool',
    ],
    'set up',
  )
})

afterAll(async () => {
  const ids = await run(docker, ['ps', '-aq', '--filter', `name=^${PREFIX}-`], 'list')
  await run(docker, ['rm', '-fv', ...ids.trim().split('\n')], 'remove')
  await run(docker, ['volume', 'rm', DATA], 'remove')
  await query(docker, ['rmi', `${PREFIX}-bare`])
})

async function hook(text: string, over: Partial<HookRequest> = {}) {
  const lines: string[] = []
  const result = await runHook(docker, {
    kind: 'preHook',
    container: APP,
    name: 'app',
    text,
    deadlineMs: 30_000,
    onLine: (stream, line) => void lines.push(`${stream}: ${line}`),
    ...over,
  })
  return { result, lines }
}

/** Command lines of the container's processes, without its own and those of the look itself. */
async function processes(): Promise<readonly string[]> {
  const top = await run(docker, ['top', APP, '-eo', 'pid,args'], 'top')
  return top
    .split('\n')
    .slice(1)
    .map((line) => line.trim().replace(/^\d+ +/, ''))
    .filter((line) => line !== '' && !line.includes('while :') && line !== 'sleep 0.1')
}

test('its exit code counts, its output is in the log', async () => {
  expect(await hook('echo one; echo two >&2; printf "no newline"')).toEqual({
    result: { kind: 'done' },
    lines: expect.arrayContaining(['stdout: one', 'stderr: two', 'stdout: no newline']),
  })
  const bad = await hook('echo "table is locked" >&2; exit 3')
  expect(bad.result).toEqual({
    kind: 'failed',
    error: expect.stringMatching(/^preHook in container "app" failed: exit code 3: table is locked/),
  })
  expect((await hook('false')).result).toMatchObject({ error: expect.stringMatching(/exit code 1/) })
  expect((await hook('no-such-command')).result).toMatchObject({
    error: expect.stringMatching(/exit code 127.*not found/),
  })
  expect((await hook('if then')).result.kind).toBe('failed')
  expect((await hook('kill -9 $$')).result.kind).toBe('failed')
})

test('it is the text that the user wrote: quotes, dollars, lines, a dash first, the PATH of the image and of the profile', async () => {
  const told = async (text: string) => (await hook(text)).lines
  expect(await told(`X='a "b"'; echo "$X" 'c\\d' "\${Y:-e}"`)).toEqual(['stdout: a "b" c\\d e'])
  expect(await told('for i in 1 2\ndo\n  echo $i\ndone # end')).toEqual(['stdout: 1', 'stdout: 2'])
  expect(await told('-x 2>/dev/null; echo after')).toEqual(['stdout: after'])
  expect(await told('tool; echo $FROM_PROFILE')).toEqual(['stdout: tool', 'stdout: yes'])
  expect(await told('cat; echo stdin is empty')).toEqual(['stdout: stdin is empty'])
  expect(await told('env | grep -c MARINA_HOOK=')).toEqual(['stdout: 0'])
})

test('its text stands in no argument list', async () => {
  const secret = `s${randomBytes(8).toString('hex')}`
  const { lines } = await hook(`: ${secret}; cat /proc/[0-9]*/cmdline | tr '\\0' ' ' | sed "s/^/args: /"`)
  expect(lines.join('\n')).toContain('args: ')
  expect(lines.join('\n')).not.toContain(secret)
})

describe('no process of it is left', () => {
  test.each([
    ['one that hangs', 'echo begun; sleep 300'],
    ['one that ignores being asked', 'trap "" TERM INT HUP; echo begun; while :; do sleep 1; done'],
    [
      'one that runs off into a session of its own',
      'setsid sleep 300 & setsid sh -c "trap : TERM; sleep 301" & echo begun; wait',
    ],
  ])('past its deadline: %s', async (_, text) => {
    const { result, lines } = await hook(text, { deadlineMs: 1_500 })
    expect(lines[0]).toBe('stdout: begun')
    const error = expect.stringMatching(
      /^preHook in container "app" failed: it was ended after 2 s(: (Terminated|Killed))?$/,
    )
    expect(result).toEqual({ kind: 'failed', error })
    expect(await processes()).toEqual([])
  })

  test('when the run is cancelled', async () => {
    const abort = new AbortController()
    const onLine = () => abort.abort()
    expect((await hook('echo begun; sleep 300', { signal: abort.signal, onLine })).result).toEqual({
      kind: 'cancelled',
      left: null,
    })
    expect(await processes()).toEqual([])
  })
})

test('a container that ends under it is a failure', async () => {
  const other = `${PREFIX}-other`
  await run(docker, ['run', '-d', '--name', other, engine.baseImage, 'sh', '-c', POLITE], 'other')
  const onLine = async () => void (await run(docker, ['kill', other], 'kill'))
  const { result } = await hook('echo begun; sleep 300', { container: other, name: 'other', onLine })
  expect(result).toMatchObject({ kind: 'failed', error: expect.stringMatching(/cut off before it could say/) })
  expect((await hook('true', { container: other, name: 'other' })).result).toMatchObject({
    error: expect.stringMatching(/is not running/),
  })
})

test('a container without a shell is said', async () => {
  const bare = `${PREFIX}-bare`
  await bareImage(bare)
  await run(docker, ['run', '-d', '--name', bare, bare, '/busybox', 'sleep', '300'], 'bare')
  expect((await hook('true', { container: bare, name: 'bare' })).result).toEqual({
    kind: 'failed',
    error: expect.stringMatching(/^preHook in container "bare" cannot run: the container has no shell/),
  })
})

test("a volume's hook runs in the youngest running container that has it mounted", async () => {
  const make = (name: string, ...options: string[]) =>
    run(docker, ['run', '-d', '--name', `${PREFIX}-${name}`, ...options, engine.baseImage, 'sh', '-c', POLITE], name)
  const pick = async (self: readonly string[] = []) =>
    hookContainer(DATA, (await hostContents(docker, [], async () => {})).containers, self)?.name
  expect(await pick()).toBe(APP)
  const from = (await make('from', '--volumes-from', `${APP}:ro`)).trim()
  await make('bystander')
  expect(await pick()).toBe(`${PREFIX}-from`)
  expect(await pick([from])).toBe(APP)
  await pause(docker, from)
  expect(await pick()).toBe(APP)
  await run(docker, ['unpause', from], 'unpause')
  await run(docker, ['kill', from], 'kill')
  expect(await pick()).toBe(APP)
  expect(hookContainer(`${DATA}2`, (await hostContents(docker, [], async () => {})).containers, [])).toBeNull()
})

/** An image that holds one static program and no `sh`. */
async function bareImage(tag: string): Promise<void> {
  await run(docker, ['exec', APP, 'sh', '-c', 'mkdir /bare && cp "$(readlink -f /bin/sh)" /bare/busybox'], 'program')
  const { execFile } = await import('node:child_process')
  await new Promise<void>((resolve, reject) => {
    const script = 'docker cp "$1":/bare/. - | docker import - "$2"'
    execFile('sh', ['-c', script, 'sh', APP, tag], { env: docker.env }, (error) => (error ? reject(error) : resolve()))
  })
}
