/**
 * Finds secrets in a tool's arguments by the names before them, whether or not the tool knows these names: `--pwd=X`, `PGPASSWORD=X`,
 * `--PASSWORD X`, `?password=X`, and what people write behind a user's name (`--user=app:X`). Pure.
 */

const TELLS = /(?<!by|com)pass(?!ive|age)|pwd|auth(?!or(?!iz))|secret|token(?!iz)/i
/** Matches names that hold such a word and mean no secret: `--no-password`, `--default-auth`, `authSource`, `passfile`. */
const TELLS_OTHERWISE =
  /^(?:loose[-_])?(?:no|skip|disable|enable|without|allow|require|default|get|exclude|ignore|include)[-_]|(?:file|path|dir|database|db|source|mechanism|properties|plugin|method|mode|type|user|users|name|profile|host|port|url|uri|table|tables|schema|roles?|warning|id)$/i

function tellsOfSecret(name: string): boolean {
  return TELLS.test(name) && !TELLS_OTHERWISE.test(name)
}

/** Matches every sign that people or their editors write for a dash. */
const DASH = '[-\u2010-\u2015\u2212]'
/** Matches a name with the dashes of a long option. One `-` begins short options, except before a whole word that means nothing else. */
const LONG = `(?:${DASH}{2}|[\u2010-\u2015\u2212]|-(?=(?:auth|token|secret|requirepass)\\b))`
const PAIR = /(?:^|(?<=[\s?&;,=\u2010-\u2015\u2212"'-]))([a-z][\w-]*)\s*=\s*(?=("[^"]*"|'[^']*'|[^\s&;"']*))/gi
const OPTION = new RegExp(`^["'“„]?${LONG}([a-z][\\w-]*)["'”]?(?:\\s*[=:]\\s*|\\s+|$)(.*)$`, 'is')
const VARIABLE = /^["'“„]?([a-z_]\w*)(?:=|:\s+)(.*)$/is
const USER = /^(?:-u|--user(?:name)?(?:=|\s+|$))\s*(.*)$/is
/** Matches values that are no secrets, whatever their name. */
const PLAIN = /^(?:|true|false|yes|no|on|off|[01])$/i

/** Returns the option with "=" before its value if spaces stand there too and its name tells of a secret: `--password = X`. */
export function joinedByEquals(arg: string): string {
  const [whole = '', name = ''] = /^--([a-z][\w-]*)\s+[=:]\s*/is.exec(arg) ?? []
  return tellsOfSecret(name) ? `--${name}=${arg.slice(whole.length)}` : arg
}

/** Facts about a tool that `secretsByName` needs. */
interface NameSyntax {
  /** Tells whether an argument, by its index, is a text of a language of its own, in which anything may stand. */
  readonly isFreeText: (index: number) => boolean
  /** Matches a word without dashes that a secret follows, such as the command `AUTH`. */
  readonly word?: RegExp | undefined
}

/** Returns the secrets that stand behind telling names, without quotes. */
export function secretsByName(args: readonly string[], { isFreeText, word }: NameSyntax): readonly string[] {
  const found = args.flatMap((arg, i) => {
    if (isFreeText(i)) return []
    const next = args.slice(i + 1).filter((one) => !/^\s*[=:]\s*$/.test(one))[0] ?? ''
    const follows = next.startsWith('-') ? '' : next.replace(/^\s*[=:]\s*/, '')
    return [
      ...behindOption(arg, follows),
      ...behindPairs(arg),
      ...behindUser(arg, follows),
      ...behindWord(args, i, word),
    ]
  })
  return [...new Set(found.map(bare))].filter((text) => !PLAIN.test(text))
}

function behindOption(arg: string, follows: string): readonly string[] {
  const [, name = '', value = ''] = OPTION.exec(arg) ?? VARIABLE.exec(arg) ?? []
  if (!tellsOfSecret(name)) return []
  return [value.trim() === '' ? follows : value]
}

function behindPairs(arg: string): readonly string[] {
  return [...arg.matchAll(PAIR)].flatMap(([, name = '', value = '']) => (tellsOfSecret(name) ? [value] : []))
}

/** Returns what stands behind a colon in the user's name. A number is a port, and `//` begins a URL's host. */
function behindUser(arg: string, follows: string): readonly string[] {
  const [found, attached = ''] = USER.exec(arg) ?? []
  if (found === undefined) return []
  const value = /^[^:/]*:(?!\/\/)(.+)$/s.exec(attached === '' ? follows : attached)?.[1]
  return value === undefined || /^\d+$/.test(bare(value)) ? [] : [value]
}

function behindWord(args: readonly string[], index: number, word: RegExp | undefined): readonly string[] {
  const [first = '', ...rest] = bare(args[index] ?? '').split(/\s+/)
  if (word?.test(first) !== true) return []
  const words = rest.length > 0 ? rest : args.slice(index + 1)
  const end = words.findIndex((one) => one.startsWith('-'))
  return words.slice(0, end < 0 ? undefined : end).slice(-1)
}

function bare(text: string): string {
  return text.trim().replace(/^["'“„]+|["'”]+$/g, '')
}
