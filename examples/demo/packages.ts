/** What a machine needs for a private Docker engine, and how a Debian or Ubuntu machine gets it. */

import { access, constants, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { run, runOk } from './process.ts'

/** Where an engine cannot be had: one line that says what is missing and what to do. */
export class NoEngineError extends Error {
  override readonly name = 'NoEngineError'
}

/** The path of a program, or `null`. Looks where root's programs lie too, since not every root shell has them on its PATH. */
export async function findProgram(name: string): Promise<string | null> {
  for (const folder of [...(process.env.PATH ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']) {
    const path = join(folder, name)
    if (
      await access(path, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return path
  }
  return null
}

/**
 * Makes sure that dockerd and what it needs are on this machine. Installs them from the distribution where that is
 * Debian or Ubuntu and we are root: says so, and asks first on a terminal. Throws `NoEngineError` where they cannot be had.
 */
export async function ensureEnginePrograms(say: (line: string) => void): Promise<void> {
  const missing = await missingPrograms(['dockerd', 'docker', 'iptables', 'ip', 'unshare'])
  if (missing.length === 0) return
  const what = `no Docker engine answers and ${missing.join(', ')} ${missing.length === 1 ? 'is' : 'are'} not on this machine`
  if (process.platform !== 'linux') throw new NoEngineError(`${what}: install Docker and start it.`)
  if (process.getuid?.() !== 0) {
    throw new NoEngineError(
      `${what}: start a Docker engine that you may use, or run this as root to have one installed.`,
    )
  }
  if (!(await isDebian()))
    throw new NoEngineError(
      `${what}: install Docker's engine from your distribution (Debian and Ubuntu are done for you).`,
    )
  const packages = ['docker.io', 'iptables', 'iproute2']
  if (!(await askOnTerminal(`Docker's engine is not on this machine. Install ${packages.join(', ')} with apt-get?`))) {
    throw new NoEngineError(`${what}: install them yourself, or answer yes.`)
  }
  say(`Installing ${packages.join(', ')} with apt-get; Docker's own service is not started.`)
  await installPackages(packages)
  // From Debian 13 on the client is a package of its own.
  if (!(await findProgram('docker'))) await installPackages(['docker-cli'])
}

/** `apt-get update`, then installs; services that come along are not started. Only as root on Debian or Ubuntu. */
export async function installPackages(packages: readonly string[]): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const wait = ['-o', 'DPkg::Lock::Timeout=300', '-q', '-y']
  await updateLists()
  await withoutServices(() =>
    runOk('apt-get', [...wait, 'install', '--no-install-recommends', ...packages], { env, timeoutMs: 600_000 }),
  )
}

/** One at a time: apt-get itself does not wait for another that does the same. */
async function updateLists(): Promise<void> {
  await runOk('flock', ['/etc/os-release', 'apt-get', '-q', 'update'], { timeoutMs: 600_000 })
}

/** Whether this is Debian, Ubuntu or a child of theirs. */
export async function isDebian(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '')
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release) && (await findProgram('apt-get')) !== null
}

/** The static busybox of this machine, or of the distribution's package unpacked into `folder`; `null` where there is none. */
export async function staticBusybox(folder: string): Promise<string | null> {
  const installed = await findProgram('busybox')
  if (installed && (await isStatic(installed))) return installed
  if (!(await isDebian())) return null
  await mkdir(folder, { recursive: true })
  const download = () => run('apt-get', ['-q', 'download', 'busybox-static'], { cwd: folder, timeoutMs: 120_000 })
  let ran = await download()
  if (ran.code !== 0 && process.getuid?.() === 0) {
    await updateLists() // a new machine knows no packages yet
    ran = await download()
  }
  if (ran.code !== 0) return null
  await runOk('sh', ['-c', 'dpkg-deb -x busybox-static_*.deb unpacked'], { cwd: folder })
  for (const path of ['bin/busybox', 'usr/bin/busybox'].map((end) => join(folder, 'unpacked', end))) {
    if (await isStatic(path)) return path
  }
  return null
}

/** A program that names no interpreter (ELF's PT_INTERP) needs no library of its machine. */
async function isStatic(path: string): Promise<boolean> {
  const elf = await readFile(path).catch(() => null)
  if (!elf || elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46 || elf[4] !== 2 || elf[5] !== 1) return false
  const [start, size, count] = [Number(elf.readBigUInt64LE(32)), elf.readUInt16LE(54), elf.readUInt16LE(56)]
  return !Array.from({ length: count }, (_, at) => elf.readUInt32LE(start + at * size)).includes(3)
}

async function missingPrograms(names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map(findProgram))
  return names.filter((_, at) => found[at] === null)
}

async function askOnTerminal(question: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY || process.env.CI) return true
  const terminal = createInterface({ input: process.stdin, output: process.stdout })
  const answer = await terminal.question(`${question} [Y/n] `)
  terminal.close()
  return !/^\s*n/i.test(answer)
}

/** While `work` runs, Debian's policy hook forbids starting services, unless the machine has a policy of its own. */
async function withoutServices<T>(work: () => Promise<T>): Promise<T> {
  const policy = '/usr/sbin/policy-rc.d'
  const ours = await writeFile(policy, '#!/bin/sh\nexit 101\n', { flag: 'wx', mode: 0o755 }).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false
      throw error
    },
  )
  try {
    return await work()
  } finally {
    if (ours) await rm(policy)
  }
}

/** A small Debian below `root`. In a mount namespace of its own, so that a run that is killed leaves no `/proc` mounted in it. */
export async function debootstrap(suite: string, root: string, packages: readonly string[] = []): Promise<void> {
  if (!(await findProgram('debootstrap'))) await installPackages(['debootstrap'])
  const include = packages.length === 0 ? [] : [`--include=${packages.join(',')}`]
  await runOk('unshare', ['--mount', 'debootstrap', '--variant=minbase', ...include, suite, root], {
    timeoutMs: 900_000,
  })
}
