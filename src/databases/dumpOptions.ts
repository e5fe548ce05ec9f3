/**
 * Tells whether the options of a dump tool leave something out of the dump. Every option counts as one that does, unless the engine lists it
 * as harmless: a tool gets new options with each release. Pure.
 */

/** The options of a tool that leave nothing out. */
export interface HarmlessOptions {
  /** Letters of the short options without a value. */
  readonly letters: string
  /** Letters of the short options with a value. */
  readonly lettersWithValue: string
  /** Letters of the short options with a value that leave something out. */
  readonly otherLettersWithValue: string
  /** Names of the long options. */
  readonly names: readonly string[]
  /** Names of the long options whose value may be the next argument. */
  readonly namesWithValue: readonly string[]
  /** Names of options that leave something out if they are switched off. */
  readonly mustBeOn?: readonly string[]
  /** Matches the value that an option must have, by its name. */
  readonly values?: Readonly<Record<string, RegExp>>
  /** Matches an argument after which the next one is its value, although the option leaves something out. */
  readonly takesNext?: RegExp
  /** Tells whether an argument without a dash leaves nothing out. */
  readonly isHarmlessWord: (word: string) => boolean
  /** `mysql`: `--skip-X`, `--X=0`, `--loose-X` and `_` for `-`. */
  readonly style: 'getopt' | 'mysql' | 'plain'
}

/** The meaning of a dump's arguments for its completeness. */
export interface JudgedOptions {
  /** The arguments without those that leave something out. */
  readonly kept: readonly string[]
  /** The first option that leaves something out, without its value; `null`: there is none. */
  readonly leftOutBy: string | null
}

/** The judgement on one argument, or on an option and its value in the next one. */
interface Judged {
  readonly kept: readonly string[]
  /** Number of arguments that it takes. */
  readonly taken: 1 | 2
  readonly leftOutBy: string | null
}

/** Judges the arguments of a dump, without the passwords in them. */
export function judgeOptions(args: readonly string[], harmless: HarmlessOptions): JudgedOptions {
  const kept: string[] = []
  let leftOutBy: string | null = null
  for (let i = 0; i < args.length; ) {
    const judged = judgeOne(args[i] as string, args[i + 1], harmless)
    kept.push(...judged.kept)
    leftOutBy ??= judged.leftOutBy
    i += judged.taken
  }
  return { kept, leftOutBy }
}

function judgeOne(arg: string, next: string | undefined, harmless: HarmlessOptions): Judged {
  if (arg.startsWith('--')) return judgeLong(arg, next, harmless)
  if (/^-./.test(arg)) return judgeShort(arg, next, harmless)
  return harmless.isHarmlessWord(arg)
    ? { kept: [arg], taken: 1, leftOutBy: null }
    : { kept: [], taken: 1, leftOutBy: arg }
}

function judgeLong(arg: string, next: string | undefined, harmless: HarmlessOptions): Judged {
  const [, written = '', value] = /^--([^=]*)(?:=(.*))?$/s.exec(arg) ?? []
  const { name, isOn } = nameOf(written, value, harmless)
  const takesNext = value === undefined && next !== undefined && harmless.namesWithValue.includes(name)
  const isRight = harmless.values?.[name]?.test(value ?? next ?? '') ?? true
  const isKnown = [harmless.names, harmless.namesWithValue].some((names) => names.includes(name))
  if (isRight && (isKnown || (isOn && harmless.mustBeOn?.includes(name))))
    return takesNext ? { kept: [arg, next], taken: 2, leftOutBy: null } : { kept: [arg], taken: 1, leftOutBy: null }
  const taken = takesNext || (next !== undefined && harmless.takesNext?.test(arg)) ? 2 : 1
  return { kept: [], taken, leftOutBy: `--${written}` }
}

/** Returns the whole name of an option that may be abbreviated, and whether it is switched on. */
function nameOf(
  written: string,
  value: string | undefined,
  { style, names, namesWithValue, mustBeOn = [] }: HarmlessOptions,
): { readonly name: string; readonly isOn: boolean } {
  if (style === 'plain') return { name: written, isOn: true }
  const all = [...names, ...namesWithValue, ...mustBeOn]
  // a tool refuses an abbreviation that could mean another option
  const wholeName = (text: string) => (all.includes(text) ? text : (all.find((one) => one.startsWith(text)) ?? text))
  if (style === 'getopt') return { name: wholeName(written), isOn: true }
  const plain = written.replaceAll('_', '-').replace(/^loose-/, '')
  const [, verb, rest] = /^(?:(skip|disable|enable)-)?(.*)$/s.exec(plain) ?? []
  if (all.includes(plain)) return { name: plain, isOn: !/^(0|off|false)$/i.test(value ?? '') }
  const isOff = verb === 'skip' || verb === 'disable'
  return { name: wholeName(rest ?? ''), isOn: isOff === /^(0|off|false)$/i.test(value ?? '') }
}

function judgeShort(arg: string, next: string | undefined, harmless: HarmlessOptions): Judged {
  let kept = '-'
  let leftOutBy: string | null = null
  for (let i = 1; i < arg.length; i++) {
    const letter = arg[i] as string
    if (letter === '=') break
    const isFine = harmless.lettersWithValue.includes(letter)
    if (isFine || harmless.otherLettersWithValue.includes(letter)) {
      const taken = i === arg.length - 1 && next !== undefined ? 2 : 1
      if (!isFine) leftOutBy ??= `-${letter}`
      else kept += arg.slice(i)
      const values = isFine && taken === 2 ? [next as string] : []
      return { kept: kept === '-' ? [] : [kept, ...values], taken, leftOutBy }
    }
    if (harmless.letters.includes(letter)) kept += letter
    else leftOutBy ??= `-${letter}`
  }
  return { kept: kept === '-' ? [] : [kept], taken: 1, leftOutBy }
}
