// biome-ignore-all lint/suspicious/noTemplateCurlyInString: `${DB_PASSWORD}` is an example for the configuration
/**
 * Takes secrets out of a tool's arguments, so that they travel in the environment, stand in no process list, and can be masked. Finds
 * arguments that are wrongly several in one. Pure.
 */

import type { ExtractedArgs } from './engineContract.ts'
import { joinedByEquals, secretsByName } from './secretNames.ts'

/** The ways in which a tool takes a password on its command line. */
interface PasswordSyntax {
  /** Matches the option alone (`--password`, `-p`). Its value, if any, is the next argument. */
  readonly alone: RegExp
  /** Matches the option with its value in one argument. The last group is the value. */
  readonly attached: RegExp
  /** True if the next argument is the value even if it begins with `-`. */
  readonly takesOptions?: boolean
  /** Matches an option that makes the tool ask for the password. Its value is taken as one only if it is no option itself. */
  readonly asks?: RegExp
  /** Matches an option for another secret, which the tool accepts only on its command line, with or without its value. */
  readonly exposed?: RegExp
  /** Matches a word without dashes that a secret follows, such as the command `AUTH`. */
  readonly word?: RegExp
  /** Shows how to write user and password, for messages. */
  readonly form: string
}

/** Makes a collector of the arguments that are kept and of the secrets that are taken out of the others. */
function secretCollector() {
  const args: string[] = []
  const places = new Set<string>()
  const secrets = new Set<string>()
  let password: string | null = null
  let user: string | null = null
  let exposed: string | null = null
  let refusal: string | null = null
  return {
    keep: (arg: string) => void args.push(arg),
    /** Records a password and the place where it stood. `raw` is its written form, if that differs. */
    take(place: string, value: string, raw: string = value) {
      places.add(place)
      password = value
      for (const text of [value, raw, value.trim(), withoutQuotes(value)]) if (text !== '') secrets.add(text)
    },
    drop: (place: string) => void places.add(place),
    hide: (...texts: readonly string[]) => {
      for (const text of texts) if (text !== '') secrets.add(text)
    },
    expose: (name: string) => {
      exposed ??= name
    },
    refuse: (why: string) => {
      refusal ??= why
    },
    nameUser: (name: string) => {
      user = name
    },
    result: (): ExtractedArgs => ({
      args,
      password,
      user,
      places: [...places],
      secrets: [...secrets],
      exposed,
      refusal,
    }),
  }
}

export type SecretCollector = ReturnType<typeof secretCollector>

/** Judges an argument that is not the password option: takes out what the engine knows of secrets in it, and keeps the rest. */
type TakeOther = (arg: string, collect: SecretCollector) => void

const keepOther: TakeOther = (arg, collect) => collect.keep(arg)

/**
 * Takes out every use of the password option. Without a value it is taken out too, because nobody can answer its question. `-p X` and
 * `--password X` are taken as a password, although `mysqldump` and `pg_dump` would ask for one and take X for a database: whoever writes
 * that means a password. Every other argument goes to `other`.
 *
 * Quotes that a shell would have removed do not hide a secret: if one is found without them, the quotes are removed. A secret that cannot
 * be taken out is put among `secrets`, and the arguments are refused.
 */
export function extractSecrets(
  args: readonly string[],
  syntax: PasswordSyntax,
  other: TakeOther = keepOther,
): ExtractedArgs {
  const found = extractPlain(args, syntax, other)
  const quoted = args.findIndex((arg) => unquotedSecret(arg, syntax, other) !== null)
  if (quoted < 0) return refuseRest(found, syntax, other)
  const plain = args.map((arg) => unquotedSecret(arg, syntax, other) ?? arg)
  return refuseRest(extractPlain(plain, syntax, other), syntax, other)
}

