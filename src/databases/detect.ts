/** Recognises the database in a container by its image, its command, its environment and the tools it has. Pure. */
import { InstanceError } from '../errors.ts'
import type { DumpTools, KindSigns } from './engineContract.ts'
import { DATABASE_TOOLS, DB_KINDS, type DbKind, engineOf, signsOfKinds } from './engines.ts'

interface KindEvidence {
  /** Name of the container, for the messages. */
  readonly name: string
  /** The image reference that the container was created with. */
  readonly image: string
  /** Entrypoint and command. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

/** Matches images that belong to a database but are none: exporters, admin pages, proxies. */
const COMPANION =
  /exporter|admin|express|commander|insight|operator|backup|adminer|pgbouncer|pgpool|proxy|sentinel|-ui$/

/** Recognises the database by an image reference; `null` if it shows none. Exporters, admin pages and the like are none. */
export function kindOfImage(reference: string): DbKind | null {
  const parts = reference.toLowerCase().replace(/@.*$/, '').split('/')
  const last = (parts.pop() ?? '').replace(/:.*$/, '')
  if (COMPANION.test(last)) return null
  return kindBy((signs) => signs.image.test(last)) ?? null
}

/**
 * Finds out the kind of the database in a container: by image and command, else by the environment, else by the tools in it. Throws an
 * `InstanceError` that names the choices if it stays unknown.
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
 * The kind of database whose data lies at a path of a container that runs it, by its image and its command alone; `null` where none is
 * known to. The path is the usual one of that kind, or one that the command names (`-D`, `--datadir=`).
 */
export function databaseAt(container: Pick<KindEvidence, 'image' | 'command'>, path: string): DbKind | null {
  const kind = kindsOfCommand(container.command)[0] ?? kindOfImage(container.image)
  if (kind === null) return null
  if (namedDirectories(container.command).some((named) => named === path || named.startsWith(`${path}/`))) return kind
  const isUsual = signsOfKinds().some(([one, signs]) => one === kind && signs.data.test(path))
  return isUsual ? kind : null
}

/** Data directories that a server's command line names, each server by its own option. */
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
