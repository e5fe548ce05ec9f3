/** Reads the recipes of the documentation: which blocks belong to which recipe, and which are not run, and why. Pure. */

export interface Block {
  readonly page: string
  readonly line: number
  readonly language: string
  readonly text: string
  /** Name of the file that the block is, from its marker or its first comment (`# config.yml`, `# scripts/disk.sh`). `null`: commands. */
  readonly file: string | null
  readonly marker: Marker | null
}

/** What the comment before a block says. `part` is empty for the files of a recipe and where it has only one part. */
export type Marker =
  | { readonly kind: 'recipe'; readonly name: string; readonly part: string }
  | { readonly kind: 'not run'; readonly why: string }

/** Languages whose blocks must be run, or say why not. */
const RUN = /^(sh|shell|bash|console|yaml|yml)$/
const FENCE = /^( *)(```+|~~~+)\s*([\w-]*).*\n([\s\S]*?)^ *\2\s*$/gm

/** Returns the blocks of a page that must be run or say why not. */
export function blocksOf(page: string, markdown: string): Block[] {
  return [...markdown.matchAll(FENCE)].flatMap((match): Block[] => {
    const [, indent = '', , language = '', body = ''] = match
    if (!RUN.test(language)) return []
    const text = body.replace(new RegExp(`^${indent}`, 'gm'), '')
    const before = markdown.slice(0, match.index)
    const comment = /<!--([^>]*)-->\s*$/.exec(before)?.[1] ?? ''
    const [marker, named] = markerOf(comment)
    return [{ page, line: before.split('\n').length, language, text, file: named ?? fileOf(text), marker }]
  })
}

/** `<!-- recipe: NAME -->`, with `, PART` or `, FILE.yml` behind the name, or `<!-- not run: WHY -->`. The second value is the file. */
function markerOf(comment: string): [Marker | null, string | null] {
  const [, name, part = ''] = /^\s*recipe:\s*([\w-]+)(?:,\s*([\w./-]+))?\s*$/.exec(comment) ?? []
  const file = part.includes('.') ? part : null
  if (name !== undefined) return [{ kind: 'recipe', name, part: file === null ? part : '' }, file]
  const [, why] = /^\s*not run:\s*(\S[\s\S]*\S)\s*$/.exec(comment) ?? []
  return [why === undefined ? null : { kind: 'not run', why }, null]
}

function fileOf(text: string): string | null {
  const lines = text.split('\n')
  const first = lines[0]?.startsWith('#!') ? lines[1] : lines[0]
  return /^# ([\w./-]+\.(?:ya?ml|sh))(?:,|$)/.exec(first ?? '')?.[1] ?? null
}

/** Replaces words all at once, so that what was put in is not replaced again. Longer words win. A word is no part of a longer one. */
export function replaceWords(text: string, words: Readonly<Record<string, string>>): string {
  const escaped = Object.keys(words)
    .sort((a, b) => b.length - a.length)
    .map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\w])(?:${escaped.join('|')})(?![\\w])`, 'g')
  return text.replace(pattern, (word) => words[word] ?? word)
}
