/**
 * Finds secrets that are written in clear into the configuration: by a fixed list of shapes (docs/configuration.md lists them) and, under
 * telling names, by how random a value looks. It is for advice: any other secret is not found, and a value is never quoted. Pure.
 */
import { parseTemplate } from './interpolation.ts'

/** Shapes that are secrets under any name, each with its words for people. */
const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[A-Z0-9]{20,}/, 'a private key'],
  [/(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/, 'the id of an AWS access key'],
  [/(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})/, 'a GitHub token'],
  [/(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt)-[A-Za-z0-9_.-]{20,}/, 'a GitLab token'],
  [/(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}/, 'a Slack token'],
  [
    /hooks\.slack\.com\/services\/T[A-Za-z0-9]{1,40}\/B[A-Za-z0-9]{1,40}\/[A-Za-z0-9]{10,}/,
    'the address of a Slack webhook',
  ],
  [/(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}/, 'a Stripe key'],
  [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/, 'a JSON Web Token'],
]

/** Stands for a variable: no shape takes it. */
const VARIABLE = '\ue000'
/** Matches `user:password@` in a URL; the password may hold any sign that a careless writer leaves unescaped. */
const PASSWORD_IN_URL = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:?#]{0,200}:[^\s/@\ue000]{1,500}@/i

const TELLING = /pass(?:word|wd|phrase)?(?![a-z])|secret|token|key|credential/i
/** Matches names of a place, a property or the public part of a secret. */
const PROPERTY =
  /(?:^|_)(?:PUBLIC|PUB)(?:_|$)|(?:^|_)(?:FILE|PATH|DIR|URL|URI|HOST|USER|USERNAME|NAME|ID|PREFIX|SUFFIX|TYPE|KIND|ALGORITHM|FORMAT|SIZE|LENGTH|BITS|TTL|AGE|COUNT|REGION|HASH|DIGEST|CHECKSUM|FINGERPRINT|MD5|SHA\d+|COMMAND|CMD)$/i
/** Matches names under which even a text that could be a digest is a secret. */
const SURE = /pass(?:word|wd|phrase)?(?![a-z])|secret|token|(?:api|access|encryption|private|master|account|auth)_?key/i

const SHORTEST = 12
/** A longer text is no value that was drawn by chance. */
const LONGEST = 4096
const UUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i
/** Matches a digest with its algorithm (`sha256:…`, `SHA256:…`, `name@sha256:…`), and pairs of hexadecimal digits (a fingerprint). */
const DIGEST = /^(?:\S*@)?(?:sha\d+|md5|blake2[bs]?|blake3)[:-]|^[0-9a-f]{2}(?::[0-9a-f]{2}){5,}$/i
const BARE_DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i
const URL_OR_PATH = /^[a-z][a-z0-9+.-]*:\/\/|^(?:~|\.{0,2})\/|^[a-z]:[\\/]/i
/** Matches public keys: `age1…`, those of SSH. */
const PUBLIC_KEY = /^(?:age1[a-z0-9]{20,}|ssh-|ecdsa-|AAAA[A-Z0-9])/i
/** Matches parts of a name as people write them: a word, words in CamelCase, capitals, a number. */
const WORD = /^(?:[a-z]+|(?:[A-Z]?[a-z]+)(?:[A-Z][a-z]+)*|[A-Z]+)\d{0,4}$|^\d*$/

/**
 * Says what kind of secret a text holds in clear, such as "a GitHub token"; `null` if none is recognised. `name` is its name in `env`; `null`
 * elsewhere.
 */
export function clearSecret(name: string | null, text: string): string | null {
  const { parts } = parseTemplate(text)
  const literal = parts.map((part) => (typeof part === 'string' ? part : VARIABLE)).join('')
  const fallbacks = parts.flatMap((part) => (typeof part === 'string' || part.fallback === null ? [] : [part.fallback]))
  for (const one of [literal, ...fallbacks]) {
    const kind = SHAPES.find(([shape]) => shape.test(one))?.[1]
    if (kind !== undefined) return kind
    if (PASSWORD_IN_URL.test(one)) return 'a URL with a password'
    if (name !== null && isTelling(name) && isRandom(one, SURE.test(name))) return 'a value that looks like a secret'
  }
  return null
}

/** Tells whether a name says that its value is a secret. */
function isTelling(name: string): boolean {
  return TELLING.test(name) && !PROPERTY.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/[-.]/g, '_'))
}

/** Tells whether a text is long and looks as if it was drawn by chance. `isSure`: its name makes even a text like a digest a secret. */
function isRandom(text: string, isSure: boolean): boolean {
  const value = text.trim()
  if (value.length < SHORTEST || value.length > LONGEST || !/^[\x21-\x7e]+$/.test(value)) return false
  if (BARE_DIGEST.test(value)) return isSure && new Set(value).size > 4
  if ([UUID, DIGEST, URL_OR_PATH, PUBLIC_KEY].some((shape) => shape.test(value))) return false
  const parts = value.split(/[-_./:@+=,]+/).filter((part) => !WORD.test(part))
  const length = parts.reduce((sum, part) => sum + part.length, 0)
  return length >= SHORTEST - 4 && new Set(value).size >= 6
}
