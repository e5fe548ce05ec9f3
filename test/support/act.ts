/**
 * Runs workflow files by nektos/act on this machine: its "runners" are this host, so each job's docker client is led to the engine of its
 * host by a program in front of it. The actions of others are replaced by small ones; the artifact service is the tests' own.
 */

import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import type { OwnedEngine } from '../../examples/demo/engine.ts'
import { findProgram } from '../../examples/demo/packages.ts'
import { type Ran, run, runOk } from '../../examples/demo/process.ts'
import { type ArtifactService, startArtifactService, unzipped } from './artifact-service.ts'

const ROOT = join(import.meta.dirname, '../..')

/** The engines by the name of their host. The first one is that of a job that names no host. */
export type Engines = Readonly<Record<string, OwnedEngine>>

export interface ActStage {
  /** Runs the workflow `.github/workflows/backup.yml` of a repository of these files, for one event. */
  act(event: ActEvent, files: Readonly<Record<string, string>>): Promise<ActRun>
  stop(): Promise<void>
}

export interface ActEvent {
  readonly name: 'workflow_dispatch' | 'schedule'
  readonly payload?: Readonly<Record<string, unknown>>
  /** The repository's secrets. */
  readonly secrets?: Readonly<Record<string, string>>
}

export interface ActRun extends Ran {
  /** The lines of one job, by the words of its name, without act's prefix. */
  readonly job: (name: string) => string
}

/** Prepares what all runs share: the action as it is shipped, the replaced actions, the docker client, the artifact service. */
export async function startAct(program: string, engines: Engines): Promise<ActStage> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-act-'))
  const shipped = join(folder, 'shipped')
  for (const name of ['action.yml', 'dist', '.github/workflows/marina.yml'])
    await cp(join(ROOT, name), join(shipped, name), { recursive: true })
  await writeFiles(join(folder, 'actions'), ACTIONS)
  await writeFiles(join(folder, 'bin'), { docker: dockerScript(await realDocker(), engines) })
  await chmod(join(folder, 'bin/docker'), 0o755)
  const stopped: (() => void)[] = []

  async function act(event: ActEvent, files: Readonly<Record<string, string>>): Promise<ActRun> {
    const service = await startArtifactService()
    const downloads = await serveDownloads(service)
    stopped.push(service.stop, downloads.stop)
    const repository = await mkdtemp(join(folder, 'repository-'))
    await writeFiles(repository, files)
    await commitAll(repository)
    const payload = join(folder, `${event.name}.json`)
    const facts = { repository: { private: true, full_name: 'octo/backups' } }
    await writeFile(payload, JSON.stringify({ ...facts, ...event.payload }))
    const { ACTIONS_RESULTS_URL, ACTIONS_RUNTIME_TOKEN } = service.env
    const shown = {
      ACTIONS_RESULTS_URL,
      ACTIONS_RUNTIME_TOKEN,
      MARINA_SHIPPED: shipped,
      MARINA_ARTIFACTS: downloads.origin,
    }
    const args = [
      event.name,
      '--eventpath',
      payload,
      ...['ubuntu-latest', 'self-hosted', 'docker-host', ...Object.keys(engines)].flatMap((label) => [
        '-P',
        `${label}=-self-hosted`,
      ]),
      ...Object.entries(localActions(folder)).flatMap(([name, path]) => ['--local-repository', `${name}=${path}`]),
      ...Object.keys(event.secrets ?? {}).flatMap((name) => ['--secret', name]), // the value comes from the environment
      ...Object.entries(shown).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...['--action-cache-path', join(folder, 'cache'), '--no-cache-server', '--pull=false', '--concurrent-jobs', '2'],
    ]
    const path = [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter)
    const env: NodeJS.ProcessEnv = { ...process.env, ...event.secrets, PATH: path }
    for (const name of ['DOCKER_HOST', 'DOCKER_CONTEXT', 'GITHUB_ACTIONS', 'GITHUB_TOKEN']) delete env[name]
    const ran = await run(program, args, { cwd: repository, env, timeoutMs: 180_000 })
    return { ...ran, job: (name) => linesOf(ran.stdout, name) }
  }
  return {
    act,
    async stop() {
      for (const stop of stopped) stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** The actions of others, in the few parts that these workflows use. */
const ACTIONS: Readonly<Record<string, string>> = {
  'checkout/action.yml': manifest(['repository', 'ref', 'path', 'persist-credentials']),
  // act itself copies the caller's repository
  'checkout/main.js': `
    const { cpSync } = require('node:fs')
    const { INPUT_REPOSITORY, INPUT_REF, INPUT_PATH, MARINA_SHIPPED, GITHUB_WORKSPACE } = process.env
    if (INPUT_REPOSITORY !== 'OWNER/marina-for-github-actions' || INPUT_REF !== 'v1') throw new Error('another repository')
    cpSync(MARINA_SHIPPED, require('node:path').join(GITHUB_WORKSPACE, INPUT_PATH), { recursive: true })`,
  'download/action.yml': manifest(['pattern', 'path']),
  'download/main.js': `
    const { mkdirSync, writeFileSync } = require('node:fs')
    const { dirname, join } = require('node:path')
    const { INPUT_PATTERN, INPUT_PATH, MARINA_ARTIFACTS, GITHUB_WORKSPACE } = process.env
    if (INPUT_PATTERN !== 'marina!(*-logs)') throw new Error('a pattern that this replacement does not know')
    fetch(MARINA_ARTIFACTS).then((answer) => answer.json()).then((artifacts) => {
      for (const [name, files] of Object.entries(artifacts)) {
        if (!name.startsWith('marina') || name.endsWith('-logs')) continue
        for (const [file, text] of Object.entries(files)) {
          const path = join(GITHUB_WORKSPACE, INPUT_PATH, name, file)
          mkdirSync(dirname(path), { recursive: true })
          writeFileSync(path, text)
        }
      }
    })`,
}

function manifest(inputs: readonly string[]): string {
  const declared = inputs.map((name) => `  ${name}: { required: false }`).join('\n')
  return `name: replaced\ninputs:\n${declared}\nruns:\n  using: node24\n  main: main.js\n`
}

/** Where act finds each action that the workflows name. */
function localActions(folder: string): Readonly<Record<string, string>> {
  const checkout = join(folder, 'actions/checkout')
  return {
    'OWNER/marina-for-github-actions@v1': join(folder, 'shipped'),
    'actions/checkout@v5': checkout,
    'actions/checkout@93cb6efe18208431cddfb8368fd83d5badbf9bfd': checkout,
    'actions/download-artifact@3e5f45b2cfb9172054b4087a40e8e0b5a5461e7c': join(folder, 'actions/download'),
  }
}

async function realDocker(): Promise<string> {
  const found = await findProgram('docker')
  if (found === null) throw new Error('no docker client is on PATH')
  return found
}

/** A docker client that asks the engine of its job's host: the action's own environment, its inputs, tells which job it is. */
function dockerScript(docker: string, engines: Engines): string {
  const [first] = Object.values(engines)
  const cases = Object.entries(engines).map(
    ([name, engine]) => `  *"=${name}"|*"=${name}\n"*|*"=marina-${name}-"[0-9]*) DOCKER_HOST=${engine.host} ;;`,
  )
  return `#!/bin/sh
inputs=$(tr '\\0' '\\n' </proc/$PPID/environ | grep -E '^INPUT_(COMMAND|HOST|ARTIFACT-NAME)=')
case "$inputs" in
  *=plan*|*=validate*|*=summary*) DOCKER_HOST=unix:///nonexistent ;; # GitHub's runner reaches none of the engines
${cases.join('\n')}
  *=marina-*) DOCKER_HOST=unix:///nonexistent ;; # a host of the fleet whose engine is gone
  *) DOCKER_HOST=${first?.host} ;;
esac
export DOCKER_HOST
exec ${docker} "$@"
`
}

async function writeFiles(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, text)
  }
}