/** Returns the argument without its quotes if only that shows a secret in it, or the password option; else `null`. */
function unquotedSecret(arg: string, syntax: PasswordSyntax, other: TakeOther): string | null {
  const [, option = '', value] = /^(--[\w-]+=|-[a-z])?(\\?["'“‘„].*|.*["'”’])$/is.exec(arg) ?? []
  if (value === undefined) return null
  const plain = option + withoutQuotes(value)
  const before = extractPlain([arg], syntax, other)
  const after = extractPlain([plain], syntax, other)
  return before.places.length + before.secrets.length === 0 && after.places.length + after.secrets.length > 0
    ? plain
    : null
}

function withoutQuotes(text: string): string {
  return text.replace(/^(?:\\?["'“‘„]\s*)+/, '').replace(/(?:\s*\\?["'”’])+$/, '')
}

/** Matches `-pass X` and `-password=X`, which mean the long option: as the short one they would be the password "ass". */
const LONG_WITH_ONE_DASH = /^-(?=(?:passw?o?r?d?|passwd|pwd)(?:[=\s]|$))/i

function extractPlain(args: readonly string[], syntax: PasswordSyntax, other: TakeOther): ExtractedArgs {
  const collect = secretCollector()
  for (let i = 0; i < args.length; i++) {
    const arg = longOption(args[i] as string)
    const value = syntax.attached.exec(arg)?.at(-1)
    const exposed = syntax.exposed?.exec(arg)?.[0]
    if (value !== undefined) {
      const place = arg.slice(0, arg.length - value.length).replace(/[=\s]+$/, '')
      collect.take(place, value)
      keepLetters(place, collect)
      if (value.startsWith('=')) collect.hide(value.slice(1)) // mysqldump takes -p=X for a password "=X"
    } else if (exposed !== undefined) {
      const [, name = '', , attached] = /^(--?[\w-]+)([=\s](.*))?$/s.exec(arg) ?? []
      const secret = attached ?? args[++i] ?? ''
      collect.expose(name)
      collect.hide(secret, secret.trim(), withoutQuotes(secret.trim()))
    } else if (syntax.alone.test(arg) || syntax.asks?.test(arg)) {
      keepLetters(arg, collect)
      if (args[i + 1] === '=') i++
      const next = args[i + 1]
      const takesOptions = syntax.takesOptions && !syntax.asks?.test(arg)
      const isValue = next !== undefined && (takesOptions || !next.startsWith('-'))
      if (isValue) {
        collect.take(arg, next)
        i++
      } else collect.drop(arg)
    } else other(arg, collect)
  }
  return collect.result()
}

function longOption(arg: string): string {
  if (/^-(auth|requirepass)(?=[=\s]|$)/i.test(arg)) return `-${arg}` // redis-cli takes -auth for the password "uth"
  return joinedByEquals(LONG_WITH_ONE_DASH.test(arg) ? arg.replace(/^-(pass\w*|pwd)/i, '--password') : arg)
}

/** Keeps the options without a value whose letters stand before that of the password: `-vd` of `-vdpX`. */
function keepLetters(place: string, collect: SecretCollector): void {
  const letters = /^(-[a-z]+)[a-z]$/i.exec(place)?.[1]
  if (letters !== undefined) collect.keep(letters)
}

/**
 * Looks for secrets that still stand in the arguments: in a URL that the tool does not take, or in one argument of several words. Adds them
 * to `secrets`, and a refusal.
 */
function refuseRest(found: ExtractedArgs, syntax: PasswordSyntax, other: TakeOther): ExtractedArgs {
  const isFreeText = freeTextIn(found.args)
  const inFreeText = found.args.flatMap((arg, i) => (isFreeText(i) ? passwordsInUrls(arg) : []))
  const inUrls = found.args.flatMap((arg, i) => (isFreeText(i) ? [] : passwordsInUrls(arg)))
  const inWords = found.args.flatMap((arg, i) => (isFreeText(i) ? [] : secretsInWords(arg, syntax, other)))
  const known = new Set([...found.secrets, ...inUrls, ...inWords])
  const byName = secretsByName(found.args, { isFreeText, word: syntax.word })
    .flatMap((text) => [text, decodePercent(text)])
    .filter((text) => !known.has(text))
  const refusal =
    inWords.length > 0
      ? 'has several words in one item, and a password among them: write each word as an item of its own, without quotes, such as ["--user=NAME", "--password=${DB_PASSWORD}"]'
      : inUrls.length > 0
        ? 'has a URL with a password where the tool takes none: name host, user and password by options, each an item of its own, without quotes'
        : byName.length > 0
          ? `has a secret in a form that the tool does not know: write ${syntax.form}, with each word an item of its own`
          : null
  const secrets = new Set([...known, ...byName, ...inFreeText])
  return { ...found, secrets: [...secrets], refusal: found.refusal ?? refusal }
}

function passwordsInUrls(arg: string): string[] {
  const urls = arg.matchAll(/[a-z][a-z0-9+.-]*:\/\/[^\s:@/?"']*:([^\s/?]+)@/gi)
  return [...urls].flatMap(([, raw = '']) => [raw, decodePercent(raw)])
}

/** Matches options whose value is a text of a language of its own, in which anything may stand. */
const FREE_TEXT = /^(--(where|query|init[-_]command|filter)|-[wq])/

/** Makes a function that tells, by its index, whether an argument is such a text or has one attached. */
export function freeTextIn(args: readonly string[]): (index: number) => boolean {
  return (index) => FREE_TEXT.test(args[index] ?? '') || FREE_TEXT.test(args[index - 1] ?? '')
}

/** Returns the secrets in an argument that really is several: `--user=root --password=X`, `-u "redis://…"`. */
function secretsInWords(arg: string, syntax: PasswordSyntax, other: TakeOther): readonly string[] {
  const words = withoutQuotes(arg).match(/(?:[^\s"']|"[^"]*"?|'[^']*'?)+/g) ?? []
  if (words.length < 2) return []
  const plain = words.map((word) => unquotedSecret(word, syntax, other) ?? word)
  return extractPlain(plain, syntax, other).secrets
}

/** The parts of a URL with a password: `scheme://user:password@host`. */
interface UrlPassword {
  /** The URL without its password. The user stays in it. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The password as written, with its percent signs. */
  readonly raw: string
}

/** Takes the password out of a URL; `null` if it has none. `alone` tells what a name without a colon (`scheme://name@host`) is. */
export function splitUrlPassword(url: string, alone: 'user' | 'password' = 'user'): UrlPassword | null {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?]*)@/i.exec(url)
  if (!match) return null
  const [whole, scheme = '', userInfo = ''] = match
  const colon = userInfo.indexOf(':')
  if (colon < 0) {
    return alone === 'password' && userInfo !== ''
      ? { url: scheme + url.slice(whole.length), user: '', password: decodePercent(userInfo), raw: userInfo }
      : null
  }
  const user = userInfo.slice(0, colon)
  const raw = userInfo.slice(colon + 1)
  return {
    url: `${scheme}${user === '' ? '' : `${user}@`}${url.slice(whole.length)}`,
    user: decodePercent(user),
    password: decodePercent(raw),
    raw,
  }
}

/** Puts among the secrets what stands in the place of a URL's password, also if an unescaped `/` or `?` in it makes the URL invalid. */
export function hideUrlPassword(url: string, collect: SecretCollector): void {
  const raw = /^[a-z][a-z0-9+.-]*:\/\/[^:@]*:(.+)@/is.exec(url)?.[1]
  if (raw !== undefined) collect.hide(raw, decodePercent(raw))
}

/** Decodes `%20` and the like. A text with an invalid % is not encoded: it is returned unchanged, as the tools take it. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Makes the line of the log that says where passwords were found; `null` if none was. `tool` is the program that gets them. */
export function extractedLine({ places }: ExtractedArgs, tool: string): string | null {
  if (places.length === 0) return null
  return `the password of ${places.join(', ')} in dumpArgs is handed to ${tool} by its environment, not on its command line`
}

/**
 * Shortens an argument with an attached value to its option's name, because the value could be a secret or very long. Any other is returned
 * whole.
 */
export function optionName(arg: string): string {
  return /^(-[^\s=-]+|--[^\s=]+)[\s=]/.exec(arg)?.[1] ?? arg
}

/**
 * Finds one argument that really is several: `--clean --if-exists`, `--host db`, `-h db`, `--host=db --clean`; `null` if there is none. No
 * option's name contains a space. A short option may have its value attached (`-wa > 1`), which never begins with a space.
 */
export function joinedArgument(args: readonly string[]): string | null {
  return (
    args.find(
      (arg) =>
        /^--(?!where|query)[a-z][\w-]*=\S*\s+--[a-z]/i.test(arg) ||
        /^(--[a-z][\w-]*|-[a-z])\s/i.test(arg) ||
        /^-[a-z]+\s+-/i.test(arg),
    ) ?? null
  )
}
