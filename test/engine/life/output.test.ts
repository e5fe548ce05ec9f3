/** What a backup container says, in any amount and of any kind: all of it is kept, little of it in memory, and none of it acts. */

import { createReadStream } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { findProgram } from '../../../examples/demo/packages.ts'
import { expectNoTrace, given, leftOf, reportOf, runJob, shell, startJob } from '../../support/run.ts'
import { readAsRunner } from '../../unit/action/runner-model.ts'

const { engine, id, instance } = given('output')
const MIB = 1 << 20

test('200 MB in lines to a slow reader: under 150 MB of memory, and the log is whole', async () => {
  const lines = 2_000_000
  // 100 bytes a line, numbered, so that a lost or doubled one shows
  const say = `awk 'BEGIN { x = sprintf("%086d", 0); for (i = 1; i <= ${lines}; i++) printf "line %08d%s\\n", i, x; exit 7 }'`
  const ran = await runJob(
    engine,
    { instances: [instance('much', say)] },
    {
      stdout: { bytesPerSecond: 20 * MIB, keepBytes: MIB },
    },
  )
  expect(reportOf(ran, id('much'))).toMatchObject({ status: 'failed', exitCode: 7 })
  expect(ran.peakRssBytes).toBeLessThan(150 * MIB)
  let next = 1
  for await (const line of createInterface({ input: createReadStream(reportOf(ran, id('much')).log ?? '') })) {
    const number = / out line (\d{8})0{86}$/.exec(line)?.[1]
    if (number === undefined) continue
    if (Number(number) !== next) break
    next += 1
  }
  expect(next - 1).toBe(lines)
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(MIB)
  expect(ran.summary).toContain(`line ${String(lines).padStart(8, '0')}`)
  expectNoTrace(ran)
})

test('40 MB without a newline: under 150 MB of memory, and the log is whole', async () => {
  const say = 'head -c 41943040 /dev/zero | tr "\\0" x'
  const ran = await runJob(engine, { instances: [instance('endless', say)] }, { stdout: { keepBytes: MIB } })
  expect(reportOf(ran, id('endless')).status).toBe('success')
  expect(ran.peakRssBytes).toBeLessThan(150 * MIB)
  const log = await readFile(reportOf(ran, id('endless')).log ?? '', 'latin1')
  const said = log.split('\n').flatMap((line) => / out\+? (x+)$/.exec(line)?.[1] ?? [])
  expect(said.reduce((sum, part) => sum + part.length, 0)).toBe(41_943_040)
  expect(Buffer.byteLength(ran.summary)).toBeLessThan(MIB)
  expectNoTrace(ran)
})

const ATTACKS = [
  '::set-output name=result::owned',
  '  ::add-mask::e',
  'progress ##[add-mask]e',
  '##[set-env name=X]y',
  '::stop-commands::mine',
  '::mine::',
  '::endgroup::',
  'a\\r::error::carriage return',
  '::add-matcher::/etc/passwd',
  '::save-state name=job::other',
  '\\342\\200\\213::warning::zero width',
  '</pre></details><script>',
]

test('nothing that a container says acts as a command, to its last line without end', async () => {
  const say = `${ATTACKS.map((text) => `printf '%b\\n' '${text}'; printf '%b\\n' '${text}' >&2`).join('\n')}\nprintf '::error::no end of line'; exit 3`
  const ran = await runJob(engine, { instances: [instance('attack', say), instance('after', 'echo after')] })
  const { obeyed, shown, stopped } = readAsRunner(ran.stdout)
  expect(stopped).toBe(false)
  expect(obeyed.map(({ name, data }) => [name, data])).toEqual([
    ['group', id('attack')],
    ['endgroup', ''],
    ['group', id('after')],
    ['endgroup', ''],
    ['error', expect.stringMatching(/: its script ended with exit code 3.* \| <\/pre><\/details><script>$/)],
    ['warning', expect.stringMatching(/^Not all artifacts/)],
  ])
  const log = await readFile(reportOf(ran, id('attack')).log ?? '', 'utf8')
  for (const text of ['::set-output name=result::owned', '::add-matcher::/etc/passwd', '::error::no end of line']) {
    expect(shown).toContain(text)
    expect(log).toContain(` out ${text}\n`)
  }
  expect(log).toContain(' err ##[set-env name=X]y\n')
  expect(ran.outputs.result).toBe('failed')
  expect(JSON.stringify(ran.state)).not.toContain('other')
  expect(ran.summary).not.toMatch(/<script>/)
})

/** All argument lists on this machine, looked at until it is told to stop; a short-lived one may be missed. */
function watchArguments() {
  const seen = new Set<string>()
  const since = new Map<string, number>()
  let on = true
  const watching = (async () => {
    while (on) {
      for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
        const first = since.get(pid) ?? Date.now()
        since.set(pid, first)
        if (Date.now() - first < 2000) seen.add(await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''))
      }
    }
  })()
  return {
    async end() {
      on = false
      await watching
      return [...seen].map((line) => line.replaceAll('\0', ' '))
    },
  }
}

