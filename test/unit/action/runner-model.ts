/** The runner's reading of a step's output, after actions/runner (ActionCommand.cs, ActionCommandManager.cs), for tests. */

const COMMANDS = new Set(
  'set-env set-output save-state add-path add-mask add-matcher remove-matcher debug warning error notice group endgroup echo internal-set-repo-path stop-commands'.split(
    ' ',
  ),
)

export interface Obeyed {
  readonly name: string
  readonly properties: Readonly<Record<string, string>>
  readonly data: string
}

export interface StepLog {
  /** Every command that acted, in order. */
  readonly obeyed: readonly Obeyed[]
  /** Every other line. */
  readonly shown: readonly string[]
  /** Commands were still stopped at the end. */
  readonly stopped: boolean
}

/** Reads the whole output of a step. */
export function readAsRunner(output: string): StepLog {
  const obeyed: Obeyed[] = []
  const shown: string[] = []
  const known = new Set(COMMANDS)
  let word: string | null = null
  const lines = output.split(/\r\n|\r|\n/) // as .NET's ReadLine
  if (lines.at(-1) === '') lines.pop()
  for (const line of lines) {
    const command = parseV2(line, known) ?? parseV1(line, known)
    if (command === null) shown.push(line)
    else if (word !== null && command.name.toLowerCase() === word) {
      known.delete(word)
      word = null
    } else if (word !== null) shown.push(line)
    else if (command.name.toLowerCase() === 'stop-commands') {
      word = command.data.toLowerCase()
      known.add(word)
    } else obeyed.push(command)
  }
  return { obeyed, shown, stopped: word !== null }
}

function parseV2(line: string, known: ReadonlySet<string>): Obeyed | null {
  const trimmed = line.trimStart()
  const end = trimmed.indexOf('::', 2)
  if (!trimmed.startsWith('::') || end < 0) return null
  return command(trimmed.slice(2, end), ',', trimmed.slice(end + 2), known, [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ])
}

function parseV1(line: string, known: ReadonlySet<string>): Obeyed | null {
  const begin = line.indexOf('##[')
  const end = begin < 0 ? -1 : line.indexOf(']', begin)
  if (end < 0) return null
  return command(line.slice(begin + 3, end), ';', line.slice(end + 1), known, [['%25', '%']])
}

function command(
  info: string,
  separator: string,
  data: string,
  known: ReadonlySet<string>,
  escapes: readonly (readonly [string, string])[],
): Obeyed | null {
  const [name = '', ...rest] = info.split(' ')
  if (!known.has(name.toLowerCase())) return null
  const plain = (text: string) => escapes.reduce((t, [from, to]) => t.replaceAll(from, to), text)
  const properties = Object.fromEntries(
    rest
      .join(' ')
      .split(separator)
      .map((pair) => pair.split(/=(.*)/s))
      .filter((pair) => pair.length > 1)
      .map(([key = '', value = '']) => [key, plain(value)]),
  )
  return { name, properties, data: plain(data) }
}
