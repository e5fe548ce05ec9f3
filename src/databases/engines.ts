/**
 * Lists the database engines that can be dumped, and finds the secrets in the arguments of any of them. To add an engine, write a folder
 * beside this file and add its name here. Pure.
 */

import type { DatabaseEngine, KindSigns } from './engineContract.ts'
import { mongo } from './mongo/mongo.ts'
import { mysql } from './mysql/mysql.ts'
import { postgres } from './postgres/postgres.ts'
import { redis } from './redis/redis.ts'
import { freeTextIn } from './secretArgs.ts'
import { secretsByName } from './secretNames.ts'

/** The engines, in the order in which people read their kinds. */
const ENGINES = [postgres, mysql, mongo, redis] as const satisfies readonly DatabaseEngine[]

/** A word that `dbKind` takes in the configuration. */
export type DbKind = KindOf<(typeof ENGINES)[number]>
type KindOf<E> = E extends { readonly kinds: infer K } ? keyof K & string : never

/** Every word that `dbKind` takes, in the order of the engines. */
export const DB_KINDS: readonly DbKind[] = ENGINES.flatMap((engine) => Object.keys(engine.kinds) as DbKind[])

/** Every program that some engine looks for in a container before a dump. */
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
 * Returns the secrets in `dumpArgs`, so that they are masked before anything is printed. If the kind is not configured (`null`), only what
 * looks like a secret to a person is taken (`--password=…`, a URL): `-p 5433` is a port for one engine and a password for another. The dump
 * itself knows the kind and masks the rest.
 */
export function secretsInDumpArgs(kind: DbKind | null, dumpArgs: readonly string[]): readonly string[] {
  if (kind !== null) return engineOf(kind).extractSecrets(dumpArgs).secrets
  const telling = dumpArgs.filter(
    (arg, i) =>
      (tellsSecret(arg) && !/^auth$/i.test(arg)) || /^["']?--?(pass\w*|pwd)["']?$/i.test(dumpArgs[i - 1] ?? ''),
  )
  const byName = secretsByName(dumpArgs, { isFreeText: freeTextIn(dumpArgs) })
  return [...new Set([...ENGINES.flatMap((engine) => engine.extractSecrets(telling).secrets), ...byName])]
}

/**
 * Tells whether an argument looks like a secret, whatever the engine. `-pX` is a password for MySQL and MongoDB; if X is a number, it may
 * be a port for PostgreSQL, and does not count.
 */
function tellsSecret(arg: string): boolean {
  return /pass|pwd|secret|token|auth|:\/\//i.test(arg) || /^["']?-p(?!\d+["']?$)./s.test(arg)
}
