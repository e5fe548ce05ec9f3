/**
 * Finds the secret texts of an instance: values that variables brought to places where secrets go, literal values under telling names, and
 * passwords in `repository` and `dumpArgs`.
 */

import { secretsInDumpArgs } from '../databases/engines.ts'
import type { Filled } from './interpolation.ts'
import type { Instance } from './model.ts'
import type { Path } from './yaml.ts'

/** A text of the instance after its variables were filled in, with its path in the file. */
export interface FilledText extends Filled {
  readonly path: Path
}

const TELLING = /pass|secret|token|key|credential/i
/** Matches the end of a name that tells where a secret lies (`…_FILE`): such a value is not a secret. */
const PLACE = /_(?:FILE|PATH|DIR)$/i
/** Values that are never secrets, in small letters: masking them would hide half of every log. */
const COMMON = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'null', 'none'])
/** Matches the password in a URL such as `rest:https://user:password@host/`. */
const PASSWORD_IN_URL = /\/\/[^/@:]*:([^/@]+)@/

/** Matches the end of a name that belongs to a property of a secret, or to another kind of key: `S3_KEY_PREFIX`. */
const OTHER_THAN_A_SECRET =
  /_(?:PREFIX|SUFFIX|NAME|TYPE|KIND|ALGORITHM|FORMAT|SIZE|LENGTH|BITS|TTL|AGE|COUNT|HOST|USER|REGION)$/i

/** A text that is masked, or may be masked. */
export interface SecretText {
  readonly value: string
  /** Says for people where it stands: `env.S3_KEY_PREFIX`, `the variable PREFIX`. */
  readonly origin: string
  /**
   * `false` if only a part of its name suggests a secret (`S3_KEY_PREFIX`). Such a value is not masked if it is an everyday word or stands
   * in an id, a link or a path of the run.
   */
  readonly isCertain: boolean
}

/**
 * Returns the secrets of an instance. Left out are empty texts, duplicates, and words such as `true`. Short ones are included: the caller
 * decides what is masked.
 */
export function secretsOf(instance: Instance, filled: Iterable<FilledText>): readonly SecretText[] {
  const secrets = new Map<string, SecretText>()
  const add = (value: string, origin: string, isCertain = true) => {
    if (value === '' || COMMON.has(value.toLowerCase())) return
    if (secrets.get(value)?.isCertain !== true) secrets.set(value, { value, origin, isCertain })
  }
  for (const { path, values } of filled) {
    if (mayHoldSecrets(path)) for (const { name, value } of values) add(value, `the variable ${name}`)
  }
  for (const [name, value] of Object.entries(instance.env)) {
    if (TELLING.test(name) && !PLACE.test(name))
      add(value, `\`env.${name}\` of instance ${instance.id}`, !OTHER_THAN_A_SECRET.test(name))
  }
  const password = PASSWORD_IN_URL.exec(instance.repository ?? '')?.[1]
  if (password !== undefined) add(password, `\`repository\` of instance ${instance.id}`)
  for (const target of instance.targets ?? [])
    if (target.kind === 'db')
      for (const literal of secretsInDumpArgs(target.dbKind, target.dumpArgs))
        add(literal, `\`dumpArgs\` of instance ${instance.id}`)
  return [...secrets.values()]
}

/**
 * Tells whether a value at this path of the file can be a secret: `env` and `repository` of an instance, `dumpArgs` and hooks of its targets,
 * and what a check of its drill asks or looks for. Names are not secrets; masking them would hide them wherever they occur.
 */
function mayHoldSecrets(path: Path): boolean {
  const [, , key, , targetKey] = path
  if (key === 'env' || key === 'repository') return true
  if (key === 'drill') return ['sql', 'equals', 'matches', 'contains'].includes(String(path.at(-1)))
  return key === 'targets' && ['dumpArgs', 'preHook', 'postHook'].includes(String(targetKey))
}
