/** How base images come into an engine without any image registry: from busybox-static, and from debootstrap. */

import { createHash } from 'node:crypto'
import { chmod, copyFile, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Engine } from './engine.ts'
import { debootstrap, NoEngineError, staticBusybox } from './packages.ts'
import { runOk } from './process.ts'

const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/**
 * Makes `engine.baseImage`: from this machine's static busybox, or its distribution's package; else, where a registry
 * answers, from Docker's own `busybox`. `folder` is for its files meanwhile.
 */
export async function importBusybox(engine: Engine, folder: string): Promise<void> {
  const busybox = await staticBusybox(join(folder, 'package'))
  if (busybox === null) {
    await pullBusybox(engine)
    return
  }
  const root = join(folder, 'root')
  for (const made of ['bin', 'etc', 'tmp', 'root', 'proc', 'sys', 'dev'])
    await mkdir(join(root, made), { recursive: true })
  await chmod(join(root, 'tmp'), 0o1777)
  await copyFile(busybox, join(root, 'bin/busybox'))
  await chmod(join(root, 'bin/busybox'), 0o755)
  const applets = (await runOk(busybox, ['--list']))
    .split('\n')
    .filter((name) => name !== 'busybox' && !name.includes('/'))
  for (const applet of applets) await symlink('busybox', join(root, 'bin', applet))
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnogroup:x:65534:\n')
  const archive = `${root}.tar`
  await runOk('tar', ['-C', root, '--numeric-owner', '--owner=0', '--group=0', '-cf', archive, '.'])
  await importArchive(engine, archive, engine.baseImage, 'CMD ["sh"]')
}

async function pullBusybox(engine: Engine): Promise<void> {
  const image = 'busybox:1.37'
  const wasThere = (await engine.docker(['image', 'inspect', image])).code === 0
  if (!wasThere && (await engine.docker(['pull', '-q', image])).code !== 0) {
    throw new NoEngineError(
      'no base image can be had: no registry answers, and there is no busybox-static on this machine or in its packages',
    )
  }
  await engine.ok(['tag', image, engine.baseImage])
  if (!wasThere) await engine.ok(['image', 'rm', image]) // the name alone goes
}

/** See `Engine.debian`. On a private engine by debootstrap and apt-get in a chroot, elsewhere by `docker build`. */
export async function makeDebian(engine: Engine, packages: readonly string[]): Promise<string> {
  const image = `${engine.prefix}-debian:${digestOf(packages)}`
  if ((await engine.docker(['image', 'inspect', image])).code === 0) return image
  if (engine.kind === 'reachable') {
    await buildDebian(engine, image, packages)
    return image
  }
  const cache = process.env.MARINA_TEST_CACHE || join(engine.folder ?? tmpdir(), 'cache')
  await importArchive(engine, await debianArchive(cache, packages), image, 'CMD ["bash"]')
  return image
}

function digestOf(packages: readonly string[]): string {
  return createHash('sha256').update(packages.toSorted().join(' ')).digest('hex').slice(0, 12)
}

async function buildDebian(engine: Engine, image: string, packages: readonly string[]): Promise<void> {
  const install =
    packages.length === 0
      ? ''
      : `RUN apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')}\n`
  await engine.ok(['build', '-t', image, '-'], { input: `FROM debian:12-slim\n${install}`, timeoutMs: 600_000 })
}

/**
 * The tree of a Debian with these packages, as a tar in the folder `cache`; made once. Those with packages start from the one without.
 * `MARINA_TEST_CACHE` keeps the folder between runs, and shares it between engines.
 */
export async function debianArchive(cache: string, packages: readonly string[] = []): Promise<string> {
  const archive = join(cache, packages.length === 0 ? 'bookworm.tar' : `bookworm-${digestOf(packages)}.tar`)
  return keptArchive(archive, async (root) => {
    if (packages.length === 0) await debootstrap('bookworm', root)
    else {
      await runOk('tar', ['-C', root, '--numeric-owner', '-xf', await debianArchive(cache)])
      await installInto(root, packages)
    }
    await runOk('sh', ['-c', 'rm -rf "$1"/var/cache/apt/archives/*.deb', 'sh', root])
  })
}

/**
 * Returns the path of a tar, after it was made, if it is not there yet, from the tree that `fill` puts into a folder, without what the paths
 * `unused` match. Another process may make the same one meanwhile.
 */
export async function keptArchive(
  archive: string,
  fill: (root: string) => Promise<void>,
  unused: readonly string[] = [],
): Promise<string> {
  if (await stat(archive).catch(() => null)) return archive
  await mkdir(dirname(archive), { recursive: true })
  const folder = await mkdtemp(`${archive}-`)
  try {
    const root = join(folder, 'root')
    await mkdir(root)
    await fill(root)
    const left = unused.flatMap((path) => ['--exclude', path])
    const made = join(folder, 'made.tar')
    await runOk('tar', ['-C', root, '--numeric-owner', ...left, '-cf', made, '.'], { timeoutMs: 300_000 })
    await rename(made, archive)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return archive
}

/** apt-get in a chroot with a /proc of its own, since the engine's own network reaches nothing; services do not start. */
async function installInto(root: string, packages: readonly string[]): Promise<void> {
  const script = `
    set -e
    mount -t proc proc "$1/proc"
    mount --rbind /dev "$1/dev"
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
    printf '#!/bin/sh\\nexit 101\\n' >"$1/usr/sbin/policy-rc.d"
    chmod 755 "$1/usr/sbin/policy-rc.d"
    export DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/usr/bin:/sbin:/bin
    root=$1; shift
    chroot "$root" apt-get -q update
    chroot "$root" apt-get -q -y install --no-install-recommends "$@"
    chroot "$root" apt-get clean
    rm -f "$root/usr/sbin/policy-rc.d"`
  await runOk('unshare', ['--mount', '--pid', '--fork', 'sh', '-c', script, 'sh', root, ...packages], {
    timeoutMs: 600_000,
  })
}

async function importArchive(engine: Engine, archive: string, image: string, command: string): Promise<void> {
  await engine.ok(['import', '--change', PATH, '--change', command, archive, image], { timeoutMs: 300_000 })
}
