/**
 * Writes what is drawn from one source elsewhere: the linter's import rules from `layers.ts`; `dist/config.schema.json` and
 * `docs/drill.schema.json` from the schemas; the tables of `docs/` between `<!-- begin:NAME -->` and `<!-- end:NAME -->` (config keys and labels from the schema, inputs and outputs from
 * `action.yml`); `src/restic/scripts.ts` from the shell scripts beside it. `--check` writes nothing, names the stale files and ends with 1.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { LABEL_PREFIX, LABELS } from '../src/config/discoveryLabels.ts'
import { jsonSchema, keyRows } from '../src/config/schemaDocs.ts'

import { drillJsonSchema } from '../src/drillReport.ts'
import { importRules } from './layers.ts'

const ROOT = join(import.meta.dirname, '..')

interface Action {
  readonly inputs?: Readonly<Record<string, { readonly description?: string; readonly default?: unknown }>>
  readonly outputs?: Readonly<Record<string, { readonly description?: string }>>
}

/** Makes the tables of `docs/` by the name of their markers, out of the text of `action.yml`. */
export function tables(actionYml: string): Readonly<Record<'config' | 'labels' | 'inputs' | 'outputs', string>> {
  const action = parse(actionYml) as Action
  return {
    config: table(
      ['key', 'where', 'default', 'meaning'],
      keyRows().map((row) => [`\`${row.key}\``, row.where, row.default, row.description]),
    ),
    labels: table(
      ['label', 'on', 'meaning'],
      Object.entries(LABELS).map(([name, { on, description }]) => [
        `\`${LABEL_PREFIX}${name}\``,
        on.join(', '),
        description,
      ]),
    ),
    inputs: table(
      ['input', 'default', 'meaning'],
      Object.entries(action.inputs ?? {}).map(([name, input]) => [
        `\`${name}\``,
        input.default === undefined || input.default === '' ? '' : `\`${input.default}\``,
        input.description ?? '',
      ]),
    ),
    outputs: table(
      ['output', 'meaning'],
      Object.entries(action.outputs ?? {}).map(([name, output]) => [`\`${name}\``, output.description ?? '']),
    ),
  }
}

/**
 * Puts each table between its markers.
 * @throws Error where a marker is missing, or stands twice
 */
export function fillMarkers(text: string, byName: Readonly<Record<string, string>>): string {
  let filled = text
  for (const [name, content] of Object.entries(byName)) {
    const begin = `<!-- begin:${name} -->`
    const end = `<!-- end:${name} -->`
    const [before, inside, ...more] = filled.split(begin)
    const [old, after, ...extra] = (inside ?? '').split(end)
    if (inside === undefined || old === undefined || after === undefined || more.length > 0 || extra.length > 0) {
      throw new Error(`the text needs ${begin} and ${end}, once each and in this order`)
    }
    filled = `${before}${begin}\n${content}\n${end}${after}`
  }
  return filled
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n')
}

function cell(text: string): string {
  return text.trim().replaceAll('|', '\\|').replace(/\s+/g, ' ')
}

/** What each generated file should hold, by its path from the project's folder. */
function wanted(): Readonly<Record<string, string>> {
  const { config, labels, inputs, outputs } = tables(readFileSync(join(ROOT, 'action.yml'), 'utf8'))
  const page = (path: string, byName: Readonly<Record<string, string>>) => ({
    [path]: fillMarkers(readFileSync(join(ROOT, path), 'utf8'), byName),
  })
  return {
    'biome.imports.json': `${JSON.stringify(importRules(), null, 2)}\n`,
    'src/restic/scripts.ts': scripts(),
    'dist/config.schema.json': `${JSON.stringify(jsonSchema(), null, 2)}\n`,
    'docs/drill.schema.json': `${JSON.stringify(drillJsonSchema(), null, 2)}\n`,
    ...page('docs/configuration.md', { config, labels }),
    ...page('docs/inputs-and-outputs.md', { inputs, outputs }),
  }
}

/** The shell scripts of the built-in backend as a module, so that they are a part of the bundle. */
function scripts(): string {
  const constant = (name: string, what: string, file: string) =>
    `/** ${what} */\nexport const ${name} = ${JSON.stringify(readFileSync(join(ROOT, 'src/restic', file), 'utf8'))}\n`
  return [
    '/** Holds the scripts of the built-in backend. Generated from `backup.sh` and `restore.sh` beside it by `.ci/generate.ts`. */\n',
    constant('RESTIC_BACKUP', 'The text of `/backup.sh`.', 'backup.sh'),
    constant('RESTIC_RESTORE', 'The text of `/restore.sh`.', 'restore.sh'),
  ].join('\n')
}

function main(check: boolean): number {
  const stale = Object.entries(wanted()).filter(([path, content]) => {
    const file = join(ROOT, path)
    return !existsSync(file) || readFileSync(file, 'utf8') !== content
  })
  if (check) {
    for (const [path] of stale) console.error(`stale: ${path} (node .ci/generate.ts writes it)`)
    return stale.length === 0 ? 0 : 1
  }
  for (const [path, content] of stale) {
    mkdirSync(dirname(join(ROOT, path)), { recursive: true })
    writeFileSync(join(ROOT, path), content)
    console.log(`wrote ${path}`)
  }
  return 0
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = main(process.argv.includes('--check'))
