/** Draws what backup images told of their backups: the main parts for the table of backups, the rest in a fold. Pure. */
import { bytes, count } from '../format.ts'
import type { ImageResult, RunReport } from '../outcome.ts'
import { breakable, inline, link } from './markdown.ts'

/** Characters of a long hexadecimal name that are shown: enough to find it in its store. */
const HEX_SHOWN = 12
/** Text of the link of a backup whose image told an address and no name. */
const LINK_ONLY = 'details'

/** Returns parts such as `12 MB added` and `snapshot 3f2a9c1b`, which is a link if the image told an address. */
export function toldParts(result: ImageResult | undefined): readonly string[] {
  const { addedBytes, snapshot, url = null } = result ?? {}
  const name = snapshot === undefined ? null : shortName(snapshot)
  const page = link(name ?? LINK_ONLY, url)
  return [
    ...(addedBytes === undefined ? [] : [`${bytes(addedBytes).replaceAll(' ', '\u00a0')} added`]),
    ...(name === null ? [] : [`snapshot ${page ?? inline(name)}`]),
    ...(name === null && page !== null ? [page] : []),
  ]
}

function shortName(name: string): string {
  return /^[0-9a-f]{20,}$/i.test(name) ? name.slice(0, HEX_SHOWN) : name
}

/** Draws the fold of files, other numbers, texts and notices, of at most `rows` backups; empty if no image told such. */
export function toldFold({ instances, dryRun }: RunReport, rows: number): readonly string[] {
  if (dryRun || rows === 0) return []
  const told = instances.flatMap(({ id, result, notices = [] }) => {
    const lines = [...linesOf(result), ...notices.map((notice) => `ℹ️ ${inline(notice)}`)]
    return lines.length === 0 ? [] : [`| <b>${breakable(inline(id))}</b> | ${breakable(lines.join('<br>'))} |`]
  })
  if (told.length === 0) return []
  const more = told.length - rows
  const rest = more > 0 ? `\n\n_And ${count(more, 'more backup')}, in the report._` : ''
  const table = ['| backup | told by its image |', '|---|---|', ...told.slice(0, rows)].join('\n')
  return [`<details><summary>What the images told</summary>\n\n${table}${rest}\n\n</details>`]
}

function linesOf({ text, files, metrics = {} }: ImageResult = {}): readonly string[] {
  return [
    ...(text === undefined ? [] : [inline(text)]),
    ...(files === undefined ? [] : [count(files, 'file')]),
    ...Object.entries(metrics).map(([name, value]) => `${inline(name)}: ${value}`),
  ]
}
