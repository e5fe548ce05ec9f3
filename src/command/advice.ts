/** Defines what `validate` tells besides errors, and collects what a configuration alone tells. Pure. */
import { clearSecret } from '../config/clearSecrets.ts'
import { type Config, openTexts, type RawInstance } from '../config/load.ts'
import { type Path, type Tree, treeAt, writePath } from '../config/yaml.ts'
import { hasTag, isOfHostOnly, parseImageName } from '../docker/imageNames.ts'
import { writtenAt, writtenHost, writtenTargets } from './writtenTargets.ts'

/** Something that people should know, at its line. It makes no configuration wrong. */
export interface Advice {
  readonly severity: 'warning' | 'notice'
  readonly message: string
  /** Left out: the configuration. */
  readonly file?: string
  /** 1-based. */
  readonly line: number
}

/** Number of pieces of advice of one kind that are told: more help nobody. */
const MOST_TOLD = 100
const MOST_NAMED = 10

/** Leaves out what is beyond `MOST_TOLD`, and says at the first of them how many there are. */
export function bounded(all: readonly Advice[]): readonly Advice[] {
  const next = all[MOST_TOLD]
  if (next === undefined) return all
  const more = { ...next, message: `and ${all.length - MOST_TOLD} more of this kind, from this line on` }
  return [...all.slice(0, MOST_TOLD), more]
}

/** Returns a warning for each text that holds a secret in clear. A text that several instances share is told once. */
export function adviseOnSecrets(config: Config): readonly Advice[] {
  const told = new Map<string, string[]>()
  const found: { readonly key: string; readonly id: string; readonly line: number; readonly words: string }[] = []
  for (const { id, index } of config.instances) {
    const path = ['instances', index]
    for (const { path: place, text } of openTexts(treeAt(config.tree, path) as Tree, path)) {
      const name = place[2] === 'env' && place.length === 4 ? String(place[3]) : null
      const key = `${writePath(place.slice(2))}\n${text}`
      const sharing = told.get(key)
      if (sharing !== undefined) {
        if (sharing.length > 0) sharing.push(id)
        continue
      }
      const kind = clearSecret(name, text)
      told.set(key, kind === null ? [] : [id])
      if (kind === null) continue
      const variable = name ?? 'NAME'
      found.push({
        key,
        id,
        line: config.source.valueAt(place).line,
        words: `\`${keyOf(place)}\` holds ${kind} in clear: everybody who reads the repository has it, and it stays in its history. Store it as a secret of the repository, write \`\${${variable}}\` here, and replace it where it is used`,
      })
    }
  }
  return found.map(({ key, id, line, words }) => ({
    severity: 'warning',
    line,
    message: `${withOthers(id, told.get(key))}: ${words}`,
  }))
}

function keyOf(place: Path): string {
  return writePath(place.slice(2))
}

function withOthers(id: string, sharing: readonly string[] = []): string {
  const more = sharing.length - 1
  return more > 0 ? `${id} and ${more} more` : id
}

/** Returns a notice for each image that is named with neither a tag nor a digest, unless no registry is asked for it. */
export function adviseOnTags(config: Config): readonly Advice[] {
  return config.instances.flatMap((one) =>
    ['customImage', 'resticImage', 'helperImage'].flatMap((key): readonly Advice[] => {
      const path = ['instances', one.index, key]
      const image = writtenAt(config, path)
      if (image === undefined || hasTag(image) || parseImageName(image).isPinned || isOfHostOnly(image)) return []
      if (writtenAt(config, ['instances', one.index, 'pull']) === 'never') return []
      const message = `${one.id}: ${key} ${image} has neither tag nor digest, so that Docker takes \`latest\`, whatever that is on the day. Name a version, such as ${image}:1.2, or a digest`
      return [{ severity: 'notice', line: config.source.valueAt(path).line, message }]
    }),
  )
}

/** Returns a notice for each target that several instances of one host have. */
export function adviseOnSharedTargets(config: Config): readonly Advice[] {
  const owners = new Map<string, { readonly words: string; readonly ids: RawInstance[]; readonly lines: number[] }>()
  for (const one of config.instances) {
    const host = writtenHost(config, one)
    for (const { kind, name, line } of writtenTargets(config, one)) {
      const key = `${kind}\n${name}\n${host}`
      const known = owners.get(key) ?? {
        words: `${kind === 'db' ? 'the database' : 'the volume'} ${name}`,
        ids: [],
        lines: [],
      }
      owners.set(key, known)
      known.ids.push(one)
      known.lines.push(line)
    }
  }
  return [...owners.values()]
    .filter(({ ids }) => ids.length > 1)
    .map(({ words, ids, lines }) => {
      const named = ids.slice(0, MOST_NAMED).map(({ id }, index) => `${id} (line ${lines[index]})`)
      const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ''
      return {
        severity: 'notice',
        line: lines[1] as number,
        message: `${words} is a target of ${ids.length} instances: ${named.join(', ')}${more}. That is right if they back it up to different places`,
      }
    })
}