/** A `docker` to be first on the PATH that writes down its arguments and becomes the real one: misses none. */
async function recordingDocker(folder: string): Promise<{ path: string; calls(): Promise<string> }> {
  const real = await findProgram('docker')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'docker'), `#!/bin/sh\nprintf '%s\\n' "$*" >>'${folder}/calls'\nexec '${real}' "$@"\n`)
  await chmod(join(folder, 'docker'), 0o755)
  return { path: `${folder}${delimiter}${process.env.PATH}`, calls: () => readFile(join(folder, 'calls'), 'utf8') }
}

describe('secrets', () => {
  const secrets = {
    VARIABLE: 'from-the-variables-4711',
    LITERAL: 'literal "quoted" pass$word',
    LINES: 'first-line-of-key\nsecond-line-of-key\n',
    PROXY: 'http://user:proxy-pass-99@nowhere.invalid:1',
  }
  const parts = ['from-the-variables-4711', 'pass$word', 'second-line-of-key', 'proxy-pass-99']

  test('stand in no argument list, label, file, output, summary or line', async () => {
    const text = `
      echo "plain $SHOWN"; echo "$API_PASSWORD" >&2; printf '%s' "$SSH_KEY"; printf '%s\\n' "$HTTPS_PROXY"
      printf '%s' "$SHOWN" | base64
      printf '%.10s' "$SHOWN"; sleep 1; printf '%s\\n' "\${SHOWN#from-the-v}"
      while [ ! -e /tmp/go ]; do sleep 0.2; done; exit 5`
    const config = {
      instances: [
        instance('secret', text, {
          env: {
            SHOWN: `$${'{VARIABLE}'}`,
            API_PASSWORD: shell(secrets.LITERAL),
            SSH_KEY: `$${'{LINES}'}`,
            HTTPS_PROXY: `$${'{PROXY}'}`,
          },
        }),
      ],
    }
    const watch = watchArguments()
    const temp = await mkdtemp(join(tmpdir(), 'marina-recording-'))
    onTestFinished(() => rm(temp, { recursive: true, force: true }))
    const docker = await recordingDocker(join(temp, 'bin'))
    const { VARIABLE, LINES, PROXY } = secrets
    const running = await startJob(engine, config, {
      env: { PATH: docker.path },
      inputs: { variables: JSON.stringify({ VARIABLE, LINES, PROXY }) },
    })
    await running.says(/plain /)
    const container = `marina-run-${id('secret')}`
    const inspected = JSON.parse(await engine.ok(['inspect', container])) as [{ Config: { Env: string[] } }]
    const staging = await engine.ok([
      'volume',
      'ls',
      '--filter',
      'label=dev.polarfox.marina-action.version',
      '--format',
      '{{json .}}',
    ])
    await engine.ok(['exec', container, 'touch', '/tmp/go'])
    const ran = await running.done
    const argv = await watch.end()
    const calls = await docker.calls()
    // the record works: it has the very call, and the container has its values
    expect(calls).toMatch(new RegExp(`^create --name ${container} `, 'm'))
    expect(inspected[0].Config.Env).toContain(`SHOWN=${VARIABLE}`)
    expect(inspected[0].Config.Env).toContain(`HTTPS_PROXY=${PROXY}`)
    inspected[0].Config.Env = []
    const files = await filesBelow(ran.temp)
    expect(files.map((file) => file.name)).toContain(ran.outputs.report)
    const places: Record<string, string> = {
      'argument lists of docker': calls,
      'argument lists of the machine': argv.join('\n'),
      labels: JSON.stringify(inspected) + staging,
      'the job’s log': ran.stdout
        .split('\n')
        .filter((line) => !line.startsWith('::add-mask::'))
        .join('\n'),
      summary: ran.summary,
      outputs: JSON.stringify([ran.outputs, ran.state]),
      files: files.map((file) => file.text).join('\n'),
    }
    const base64 = Buffer.from(VARIABLE).toString('base64')
    for (const [where, content] of Object.entries(places))
      for (const secret of [...parts, base64]) expect(content.includes(secret), `${secret} in ${where}`).toBe(false)
    // and the runner is told of them before anything else is said
    const masks = ran.stdout.split('\n').findIndex((line) => !line.startsWith('::add-mask::'))
    expect(ran.stdout.split('\n').slice(0, masks)).toContain(`::add-mask::${VARIABLE}`)
    expect(ran.stdout.split('\n').slice(0, masks)).toContain('::add-mask::second-line-of-key')
    expect(places['the job’s log']).toContain('plain ***')
    expect(reportOf(ran, id('secret')).exitCode).toBe(5)
    expect(await leftOf(engine)).toEqual([])
  })
})

async function filesBelow(folder: string): Promise<{ name: string; text: string }[]> {
  const names = await readdir(folder, { recursive: true })
  const all = names.map((name) => join(folder, name))
  const files = await Promise.all(all.map(async (name) => ((await stat(name)).isFile() ? [name] : [])))
  return Promise.all(files.flat().map(async (name) => ({ name, text: await readFile(name, 'utf8') })))
}
