/** Parses and fills in `${VAR}`, `$VAR`, `${VAR:-default}` and `$$` in one text. Pure. */

interface Variable {
  readonly name: string
  /** The default; `null` if there is none, so that the variable must be set. */
  readonly fallback: string | null
}

type Part = string | Variable

interface Template {
  readonly parts: readonly Part[]
  /** The faults in the way variables are written, one sentence each. */
  readonly problems: readonly string[]
}

const NAME_HERE = /[A-Za-z_][A-Za-z0-9_]*/y
const BRACES = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

// The runner's own variables: tokens of the job, all inputs of the action (the `variables` input too), saved state.
const REFUSED = /^(?:ACTIONS|INPUT|STATE)_/i

/** Parses a text. A `$` that begins neither a name nor `{` nor `$$` stands for itself. */
export function parseTemplate(text: string): Template {
  const parts: Part[] = []
  const problems: string[] = []
  let at = 0
  for (let dollar = text.indexOf('$'); dollar >= 0; dollar = text.indexOf('$', at)) {
    if (dollar > at) parts.push(text.slice(at, dollar))
    const sign = text[dollar + 1]
    NAME_HERE.lastIndex = dollar + 1
    const name = NAME_HERE.exec(text)?.[0]
    const close = sign === '{' ? text.indexOf('}', dollar) : -1
    if (sign === '{' && close < 0) {
      problems.push('a variable begins with a dollar sign and `{` but has no `}`: write `$$` for a dollar sign')
      return { parts, problems }
    }
    at = dollar + (sign === '{' ? close + 1 - dollar : sign === '$' ? 2 : 1 + (name?.length ?? 0))
    if (sign === '{') addVariable(text.slice(dollar + 2, close), parts, problems)
    else if (name !== undefined) addVariable(name, parts, problems)
    else parts.push('$')
  }
  if (at < text.length) parts.push(text.slice(at))
  return { parts, problems }
}

function addVariable(inside: string, parts: Part[], problems: string[]): void {
  const [, name, fallback] = BRACES.exec(inside) ?? []
  if (inside.startsWith('{')) {
    problems.push(
      `\`\${{ … }}\` is GitHub's and is not read here: hand the value over by the input \`variables\` and write \`\${NAME}\``,
    )
  } else if (name === undefined) {
    problems.push(
      `\`\${${inside}}\` is not a variable: \`\${NAME}\` and \`\${NAME:-default}\` are; write \`$$\` for a dollar sign`,
    )
  } else if (REFUSED.test(name)) {
    problems.push(`\`\${${name}}\` belongs to the runner and is not handed to a backup: choose another name`)
  } else if (fallback === undefined) {
    parts.push({ name, fallback: null })
  } else {
    const inner = parseTemplate(fallback)
    if (inner.problems.length > 0 || inner.parts.some((part) => typeof part !== 'string')) {
      problems.push(
        `the default of \`\${${name}:-…}\` holds another variable, which is not taken: write \`$$\` for a dollar sign`,
      )
    }
    parts.push({ name, fallback: inner.parts.join('') })
  }
}

/** Tells whether the text contains variables, or faults in the way they are written. `$$` alone does not count. */
export function isOpen(text: string): boolean {
  const { parts, problems } = parseTemplate(text)
  return problems.length > 0 || parts.some((part) => typeof part !== 'string')
}

export interface Filled {
  readonly text: string
  /** Variables without a default that are not set or, if `empty`, set to an empty text. */
  readonly missing: readonly { readonly name: string; readonly empty: boolean }[]
  /** The variables of the text, set or not, in its order. One that stands twice is named twice. */
  readonly names: readonly string[]
  /** The values that came from variables; neither empty ones nor defaults. */
  readonly values: readonly { readonly name: string; readonly value: string }[]
}

/** Fills in the variables by `lookup`. An empty variable counts as not set, because a misspelt secret arrives as an empty text. */
export function fillTemplate(template: Template, lookup: (name: string) => string | undefined): Filled {
  let text = ''
  const missing: { name: string; empty: boolean }[] = []
  const values: { name: string; value: string }[] = []
  for (const part of template.parts) {
    if (typeof part === 'string') {
      text += part
      continue
    }
    const value = lookup(part.name)
    if (value !== undefined && value !== '') values.push({ name: part.name, value })
    else if (part.fallback === null) missing.push({ name: part.name, empty: value === '' })
    text += value === undefined || value === '' ? (part.fallback ?? '') : value
  }
  return {
    text,
    missing,
    values,
    names: template.parts.flatMap((part) => (typeof part === 'string' ? [] : [part.name])),
  }
}