/** act reads the repository's name and commit from git. */
async function commitAll(repository: string): Promise<void> {
  const git = (...args: string[]) =>
    runOk('git', ['-c', 'user.name=octocat', '-c', 'user.email=octocat@localhost', ...args], { cwd: repository })
  await git('init', '-q', '-b', 'main')
  await git('remote', 'add', 'origin', 'https://github.com/octo/backups.git')
  await git('add', '-A')
  await git('commit', '-q', '-m', 'configuration')
}

/** Answers with the uploaded artifacts as JSON: their names, with the texts of their files. */
async function serveDownloads(service: ArtifactService): Promise<{ origin: string; stop: () => void }> {
  const server = createServer((_, response) => {
    const all = [...service.archives].map(([name, archive]) => [name, unzipped(archive)])
    response.end(JSON.stringify(Object.fromEntries(all)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { origin: `http://127.0.0.1:${port}/`, stop: () => void server.close() }
}

/** act puts `[workflow/job]` in front of the first line of what a job says; further lines of a text have none. */
function linesOf(stdout: string, name: string): string {
  let isIn = false
  const lines = stdout.split('\n').flatMap((line) => {
    const prefix = /^\[([^\]]*)\] ?(.*)$/.exec(line)
    if (prefix !== null) isIn = (prefix[1] ?? '').trim().split('/').at(-1)?.startsWith(name) ?? false
    return isIn ? [prefix?.[2] ?? line] : []
  })
  return lines.join('\n')
}
