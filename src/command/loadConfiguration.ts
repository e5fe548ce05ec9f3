/** The configuration as a command takes it: read from the repository, its variables looked up, its secrets hidden before anything is said. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Config, loadConfig, type RawInstance } from '../config/load.ts'
import { type Lookup, type ResolvedInstance, resolveInstance } from '../config/resolveInstance.ts'
import { parseVariables, refuseRestsOfValues } from '../config/variables.ts'
import { ConfigError, InputError } from '../errors.ts'
import { createRedactor, type GrowingRedactor, maskable } from '../secrets/redaction.ts'
import type { CommandContext } from './commandContext.ts'

/** Reads `config`, relative to the workspace. Throws `InputError` where it cannot be read, `ConfigError` with all that is wrong in it. */
export async function readConfig(action: CommandContext): Promise<Config> {
  const { config: file } = action.inputs
  const text = await readFile(resolve(action.event.workspace, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    const hint =
      error.code === 'ENOENT'
        ? 'there is no such file in the workspace. Check out the repository first (actions/checkout), or set the input config'
        : error.message
    throw new InputError(`${file} could not be read: ${hint}`)
  })
  return loadConfig(text, file)
}

/** Values for the `${NAME}` of the configuration. */
export interface Variables {
  /** Looks a name up in the `variables` input, then in the step's environment. */
  readonly lookup: Lookup
  /** All values of the input: each is a secret. */
  readonly secrets: readonly string[]
  /** Throws an `InputError` where a part of the input may be the rest of a value above it; only the configuration can tell. */
  readonly refuseRests: (config: Config) => void
}

/** Reads the `variables` input. Throws an `InputError` where it cannot be read. */
export function openVariables(action: CommandContext): Variables {
  const input = parseVariables(action.inputs.variables)
  return {
    lookup: (name) => input.values.get(name) ?? action.env[name],
    secrets: [...input.values.values()],
    refuseRests: (config) => refuseRestsOfValues(input, (name) => config.usedVariables.has(name)),
  }
}

export type PlannedInstance = { readonly raw: RawInstance } & (
  | { readonly ok: true; readonly settled: ResolvedInstance }
  | { readonly ok: false; readonly error: ConfigError }
)

/** Fills in each instance; one whose variables are missing is that instance's failure, not the run's. */
export function resolveAll(
  config: Config,
  instances: readonly RawInstance[],
  lookup: Lookup,
): readonly PlannedInstance[] {
  return instances.map((raw): PlannedInstance => {
    try {
      return { raw, ok: true, settled: resolveInstance(config, raw, lookup) }
    } catch (error) {
      if (error instanceof ConfigError) return { raw, ok: false, error }
      throw error
    }
  })
}

/** Registers secrets with the runner, silently. */
export function maskSecrets(action: CommandContext, secrets: readonly string[]): GrowingRedactor {
  const redactor = createRedactor(secrets)
  action.console.mask(maskable(secrets).values, redactor)
  return redactor
}

/** Registers secrets with the runner, says where some are too short, and returns what takes them out of all that is written. Call it before anything else is printed. */
export async function hideSecrets(action: CommandContext, secrets: readonly string[]): Promise<GrowingRedactor> {
  const redactor = maskSecrets(action, secrets)
  const { tooShort } = maskable(secrets)
  if (tooShort > 0) {
    await action.console.warning(
      `${tooShort === 1 ? 'One secret is' : `${tooShort} secrets are`} shorter than 4 characters and cannot be masked: use longer ones.`,
    )
  }
  return redactor
}

/** Registers secrets that came to light later with the runner, and with the redactor that is in use. */
export function hideMore(action: CommandContext, redactor: GrowingRedactor, secrets: readonly string[]): void {
  const visible = secrets.filter((secret) => redactor.text(secret) !== '***')
  if (visible.length === 0) return
  redactor.add(visible)
  action.console.mask(maskable(visible).values, redactor)
}
