/** Lists the database engines that can be dumped. To add one, write a file beside this one and add its name here. Pure. */

import type { DatabaseEngine, KindSigns } from './engineContract.ts'
import { mongo } from './mongo.ts'
import { mysql } from './mysql.ts'
import { postgres } from './postgres.ts'
import { redis } from './redis.ts'

/** The engines, in the order in which people read their kinds. */
const ENGINES = [postgres, mysql, mongo, redis] as const satisfies readonly DatabaseEngine[]

/** A word of `dbKind`. */
export type DbKind = KindOf<(typeof ENGINES)[number]>
type KindOf<E> = E extends { readonly kinds: infer K } ? keyof K & string : never

/** Every word of `dbKind`. */
export const DB_KINDS: readonly DbKind[] = ENGINES.flatMap((engine) => Object.keys(engine.kinds) as DbKind[])

/** Every program that an engine looks for in a container. */
export const DATABASE_TOOLS: readonly string[] = ENGINES.flatMap((engine) => engine.tools)

export function engineOf(kind: DbKind): DatabaseEngine {
  const found = ENGINES.find((engine) => kind in engine.kinds)
  if (found === undefined) throw new Error(`no engine is of the kind ${kind}`)
  return found
}

/** Returns the signs of each kind, in the order of `DB_KINDS`. */
export function signsOfKinds(): readonly (readonly [DbKind, KindSigns])[] {
  return ENGINES.flatMap((engine) => Object.entries(engine.kinds) as [DbKind, KindSigns][])
}

/**
 * Returns the secrets in `dumpArgs`, so that they are hidden before anything is printed. If the kind is not configured, only what looks
 * like a secret to a person is taken (`--password=…`, a URL): `-p 5433` is a port for one engine and a password for another. The dump
 * itself knows the kind and hides the rest.
 */
export function secretsInDumpArgs(kind: DbKind | null, dumpArgs: readonly string[]): readonly string[] {
  if (kind !== null) return engineOf(kind).extractSecrets(dumpArgs).secrets
  const telling = dumpArgs.filter(
    (arg, i) => tellsSecret(arg) || /^["']?--?(pass\w*|pwd)["']?$/i.test(dumpArgs[i - 1] ?? ''),
  )
  return [...new Set(ENGINES.flatMap((engine) => engine.extractSecrets(telling).secrets))]
}

/**
 * Tells whether an argument is a secret although the engine is unknown. `-pX` is a password for MySQL and MongoDB, and a port for
 * PostgreSQL if X is a number.
 */
function tellsSecret(arg: string): boolean {
  return /pass|pwd|secret|token|auth|:\/\//i.test(arg) || /^["']?-p(?!\d+["']?$)./s.test(arg)
}
