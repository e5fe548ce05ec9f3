/** Takes passwords out of tool arguments, so that they travel in the environment and stand in no process list. Pure. */

/** One way in which a tool takes a password on its command line. */
export interface PasswordOption {
  /** `--password`, `-p`, …: the option alone, with its value in the next argument. */
  readonly names: readonly string[]
  /** The option with its value attached; the first group is the value. */
  readonly attached: RegExp
  /** Whether the next argument is the value even where it looks like an option. */
  readonly takesOptions?: boolean
}

export interface ExtractedPassword {
  readonly args: readonly string[]
  /** `null` where there was none. The last one counts, as it does for the tools. */
  readonly password: string | null
  /** The options that were taken out, without their values. */
  readonly options: readonly string[]
}

/** Takes out every use of `option`. An option that stands last, without a value, is taken out too. */
export function extractPassword(args: readonly string[], option: PasswordOption): ExtractedPassword {
  const kept: string[] = []
  const options = new Set<string>()
  let password: string | null = null
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string
    const value = option.attached.exec(arg)?.[1]
    if (value !== undefined) {
      password = value
      options.add(arg.slice(0, arg.length - value.length).replace(/=$/, ''))
    } else if (option.names.includes(arg)) {
      options.add(arg)
      const next = args[i + 1]
      if (next !== undefined && (option.takesOptions || !next.startsWith('-'))) {
        password = next
        i++
      }
    } else kept.push(arg)
  }
  return { args: kept, password, options: [...options] }
}

/** Takes the password out of a URL's user information (`scheme://user:password@host`). `null` where there is none. `alone`: what a name without a colon is. */
export function extractUrlPassword(
  url: string,
  alone: 'user' | 'password' = 'user',
): { readonly url: string; readonly user: string; readonly password: string } | null {
  const match = /^([a-z][a-z0-9+.-]*:\/\/)([^/?#]*)@/i.exec(url)
  if (!match) return null
  const [whole, scheme = '', userInfo = ''] = match
  const colon = userInfo.indexOf(':')
  if (colon < 0) {
    return alone === 'password' && userInfo !== ''
      ? { url: scheme + url.slice(whole.length), user: '', password: decoded(userInfo) }
      : null
  }
  const user = userInfo.slice(0, colon)
  return {
    url: `${scheme}${user === '' ? '' : `${user}@`}${url.slice(whole.length)}`,
    user: decoded(user),
    password: decoded(userInfo.slice(colon + 1)),
  }
}

/** The notice for what was taken out. */
export function extractedNotice(options: readonly string[], tool: string): string {
  return `the password of ${options.join(', ')} in dumpArgs is handed to ${tool} by its environment, not on its command line; leave it out where the container's own environment has it`
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text // a lone % is no escape; the tools take it as it stands
  }
}
