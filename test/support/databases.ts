/** Real database servers for tests: one image out of Debian's packages, that starts each of them as the official images do. */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { keptArchive } from '../../examples/demo/base-image.ts'
import type { Engine } from '../../examples/demo/engine.ts'
import { debootstrap } from '../../examples/demo/packages.ts'

const SUITE = 'trixie'
const PATH = 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const PACKAGES = ['postgresql', 'mariadb-server', 'redis-server', 'valkey-server']

const FROM_REGISTRY = `FROM debian:${SUITE}-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ${PACKAGES.join(' ')}`

/**
 * As the official images' entrypoints: the environment makes the first user and database, `…_FILE` names a secret's file,
 * the server runs as its own user while an exec is root. Syncing is off: only speed is lost with it.
 */
const ENTRYPOINT = `#!/bin/sh
set -e
value() { eval "v=\\\${$1-} f=\\\${$1_FILE-}"; if [ -n "$f" ]; then cat "$f"; else printf %s "$v"; fi; }
case $1 in
postgres)
  shift; export PGDATA=/var/lib/postgresql/data
  if [ ! -s $PGDATA/PG_VERSION ]; then
    install -d -o postgres -g postgres -m 700 $PGDATA
    value POSTGRES_PASSWORD >/tmp/password; chown postgres /tmp/password
    setpriv --reuid=postgres --regid=postgres --clear-groups /usr/lib/postgresql/*/bin/initdb --no-sync -D $PGDATA \\
      -U "\${POSTGRES_USER:-postgres}" --pwfile=/tmp/password --auth-local=trust --auth-host=scram-sha-256 $POSTGRES_INITDB_ARGS
    rm /tmp/password
    if [ "\${POSTGRES_USER:-postgres}" != postgres ]; then
      echo "CREATE DATABASE "$POSTGRES_USER"" | setpriv --reuid=postgres --regid=postgres --clear-groups \\
        /usr/lib/postgresql/*/bin/postgres --single -D $PGDATA postgres >/dev/null
    fi
  fi
  install -d -o postgres -g postgres /run/postgresql
  exec setpriv --reuid=postgres --regid=postgres --clear-groups /usr/lib/postgresql/*/bin/postgres -c fsync=off "$@" ;;
mariadbd)
  shift; install -d -o mysql -g mysql /run/mysqld
  root=$(value MARIADB_ROOT_PASSWORD); [ -n "$root" ] || root=$(value MYSQL_ROOT_PASSWORD)
  {
    root=$(printf %s "$root" | sed "s/'/''/g")
    if [ -n "$root" ]; then echo "ALTER USER root@localhost IDENTIFIED BY '$root';"; fi
    if [ -n "$MYSQL_DATABASE" ]; then echo "CREATE DATABASE IF NOT EXISTS $MYSQL_DATABASE;"; fi
    if [ -n "$MYSQL_USER" ]; then
      echo "CREATE USER IF NOT EXISTS $MYSQL_USER@'%' IDENTIFIED BY '$(value MYSQL_PASSWORD)';"
      if [ -n "$MYSQL_DATABASE" ]; then echo "GRANT ALL ON $MYSQL_DATABASE.* TO $MYSQL_USER@'%';"; fi
    fi
  } >/run/mysqld/init.sql
  exec mariadbd --user=mysql --init-file=/run/mysqld/init.sql --innodb-flush-log-at-trx-commit=0 --innodb-use-native-aio=0 "$@" ;;
esac
exec "$@"
`

export type ServerKind = 'postgres' | 'mariadb' | 'redis' | 'valkey'

const COMMAND: Readonly<Record<ServerKind, readonly string[]>> = {
  postgres: ['postgres'],
  mariadb: ['mariadbd'],
  redis: ['redis-server', '--save', ''],
  valkey: ['valkey-server', '--save', ''],
}

const READY: Readonly<Record<ServerKind, string>> = {
  // over TCP: the server that initdb starts for itself answers on the socket alone
  postgres: 'pg_isready -q -h 127.0.0.1',
  mariadb: 'mariadb-admin ping --protocol=tcp -h 127.0.0.1 --skip-ssl 2>&1 | grep -qE "alive|Access denied"',
  redis: 'redis-cli -p "$1" ping | grep -qE "PONG|NOAUTH"',
  valkey: 'valkey-cli -p "$1" ping | grep -qE "PONG|NOAUTH"',
}

