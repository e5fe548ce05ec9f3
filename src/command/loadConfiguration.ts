/** The configuration as a command takes it: read from the repository, its variables looked up, its instances resolved. */
import { type Config, loadConfig, type RawInstance } from '../config/load.ts'
import { type Lookup, type ResolvedInstance, resolveInstance } from '../config/resolveInstance.ts'
import type { SecretText } from '../config/secretValues.ts'
import { parseVariables, refuseRestsOfValues } from '../config/variables.ts'
import { ConfigError } from '../errors.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfigurationText } from './repositoryFiles.ts'

/** Reads the configuration. Throws `InputError` where it cannot be read, `ConfigError` with all that is wrong in it. */
export async function readConfig(action: CommandContext): Promise<Config> {
  const { config: file } = action.inputs
  return loadConfig(await readConfigurationText(action.event.workspace, file), file)
}

/** Values for the `${NAME}` of the configuration. */
export interface Variables {
  /** Looks a name up in the `variables` input, then in the step's environment. */
  readonly lookup: Lookup
  readonly values: ReadonlyMap<string, string>
  /** All values of the input: each is a secret. A name that the configuration does not use may be part of one, and is not told. */
  readonly secretsOf: (config: Config) => readonly SecretText[]
  /** Throws an `InputError` where a part of the input may be the rest of a value above it; only the configuration can tell. */
  readonly refuseRests: (config: Config) => void
}

/** Reads the `variables` input. Throws an `InputError` where it cannot be read. */
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
    refuseRests: (config) => refuseRestsOfValues(input, (name) => config.usedVariables.has(name)),
  }
}

export type PlannedInstance = { readonly raw: RawInstance } & (
  | ({ readonly ok: true } & ResolvedInstance)
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
      return { raw, ok: true, ...resolveInstance(config, raw, lookup) }
    } catch (error) {
      if (error instanceof ConfigError) return { raw, ok: false, error }
      throw error
    }
  })
}
