/** Recognises the database in a container by its image, its command, its environment and the tools it has. Pure. */
import { InstanceError } from '../errors.ts'
import type { DumpTools, KindSigns } from './engineContract.ts'
import { DATABASE_TOOLS, DB_KINDS, type DbKind, engineOf, signsOfKinds } from './engines.ts'

interface KindEvidence {
  /** Name of the container, for the messages. */
  readonly name: string
  /** Image reference as the container was created with it. */
  readonly image: string
  /** Entrypoint and command. */
  readonly command: readonly string[]
  /** Names of the container's environment variables. */
  readonly env: readonly string[]
}

/** Images that are about a database and are none. */
const COMPANION =
  /exporter|admin|express|commander|insight|operator|backup|adminer|pgbouncer|pgpool|proxy|sentinel|-ui$/

/** Recognises the database by an image reference; `null` where it tells none. Companions (exporters, admin pages) are none. */
export function kindOfImage(reference: string): DbKind | null {
  const parts = reference.toLowerCase().replace(/@.*$/, '').split('/')
  const last = (parts.pop() ?? '').replace(/:.*$/, '')
  if (COMPANION.test(last)) return null
  return kindBy((signs) => signs.image.test(last)) ?? null
}

/**
 * Recognises the kind of the database in a container. What the image and the command say goes before what the environment says,
 * and that before the tools that are there. Throws an `InstanceError` that names the choices where it stays open.
 */
export function detectKind(container: KindEvidence, tools: DumpTools): DbKind {
  const image = kindOfImage(container.image)
  const programs = container.command.map((word) => word.split('/').pop() ?? '')
  const levels: readonly (readonly DbKind[])[] = [
    // the command is the nearest to what runs: it stands first
    [
      ...programs.flatMap((word) => kindBy((signs) => signs.server.test(word)) ?? []),
      ...(image === null ? [] : [image]),
    ],
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

function kindBy(shows: (signs: KindSigns) => boolean): DbKind | undefined {
  return signsOfKinds().find(([, signs]) => shows(signs))?.[0]
}