/** The image that holds all the servers; made once an engine (about a minute and a half), by debootstrap or, on a reachable engine, by `docker build`. */
export async function databaseImage(engine: Engine): Promise<string> {
  const image = databaseImageName(engine)
  if ((await engine.docker(['image', 'inspect', image])).code === 0) return image
  const folder = await mkdtemp(join(engine.folder ?? tmpdir(), 'databases-'))
  try {
    if (engine.kind === 'reachable') await build(engine, image, folder, FROM_REGISTRY)
    else await bootstrap(engine, image, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return image
}

/** Brings the image from an engine that has it into another one: much faster than making it there. As one layer, so that a small disk takes it. */
export async function copyDatabaseImage(from: Engine, to: Engine): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'databases-'))
  const source = from.name('databases-source')
  try {
    const archive = join(folder, 'image.tar')
    await from.ok(['create', '--name', source, await databaseImage(from)])
    await from.ok(['export', '-o', archive, source], { timeoutMs: 300_000 })
    const changes = [PATH, 'ENTRYPOINT ["/entrypoint"]'].flatMap((change) => ['--change', change])
    await to.ok(['import', ...changes, archive, databaseImageName(to)], { timeoutMs: 300_000 })
  } finally {
    await from.docker(['rm', '-f', source])
    await rm(folder, { recursive: true, force: true })
  }
}

const databaseImageName = (engine: Engine) => `${engine.prefix}-databases:${SUITE}`

/** What is never used is left out of the image: a smaller one is imported faster. */
const UNUSED = [
  'var/cache/apt/archives',
  'var/lib/apt/lists',
  'var/lib/postgresql',
  'usr/share/doc',
  'usr/share/locale',
]

/** The tree with the servers, as a tar in the folder `cache`; made once. */
export function databasesArchive(cache: string): Promise<string> {
  return keptArchive(
    join(cache, `databases-${SUITE}.tar`),
    (root) => debootstrap(SUITE, root, PACKAGES),
    UNUSED.map((path) => `./${path}/*`),
  )
}

async function bootstrap(engine: Engine, image: string, folder: string): Promise<void> {
  const archive = await databasesArchive(process.env.MARINA_TEST_CACHE || folder)
  await engine.ok(['import', '--change', PATH, archive, `${image}-base`], { timeoutMs: 300_000 })
  await build(engine, image, folder, `FROM ${image}-base`)
}

async function build(engine: Engine, image: string, folder: string, from: string): Promise<void> {
  const context = join(folder, 'context')
  await mkdir(context)
  await writeFile(join(context, 'entrypoint'), ENTRYPOINT)
  await chmod(join(context, 'entrypoint'), 0o755)
  await writeFile(join(context, 'Dockerfile'), `${from}\nCOPY entrypoint /entrypoint\nENTRYPOINT ["/entrypoint"]\n`)
  // buildx is not everywhere
  const env = { ...process.env, DOCKER_BUILDKIT: '0' }
  await engine.ok(['build', '-t', image, context], { timeoutMs: 900_000, env })
}

export interface ServerOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Behind the server's own command. */
  readonly args?: readonly string[]
  /** In place of the server's own command. */
  readonly command?: readonly string[]
  /** Where a Redis or Valkey listens, if not at its usual port. */
  readonly port?: string | undefined
  /** Further words for `docker run`. */
  readonly run?: readonly string[]
}

/** Starts a server of its own, in a container of that name without network, and waits until it answers. */
export async function startServer(
  engine: Engine,
  kind: ServerKind,
  name: string,
  options: ServerOptions = {},
): Promise<void> {
  const image = await databaseImage(engine)
  const env = Object.entries(options.env ?? {}).flatMap(([key, value]) => ['-e', `${key}=${value}`])
  const command = options.command ?? [...COMMAND[kind], ...(options.args ?? [])]
  const more = options.run ?? []
  const port = options.port ?? '6379'
  await engine.ok(['run', '-d', '--network', 'none', '--name', name, ...env, ...more, image, ...command])
  const end = Date.now() + 60_000
  while ((await engine.docker(['exec', name, 'sh', '-c', READY[kind], 'sh', port])).code !== 0) {
    if (Date.now() > end) {
      const { stdout, stderr } = await engine.docker(['logs', '--tail', '20', name])
      throw new Error(`${kind} in ${name} does not answer:\n${stdout}${stderr}`)
    }
    await delay(100)
  }
}
