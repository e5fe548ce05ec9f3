/** Draws what a pull request changes in the configuration. Pure. */
import { count } from '../format.ts'
import { breakable, code, inline, link } from './markdown.ts'

export interface ChangedInstance {
  readonly id: string
  /** Line in the configuration, 1-based; `null` for a removed instance. */
  readonly line: number | null
  readonly kind: 'added' | 'changed' | 'removed'
  /** The keys that differ; empty unless `changed`. */
  readonly keys: readonly string[]
  /** The next run in words; `null` for a removed instance. */
  readonly next: string | null
}

export interface ChangesPage {
  /** Name of the branch that the pull request goes to. */
  readonly base: string
  readonly instances: readonly ChangedInstance[]
  /** Keys at the top of the file that differ. */
  readonly top: readonly string[]
  /** A sentence about the comparison, such as why there is none; `null` if nothing is to be said. */
  readonly remark: string | null
}

const SIGNS = { added: '➕', changed: '✏️', removed: '➖' } as const
/** Number of keys that are named of one instance. */
const KEYS_SHOWN = 8

/** Draws the changes with at most `most` instances. `config` is the address of the configuration's page. */
export function changesParts(page: ChangesPage, config: string | null, most: number): readonly string[] {
  const { base, instances, top, remark } = page
  const heading = `#### Changes against ${inline(base)}`
  if (remark !== null && instances.length === 0 && top.length === 0) return [heading, inline(remark)]
  const rows = instances.slice(0, most).map((one) => changeRow(one, config))
  const more = instances.length - rows.length
  const isSame = instances.length === 0 && top.length === 0
  return [
    heading,
    ...(remark === null ? [] : [inline(remark)]),
    ...(rows.length === 0 ? [] : [['| backup | what changes | next run |', '|---|---|---|', ...rows].join('\n')]),
    ...(more > 0 ? [`_And ${count(more, 'more backup')} that ${more === 1 ? 'changes' : 'change'}._`] : []),
    ...(top.length === 0 ? [] : [`For all backups that do not set it themselves: ${top.map(code).join(', ')}.`]),
    ...(isSame ? ['No backup changes.'] : []),
  ]
}

function changeRow({ id, line, kind, keys, next }: ChangedInstance, config: string | null): string {
  const name = link(id, config === null || line === null ? null : `${config}#L${line}`) ?? inline(id)
  const shown = keys.slice(0, KEYS_SHOWN).map((key) => breakable(code(key)))
  const more = keys.length - shown.length
  const what = kind === 'changed' ? `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}` : kind
  return `| <b>${breakable(name)}</b> | ${SIGNS[kind]} ${what} | ${next === null ? '–' : breakable(inline(next))} |`
}

/** Says the changes in one line, for the log. */
export function changesWords({ base, instances, top, remark }: ChangesPage): string {
  const of = (kind: ChangedInstance['kind']) => instances.filter((one) => one.kind === kind).length
  const counts = (['added', 'changed', 'removed'] as const)
    .filter((kind) => of(kind) > 0)
    .map((kind) => `${of(kind)} ${kind}`)
  const all = [...counts, ...(top.length === 0 ? [] : [`${top.join(', ')} for all`])]
  const words = all.length === 0 ? 'none' : all.join(', ')
  return `Changes against ${base}: ${remark !== null && all.length === 0 ? remark : words}`
}
