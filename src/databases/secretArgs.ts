/** Takes secrets out of a tool's arguments, so that they travel in the environment, stand in no process list, and can be masked. Pure. */

import type { ExtractedArgs } from './engineContract.ts'

/** How a tool takes a password on its command line. */
interface PasswordSyntax {
  /** Matches the option alone (`--password`, `-p`); its value is the next argument. */
  readonly alone: RegExp
  /** Matches the option with its value in one argument. The last group is the value. */
  readonly attached: RegExp
  /** True if the next argument is the value even if it looks like an option. */
  readonly takesOptions?: boolean
  /** Matches secrets that the tool accepts only on its command line: the option, with or without its value. */
  readonly exposed?: RegExp
}

/** Collects the secrets that are taken out. */
function secretCollector() {
  const args: string[] = []
  const places = new Set<string>()
  const secrets = new Set<string>()
  let password: string | null = null
  let user: string | null = null
  let exposed: string | null = null
  return {
    keep: (arg: string) => void args.push(arg),
    /** Records a password. `raw` is its written form, if that differs. */
    take(place: string, value: string, raw: string = value) {
      places.add(place)
      password = value
      for (const text of [value, raw, value.trim()]) if (text !== '') secrets.add(text)
    },
    drop: (place: string) => void places.add(place),
    hide: (...texts: readonly string[]) => {
      for (const text of texts) if (text !== '') secrets.add(text)
    },
    expose: (name: string) => {
      exposed ??= name
    },
    nameUser: (name: string) => {
      user = name
    },
    result: (): ExtractedArgs => ({ args, password, user, places: [...places], secrets: [...secrets], exposed }),
  }
}

export type SecretCollector = ReturnType<typeof secretCollector>

/**
 * Takes out every use of the password option. As the last argument, without a value, it is taken out too, because nobody can answer its
 * question. `-p X` and `--password X` are taken as a password, although `mysqldump` and `pg_dump` would ask for one and take X for a
 * database: whoever writes that means a password. Every other argument goes to `other`.
 */
export function extractSecrets(
  args: readonly string[],
  syntax: PasswordSyntax,
  other: (arg: string, collect: SecretCollector) => void = (arg, collect) => collect.keep(arg),
): ExtractedArgs {
  const collect = secretCollector()
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string
    const value = syntax.attached.exec(arg)?.at(-1)
    const exposed = syntax.exposed?.exec(arg)?.[0]
    if (value !== undefined) {
      collect.take(arg.slice(0, arg.length - value.length).replace(/[=\s]+$/, ''), value)
      if (value.startsWith('=')) collect.hide(value.slice(1)) // mysqldump takes -p=X for a password "=X"
    } else if (exposed !== undefined) {
      const [, name = '', , attached] = /^(--?[\w-]+)(=(.*))?$/s.exec(arg) ?? []
      collect.expose(name)
      collect.hide(attached ?? args[++i] ?? '')
    } else if (syntax.alone.test(arg)) {
      const next = args[i + 1]
      const isValue = next !== undefined && (syntax.takesOptions || !next.startsWith('-'))
      if (isValue) {
        collect.take(arg, next)
        i++
      } else collect.drop(arg)
    } else other(arg, collect)
  }
  return collect.result()
}

/** The parts of a URL with a password: `scheme://user:password@host`. */
interface UrlPassword {
  /** The URL without the password; the user stays in it. */
  readonly url: string
  readonly user: string
  readonly password: string
  /** The password in its written form, with percent signs. */
  readonly raw: string
}

/** Takes the password out of a URL; `null` if there is none. `alone` says what a name without a colon means. */
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

/** Hides what stands in the place of a URL's password, also if an unescaped `/` or `?` in it keeps the URL from being valid. */
export function hideUrlPassword(url: string, collect: SecretCollector): void {
  const raw = /^[a-z][a-z0-9+.-]*:\/\/[^:@]*:(.+)@/is.exec(url)?.[1]
  if (raw !== undefined) collect.hide(raw, decodePercent(raw))
}

/** Decodes `%20` and the like. A text with a lone % is not encoded: it is returned unchanged, as the tools take it. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Makes the line of the log that says where passwords were found; `null` if there was none. */
export function extractedLine({ places }: ExtractedArgs, tool: string): string | null {
  if (places.length === 0) return null
  return `the password of ${places.join(', ')} in dumpArgs is handed to ${tool} by its environment, not on its command line`
}

/** Shortens an argument to its option's name, because the value could be a secret or very long. */
export function optionName(arg: string): string {
  return /^(-[^\s=-]+|--[^\s=]+)[\s=]/.exec(arg)?.[1] ?? arg
}

/**
 * Finds one argument that really is several: `--clean --if-exists`, `--host db`, `-h db`; `null` if there is none. No option's name
 * contains a space. A short option may have its value attached (`-wa > 1`), which never begins with a space.
 */
export function joinedArgument(args: readonly string[]): string | null {
  return args.find((arg) => /^(--[a-z][\w-]*|-[a-z])\s/i.test(arg) || /^-[a-z]+\s+-/i.test(arg)) ?? null
}
