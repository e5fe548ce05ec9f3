/** Which texts of an instance are secret: what variables brought where secrets go, and literal values under telling names. */

import { secretsInDumpArgs } from '../databases/index.ts'
import type { Filled } from './interpolation.ts'
import type { Instance } from './model.ts'
import type { Path } from './yaml.ts'

/** One text of the instance after its variables were filled in. */
export interface FilledText extends Filled {
  readonly path: Path
}

const TELLING = /pass|secret|token|key|credential/i
/** Where a secret lies is no secret. */
const PLACE = /_(?:FILE|PATH|DIR)$/i
/** Masked, these would blot out half of every log, and outputs that hold them would be dropped. */
const COMMON = new Set(['true', 'false', 'yes', 'no', 'on', 'off', 'null', 'none'])
/** `rest:https://user:password@host/`. */
const PASSWORD_IN_URL = /\/\/[^/@:]*:([^/@]+)@/

/** The instance's secrets: none empty, none twice. Short ones are in it too: whoever masks decides. */
export function secretsOf(instance: Instance, filled: Iterable<FilledText>): readonly string[] {
  const secrets = new Set<string>()
  for (const { path, values } of filled) {
    if (mayHoldSecrets(path)) for (const value of values) secrets.add(value)
  }
  for (const [name, value] of Object.entries(instance.env)) {
    if (TELLING.test(name) && !PLACE.test(name)) secrets.add(value)
  }
  const password = PASSWORD_IN_URL.exec(instance.repository ?? '')?.[1]
  if (password !== undefined) secrets.add(password)
  for (const target of instance.targets ?? [])
    if (target.kind === 'db')
      for (const secret of secretsInDumpArgs(target.dbKind, target.dumpArgs)) secrets.add(secret)
  return [...secrets].filter((secret) => secret !== '' && !COMMON.has(secret.toLowerCase()))
}

/** `env`, `repository`, `dumpArgs`, hooks, and the address to ping; not names, which would be masked wherever they occur. */
function mayHoldSecrets(path: Path): boolean {
  const [, , key, , targetKey] = path
  if (key === 'env' || key === 'repository' || key === 'ping-url') return true
  return key === 'targets' && ['dumpArgs', 'preHook', 'postHook'].includes(String(targetKey))
}
