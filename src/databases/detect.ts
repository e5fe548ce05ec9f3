/** Recognises the database in a container by its image, its command, its environment and the tools it has, and knows where its data lies. Pure. */
import { InstanceError } from '../errors.ts'
import type { DumpTools, KindSigns } from './engineContract.ts'
import { DATABASE_TOOLS, DB_KINDS, type DbKind, engineOf, signsOfKinds } from './engines.ts'

interface KindEvidence {
  /** Name of the container in messages. */
  readonly name: string
  /** The image reference that the container was created with. */
  readonly image: string
  /** Entrypoint and command. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

/** Matches names of images that hold no database although they are named after one: exporters, admin pages, proxies. */
const COMPANION =
  /exporter|admin|express|commander|insight|operator|backup|adminer|pgbouncer|pgpool|proxy|sentinel|-ui$/

/** Recognises the database by an image reference; `null` if it shows none. Exporters, admin pages and the like show none. */
export function kindOfImage(reference: string): DbKind | null {
  const last = lastPart(reference)
  if (COMPANION.test(last)) return null
  return kindBy((signs) => signs.image.test(last)) ?? null
}

/** Returns the last part of an image's name, in small letters and without its tag. */
function lastPart(reference: string): string {
  const parts = reference.toLowerCase().replace(/@.*$/, '').split('/')
  return (parts.pop() ?? '').replace(/:.*$/, '')
}

/**
 * Finds out the kind of the database in a container: by its command and image, else by its environment, else by the tools in it. The first
 * of these that shows a kind decides. Throws an `InstanceError` that names the choices if it shows kinds of several engines, or if none
 * shows any.
 */
export function detectKind(container: KindEvidence, tools: DumpTools): DbKind {
  const image = kindOfImage(container.image)
  const levels: readonly (readonly DbKind[])[] = [
    // the command is the nearest to what runs: it stands first
    [...kindsOfCommand(container.command), ...(image === null ? [] : [image])],
    container.env.flatMap((name) => kindBy((signs) => signs.variable?.test(name) === true) ?? []),
    DATABASE_TOOLS.filter((tool) => tools.has(tool)).flatMap((tool) => kindBy((signs) => signs.tool === tool) ?? []),
  ]
  for (const kinds of levels) {
    const [first] = kinds
    if (first === undefined) continue
    if (new Set(kinds.map(engineOf)).size === 1) return first
    const choices = [...new Set(kinds)]
    throw new InstanceError(
      `database container "${container.name}" (image ${container.image}) could hold any of ${choices.join(', ')}: say which with dbKind: ${choices.join(' or dbKind: ')}`,
    )
  }
  throw new InstanceError(
    `cannot tell which database runs in container "${container.name}" (image ${container.image}): say so with dbKind: ${DB_KINDS.slice(0, -1).join(', ')} or ${DB_KINDS.at(-1)}`,
  )
}

function kindsOfCommand(command: readonly string[]): readonly DbKind[] {
  return command.flatMap((word) => kindBy((signs) => signs.server.test(word.split('/').pop() ?? '')) ?? [])
}

/**
 * Returns the kind of the database that runs in a container, told without looking into it: by its command, its image or its environment;
 * `null` if none of them shows one. The environment does not count if it also names another server, as that of a server's client does.
 */
export function databaseIn(container: Omit<KindEvidence, 'name'>): DbKind | null {
  const shown = kindsOfCommand(container.command)[0] ?? kindOfImage(container.image)
  if (shown !== null) return shown
  if (COMPANION.test(lastPart(container.image)) || container.env.some((name) => OF_A_CLIENT.test(name))) return null
  return container.env.flatMap((name) => kindBy((signs) => signs.variable?.test(name) === true) ?? [])[0] ?? null
}

/** Matches names of environment variables that say where a database is: `POSTGRES_HOST`, `DATABASE_URL`, `WORDPRESS_DB_HOST`. */
const OF_A_CLIENT =
  /(^|_)(DB|DATABASE|PG|POSTGRES|POSTGRESQL|MYSQL|MARIADB|MONGO|MONGODB)(_[A-Z]+)*_?(HOST|HOSTNAME|SERVER|URL|URI|DSN|ADDR|ADDRESS)$/i

/**
 * Returns the kind of the database whose data lies at or below a path in the container, told by command and image alone; `null` if none is
 * known to.
 */
export function databaseAt(container: Pick<KindEvidence, 'image' | 'command'>, path: string): DbKind | null {
  const kind = kindsOfCommand(container.command)[0] ?? kindOfImage(container.image)
  return kind !== null && keepsDataAt(kind, container.command, path) ? kind : null
}

/**
 * Tells whether a server of that kind keeps its data at or below a path in its container: at the usual places of its kind, and where the
 * command says (`-D`, `--datadir=`).
 */
export function keepsDataAt(kind: DbKind, command: readonly string[], path: string): boolean {
  if (namedDirectories(command).some((named) => named === path || named.startsWith(`${path}/`))) return true
  return signsOfKinds().some(([one, signs]) => one === kind && signs.data.test(path))
}

/** Returns the data directories that a server's command line names, by the option of any of the servers. */
function namedDirectories(command: readonly string[]): readonly string[] {
  return command.flatMap((word, index) => {
    const [, attached] = /^(?:-D=?|--(?:datadir|dbpath|dir)=|data_directory=)(\/.*)$/.exec(word) ?? []
    const isOption = /^(-D|--datadir|--dbpath|--dir)$/.test(word)
    return attached ?? (isOption ? (command[index + 1] ?? []) : [])
  })
}

function kindBy(shows: (signs: KindSigns) => boolean): DbKind | undefined {
  return signsOfKinds().find(([, signs]) => shows(signs))?.[0]
}
