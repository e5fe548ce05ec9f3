/** Tells whether a job or a step of a workflow uses this action, and with which inputs. Pure. */
import { posix } from 'node:path'
import { isTreeMap, type Tree, treeAt } from '../config/yaml.ts'

/** One use of this action, or of its reusable workflow. */
export interface ActionUse {
  /** Line of `uses`, 1-based. */
  readonly line: number
  /** `null` if an expression decides. */
  readonly command: string | null
  /** The configuration, relative to the root; `null` if an expression decides. */
  readonly config: string | null
  /** The instances that it is limited to; `null`: all, or an expression decides. */
  readonly instances: readonly string[] | null
  /** The host that it is limited to; `null`: none, or an expression decides. */
  readonly host: string | null
  /** The inputs that the file itself writes. */
  readonly isSet: { readonly command: boolean; readonly config: boolean }
}

/** A call of a file of the repository: an action's folder or a workflow. It is ours if that file uses this action. */
export interface LocalUse {
  readonly kind: 'local'
  readonly path: string
  readonly use: ActionUse
  readonly inputs: readonly string[]
}

export type UsedThing = { readonly kind: 'ours'; readonly use: ActionUse } | LocalUse

/** The words of the input `command`. A test compares them with those of the action. */
export const OUR_COMMANDS = ['backup', 'plan', 'validate', 'check', 'summary', 'restore', 'drill']
/** Inputs by which a fork of another name is known. */
const TELLING_INPUTS = ['instances', 'variables', 'lock-wait', 'allow-partial', 'max-parallel']

/**
 * Reads a job or a step. `null` if it uses nothing, or an action that is not this one by its name and inputs. A use of a file of the repository
 * is returned whatever that file is.
 */
export function useOf(node: { readonly [key: string]: Tree }, line: number): UsedThing | null {
  if (typeof node.uses !== 'string') return null
  const inputs = isTreeMap(node.with) ? node.with : {}
  const name = node.uses.trim()
  const use = readInputs(inputs, line)
  if (name === './' || name === '.') return { kind: 'ours', use }
  if (name.startsWith('./')) return { kind: 'local', path: name.slice(2), use, inputs: Object.keys(inputs) }
  if (name.startsWith('docker://') || /^actions\//i.test(name)) return null
  const isNamedSo = /\bmarina\b|marina-/i.test(name.split('@')[0] as string)
  return isNamedSo || isTelling(inputs) ? { kind: 'ours', use } : null
}

/** Tells whether a local file that could not be read is probably ours, by its name or its inputs. */
export function looksLikeOurs({ path, inputs, use }: LocalUse): boolean {
  return (
    /marina/i.test(path) || use.isSet.command || use.isSet.config || inputs.some((one) => TELLING_INPUTS.includes(one))
  )
}

/** Tells whether inputs can hardly be another action's: two telling names, or one beside a command of ours or `config`. */
function isTelling(inputs: { readonly [key: string]: Tree }): boolean {
  const telling = TELLING_INPUTS.filter((one) => Object.hasOwn(inputs, one))
  const isOurCommand = OUR_COMMANDS.includes(String(inputs.command))
  return telling.length > 1 || (telling.length === 1 && (isOurCommand || Object.hasOwn(inputs, 'config')))
}

function readInputs(inputs: { readonly [key: string]: Tree }, line: number): ActionUse {
  const written = (name: string): string => {
    const value = treeAt(inputs, [name])
    return typeof value === 'string' ? value.trim() : ''
  }
  const known = (name: string, fallback: string): string | null => {
    const value = written(name)
    return value.includes('${{') ? null : value || fallback
  }
  const config = known('config', 'config.yml')
  const ids = known('instances', '')
  return {
    line,
    command: known('command', 'backup'),
    config: config === null ? null : posix.normalize(config),
    instances: ids
      ? ids
          .split(/[,\n]/)
          .map((id) => id.trim())
          .filter((id) => id !== '')
      : null,
    host: known('host', '') || null,
    isSet: { command: written('command') !== '', config: written('config') !== '' },
  }
}
