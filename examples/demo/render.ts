/** Shows an action's output as a runner's log page does: groups, annotations and masks instead of the commands. */

/** Takes the output piece by piece, and gives back lines for people. */
export interface Rendering {
  write(chunk: string): string
  end(): string
}

/**
 * The runner's rules, in short: a line that begins with `::` is a command, unless commands are stopped until a token's
 * line; what was masked is shown as `***`. Only what a reader of the log would see is kept.
 */
export function renderLog(): Rendering {
  let rest = ''
  let indent = ''
  let stoppedUntil: string | null = null
  const masks: string[] = []

  const masked = (text: string) => masks.reduce((all, mask) => all.replaceAll(mask, '***'), text)

  function line(text: string): string {
    const [, name = '', , value = ''] = /^\s*::([a-zA-Z-]+)( [^:]*)?::(.*)$/.exec(text) ?? []
    if (stoppedUntil !== null) {
      if (text.trim() !== `::${stoppedUntil}::`) return `${indent}${masked(text)}\n`
      stoppedUntil = null
      return ''
    }
    switch (name) {
      case 'stop-commands':
        stoppedUntil = value
        return ''
      case 'add-mask':
        masks.push(
          ...decoded(value)
            .split('\n')
            .filter((part) => part.trim() !== ''),
        )
        return ''
      case 'group':
        indent = '  '
        return `\n▼ ${masked(decoded(value))}\n`
      case 'endgroup':
        indent = ''
        return ''
      case 'error':
      case 'warning':
      case 'notice':
        return `${indent}${name.toUpperCase()}: ${masked(decoded(value))}\n`
      case 'debug':
        return ''
      default:
        return `${indent}${masked(text)}\n`
    }
  }

  return {
    write(chunk) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      return lines.map(line).join('')
    },
    end: () => (rest === '' ? '' : line(rest)),
  }
}

function decoded(value: string): string {
  return value.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%')
}
