/** Which database runs in a container, told by its image, its command, its environment and the tools it has. Pure. */
import type { DbKind } from '../../config/model.ts'
import { InstanceError } from '../../errors.ts'
import type { DumpTools } from './contract.ts'

export interface KindEvidence {
  /** Name of the container, for the messages. */
  readonly name: string
  /** Image reference as the container was created with it. */
  readonly image: string
  /** Entrypoint and command. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

const FAMILY: Readonly<Record<DbKind, string>> = {
  postgres: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongo: 'mongo',
  redis: 'redis',
  valkey: 'redis',
}

const IMAGE_WORDS: readonly (readonly [RegExp, DbKind])[] = [
  [/mongo|ferretdb/, 'mongo'],
  [/mariadb/, 'mariadb'],
  [/mysql|percona-server$|^percona$|percona-xtradb/, 'mysql'],
  [/valkey/, 'valkey'],
  [/redis/, 'redis'],
  [/postgres|postgis|timescale|pgvector|pgvecto|^supabase$/, 'postgres'],
]

/** Images that are about a database and are none. */
const COMPANION =
  /exporter|admin|express|commander|insight|operator|backup|adminer|pgbouncer|pgpool|proxy|sentinel|-ui$/

const SERVERS: readonly (readonly [RegExp, DbKind])[] = [
  [/^(postgres|postmaster)$/, 'postgres'],
  [/^mariadbd?(-safe)?$/, 'mariadb'],
  [/^mysqld(_safe|-safe)?$/, 'mysql'],
  [/^mongod$/, 'mongo'],
  [/^redis-server$/, 'redis'],
  [/^valkey-server$/, 'valkey'],
]

const VARIABLES: readonly (readonly [RegExp, DbKind])[] = [
  [/^(POSTGRES(QL)?_(DB|USER|USERNAME|PASSWORD|INITDB_ARGS)(_FILE)?|PGDATA)$/, 'postgres'],
  [/^MARIADB_(ROOT_PASSWORD|ROOT_PASSWORD_HASH|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY_ROOT_PASSWORD)(_FILE)?$/, 'mariadb'],
  [/^MYSQL_(ROOT_PASSWORD|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY_PASSWORD)(_FILE)?$/, 'mysql'],
  [/^(MONGO_INITDB_ROOT_USERNAME|MONGO_INITDB_ROOT_PASSWORD|MONGODB_ROOT_PASSWORD)(_FILE)?$/, 'mongo'],
]

const TOOLS: readonly (readonly [string, DbKind])[] = [
  ['pg_dumpall', 'postgres'],
  ['mariadb-dump', 'mariadb'],
  ['mysqldump', 'mysql'],
  ['mongodump', 'mongo'],
  ['valkey-cli', 'valkey'],
  ['redis-cli', 'redis'],
]

/** What an image reference says of the database in it, or `null`. Companions (exporters, admin pages) are none. */
export function kindOfImage(reference: string): DbKind | null {
  const parts = reference.toLowerCase().replace(/@.*$/, '').split('/')
  const last = (parts.pop() ?? '').replace(/:.*$/, '')
  if (COMPANION.test(last)) return null
  return find(IMAGE_WORDS, last) ?? null
}

/**
 * The kind of the database in a container. What the image and the command say goes before what the environment says,
 * and that before the tools that are there. Throws an `InstanceError` that names the choices where it stays open.
 */
export function detectKind(container: KindEvidence, tools: DumpTools): DbKind {
  const image = kindOfImage(container.image)
  const commands = container.command.flatMap((word) => find(SERVERS, word.split('/').pop() ?? '') ?? [])
  const levels: readonly (readonly DbKind[])[] = [
    // the command is the nearest to what runs: it stands first
    [...commands, ...(image === null ? [] : [image])],
    container.env.flatMap((name) => find(VARIABLES, name) ?? []),
    TOOLS.filter(([tool]) => tools.has(tool)).map(([, kind]) => kind),
  ]
  for (const kinds of levels) {
    const [first] = kinds
    if (first === undefined) continue
    const families = new Set(kinds.map((kind) => FAMILY[kind]))
    if (families.size === 1) return first
    throw new InstanceError(
      `database container "${container.name}" (image ${container.image}) could hold any of ${[...new Set(kinds)].join(', ')}: say which with dbKind: ${[...new Set(kinds)].join(' or dbKind: ')}`,
    )
  }
  throw new InstanceError(
    `cannot tell which database runs in container "${container.name}" (image ${container.image}): say so with dbKind: postgres, mysql, mariadb, mongo, redis or valkey`,
  )
}

function find(table: readonly (readonly [RegExp, DbKind])[], word: string): DbKind | undefined {
  return table.find(([pattern]) => pattern.test(word))?.[1]
}
