/** Reads a script: what will keep it from being started, and whether it goes on after a command that failed. Pure. */
import { shownPath, shownWords } from '../copy/readable.ts'
import { programOf } from './entrypoint.ts'

/** The kind of a file, as the kernel sees it when it is to start it. */
export type ScriptHead =
  /** `program` is the interpreter that line 1 asks for: a path, or a name that `env` looks up. */
  | { readonly kind: 'interpreter'; readonly program: string }
  /** A program, not a script. */
  | { readonly kind: 'program' }
  /** Line 1 names no interpreter: a shell runs such a file, the kernel does not. */
  | { readonly kind: 'bare' }
  /**
   * It cannot be started. `why` is a part of a sentence that stands after the script's name. `suitsShells`: a shell that gets the file as
   * an argument can run it all the same.
   */
  | { readonly kind: 'wrong'; readonly why: string; readonly suitsShells: boolean }

/** Number of bytes up to which the first line is read; the kernel reads 256. */
const HEAD_BYTES = 4096

const UNIX_LINES =
  'save it with Unix line ends (LF), and write "*.sh text eol=lf" into .gitattributes, so that Git keeps them'

export function readScriptHead(file: Uint8Array): ScriptHead {
  const [first = 0, second = 0, third = 0, fourth = 0] = file
  if (file.length === 0) return wrong('is empty: it would back up nothing')
  if (first === 0x7f && second === 0x45 && third === 0x4c && fourth === 0x46) return { kind: 'program' }
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return wrong('is text in UTF-16, which no shell reads: save it in UTF-8, without a byte order mark')
  if (first === 0xef && second === 0xbb && third === 0xbf)
    return wrong(
      'begins with a byte order mark (BOM), which hides its first line: save it in UTF-8, without a byte order mark',
    )
  const head = Buffer.from(file.subarray(0, HEAD_BYTES)).toString('utf8')
  const [line = ''] = head.split('\n')
  if (line.endsWith('\r')) return wrong(`ends its first line with a Windows line end (CRLF): ${UNIX_LINES}`)
  if (!line.startsWith('#!')) return { kind: 'bare' }
  return interpreterOf(line)
}

function interpreterOf(line: string): ScriptHead {
  const [program = '', ...words] = line.slice(2).trim().split(/\s+/)
  if (program === '') return wrong('names no interpreter after the #! of its first line: write #!/bin/sh', true)
  if (!program.startsWith('/'))
    return wrong(
      `names its interpreter ${shownPath(program)} without a folder in its first line: write its path, such as #!/bin/sh`,
      true,
    )
  if (!/\/env$/.test(program)) return { kind: 'interpreter', program }
  const splits = /^(-\w*S|--split-string)/.test(words[0] ?? '')
  const names = words.filter((word) => !word.startsWith('-') && !word.includes('='))
  if (!splits && words.length > 1)
    return wrong(
      `gives env more than one word in its first line, which the kernel passes as one: write #!${program} -S ${shownWords(words.join(' '))}`,
      true,
    )
  return { kind: 'interpreter', program: names[0] ?? program }
}

function wrong(why: string, suitsShells = false): ScriptHead {
  return { kind: 'wrong', why, suitsShells }
}

/** Matches the names of interpreters that do not mind Windows line ends, and run a file whose first line does not name them. */
const TOLERANT = /^(python[0-9.]*|perl|ruby|node|deno|bun|php)$/

/** Matches the shells that know `set -e`, by name or path. */
const SHELL = /^(?:.*\/)?(?:sh|bash|dash|ash|ksh)$/

/**
 * Tells whether an interpreter that does not mind how the file begins may be meant to run it: it is text, and its first line asks for no
 * shell.
 */
export function maySuitAnInterpreter(file: Uint8Array): boolean {
  const [line = ''] = Buffer.from(file.subarray(0, HEAD_BYTES))
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split('\n')
  const [program = '', ...words] = line
    .replace(/^#!\s*/, '')
    .trim()
    .split(/\s+/)
  const isText = file.length > 0 && !file.subarray(0, HEAD_BYTES).includes(0)
  return isText && !(line.startsWith('#!') && [program, ...words].some((word) => SHELL.test(word)))
}

/**
 * Says why the container could not start the script, in words that stand after the script's name; `null` if nothing is wrong that the file
 * shows. `entrypoint` is the ENTRYPOINT that gets the script as an argument: empty if there is none, `null` if it is the image's own and
 * not known yet.
 */
export function whyNotStartable(file: Uint8Array, entrypoint: readonly string[] | null): string | null {
  const head = readScriptHead(file)
  const program = programOf(entrypoint ?? []) ?? ''
  if (TOLERANT.test(program)) return null
  if (head.kind === 'wrong') return head.suitsShells && SHELL.test(program) ? null : head.why
  if (head.kind === 'bare' && entrypoint?.length === 0)
    return 'has no first line that names an interpreter: begin it with #!/bin/sh'
  return null
}

/** Matches words that stand before a command: of the shell's grammar, and assignments. */
const BEFORE_A_COMMAND = /^(?:(?:if|then|else|elif|while|until|do|!|\{)\s+|\(\s*|\w+=\S*\s+)+/

/** Tells whether a shell script goes on after a command that failed, and has more than one command, so that its exit code may hide a failure. */
export function goesOnAfterFailure(file: Uint8Array): boolean {
  const head = readScriptHead(file)
  if (head.kind !== 'interpreter' || !SHELL.test(head.program)) return false
  const [first = '', ...rest] = Buffer.from(file).toString('utf8').split('\n')
  let ends = /\s-[a-zA-Z]*e/.test(first.replace(/^#!\s*\S*\/env\b(\s+-\w*S)?/, ''))
  const statements = statementsOf(rest.join('\n'))
  for (const command of statements.flat()) {
    if (/^trap\b.*\bERR\b/.test(command)) return false
    ends = afterSet(command, ends)
  }
  return statements.length > 1 && !ends
}

/** Splits a script into statements of one or more commands that `&&`, `||` and `|` join. Quoted texts become `Q`, so that no word in them counts. */
function statementsOf(script: string): readonly (readonly string[])[] {
  const bare = script
    .replace(/\\\n/g, ' ')
    .replace(/\\./g, 'Q')
    .replace(/(^|[\s;&|(])#.*$|'[^']*'|"[^"]*"/gm, (_, before?: string) => before ?? 'Q')
    .replace(/(&&|\|\|?)\s*\n\s*/g, '$1 ')
  return bare
    .split(/[;\n]+/)
    .map((statement) =>
      statement
        .split(/&&|\|\|?|&(?![>\d])/)
        .map((command) => command.trim().replace(BEFORE_A_COMMAND, ''))
        .filter((command) => command !== ''),
    )
    .filter((commands) => commands.length > 0)
}

/** Tells whether the shell ends on a failure after `command`, if it did (`ends`) before it: `set -eu`, `set -o pipefail -e`, `set +e`. */
function afterSet(command: string, ends: boolean): boolean {
  const [name, ...words] = command.split(/\s+/)
  if (name !== 'set') return ends
  return words.reduce((now, word, index) => {
    const isErrexit = /^[-+][a-zA-Z]*e/.test(word) || (/^[-+]\w*o$/.test(word) && words[index + 1] === 'errexit')
    return isErrexit ? word.startsWith('-') : now
  }, ends)
}

/** Makes the sentence about a script that goes on after a failure. `name` is how the sentence calls the script. */
export function saysGoesOn(name: string): string {
  return `${name} has no \`set -e\`: a command in it that fails does not end it, and the backup counts as good if the last command succeeds. Write \`set -e\` into its second line`
}
