/** Loads the configuration for a command: reads it from the repository, looks up its variables, resolves its instances. */
import { type Config, loadConfig, type RawInstance } from '../config/load.ts'
import { type Lookup, type ResolvedInstance, resolveInstance } from '../config/resolveInstance.ts'
import type { SecretText } from '../config/secretValues.ts'
import { parseVariables, refuseRestsOfValues } from '../config/variables.ts'
import { ConfigError } from '../errors.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfigurationText } from './repositoryFiles.ts'

/** Reads the configuration. Throws `InputError` if the file cannot be read, `ConfigError` with everything that is wrong in it. */
export async function readConfig(action: CommandContext): Promise<Config> {
  const { config: file } = action.inputs
  return loadConfig(await readConfigurationText(action.event.workspace, file), file)
}

/** Values for the `${NAME}` of the configuration. */
export interface Variables {
  /** Looks a name up in the `variables` input, then in the step's environment. */
  readonly lookup: Lookup
  readonly values: ReadonlyMap<string, string>
  /**
   * Returns all values of the input: each is a secret. If the configuration does not use a name, the name is left out too, because it may
   * itself be part of a secret.
   */
  readonly secretsOf: (config: Config) => readonly SecretText[]
  /**
   * Throws an `InputError` if a variable of the input may really be the rest of another secret's value. Only the configuration can tell,
   * because it shows which names are used.
   */
  readonly refuseRests: (config: Config) => void
}

/** Reads the `variables` input. Throws an `InputError` if it cannot be read. */
export function openVariables(action: CommandContext): Variables {
  const input = parseVariables(action.inputs.variables)
  return {
    lookup: (name) => input.values.get(name) ?? action.env[name],
    values: input.values,
    secretsOf: (config) =>
      [...input.values].map(([name, value]) => ({
        value,
        origin: config.usedVariables.has(name) ? `the variable ${name}` : 'a variable that no instance uses',
        isCertain: true,
      })),
    refuseRests: (config) =>
      refuseRestsOfValues(input, {
        isUsed: (name) => config.usedVariables.has(name),
        isInEnvironment: (name) => action.env[name] !== undefined,
      }),
  }
}

export type PlannedInstance = { readonly raw: RawInstance } & (
  | ({ readonly ok: true } & ResolvedInstance)
  | { readonly ok: false; readonly error: ConfigError }
)

/** Resolves each instance. An instance whose variables are missing fails alone; the run goes on. */
export function resolveAll(
  config: Config,
  instances: readonly RawInstance[],
  lookup: Lookup,
): readonly PlannedInstance[] {
  return instances.map((raw): PlannedInstance => {
    try {
      return { raw, ok: true, ...resolveInstance(config, raw, lookup) }
    } catch (error) {
      if (error instanceof ConfigError) return { raw, ok: false, error }
      throw error
    }
  })
}
