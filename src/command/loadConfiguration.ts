/** Loads the configuration for a command: reads it from the repository, looks up its variables, resolves its instances. */
import { type Config, loadConfig, type RawInstance } from '../config/load.ts'
import { nearestWord } from '../config/nearestWord.ts'
import { type Lookup, type ResolvedInstance, resolveInstance } from '../config/resolveInstance.ts'
import type { SecretText } from '../config/secretValues.ts'
import { parseVariables, refuseRestsOfValues } from '../config/variables.ts'
import { ConfigError } from '../errors.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfigurationText } from './repositoryFiles.ts'

/** Reads and checks the configuration. Throws `InputError` if the file cannot be read, else `ConfigError` with all that is wrong in it. */
export async function readConfig(action: Pick<CommandContext, 'inputs' | 'event'>): Promise<Config> {
  const { config: file } = action.inputs
  return loadConfig(await readConfigurationText(action.event.workspace, file), file)
}

/** The `variables` input, taken apart: the values for `${NAME}` in the configuration. */
export interface Variables {
  /** Returns the value of a name, from the `variables` input, else from the step's environment; `undefined` if neither has it. */
  readonly lookup: Lookup
  readonly values: ReadonlyMap<string, string>
  /**
   * Returns all values of the input, because each counts as a secret. A name that the configuration does not use is not told as the origin:
   * it may itself be part of a secret.
   */
  readonly secretsOf: (config: Config) => readonly SecretText[]
  /**
   * Throws an `InputError` if a line of the input that looks like a variable may really belong to the value above it, or if a value may
   * hold a further variable. Names that the configuration uses count as variables.
   */
  readonly refuseRests: (config: Config) => void
}

/** Matches variables that the machine or the runner sets: that the environment has them too says nothing of where else they were meant to be set. */
const OF_THE_MACHINE =
  /^(?:PATH|HOME|USER|LOGNAME|SHELL|PWD|OLDPWD|TERM|HOSTNAME|TMPDIR|TMP|TEMP|TZ|LANG|LANGUAGE|LC_.*|MAIL|EDITOR|(?:https?|ftp|no|all)_proxy|DOCKER_.*|GITHUB_.*|RUNNER_.*|CI)$/i

/** Matches the runner's own variables, which no configuration may use. */
const OF_THE_RUNNER = /^(?:ACTIONS|INPUT|STATE)_/i

/** Takes the `variables` input apart. Throws an `InputError` if it cannot. Call `refuseRests` before a value is used. */
export function openVariables(action: Pick<CommandContext, 'inputs' | 'env'>): Variables {
  const input = parseVariables(action.inputs.variables)
  return {
    lookup: Object.assign((name: string) => input.values.get(name) ?? action.env[name], {
      names: setNames(input.values, action.env),
    }),
    values: input.values,
    secretsOf: (config) =>
      [...input.values]
        .filter(([, value]) => value !== '')
        .map(([name, value]) => ({
          value,
          origin: config.usedVariables.has(name) ? `the variable ${name}` : 'a variable that no instance uses',
          isCertain: true,
        })),
    refuseRests: (config) =>
      refuseRestsOfValues(input, {
        isUsed: (name) => config.usedVariables.has(name),
        nearestMissing: (name) =>
          nearestWord(
            name,
            [...config.usedVariables].filter((one) => !input.values.has(one) && !action.env[one]),
          ),
        isInEnvironment: (name) => action.env[name] !== undefined && !OF_THE_MACHINE.test(name),
      }),
  }
}

/** Returns the names of the variables that somebody set for the backups and that are not empty. */
function setNames(values: ReadonlyMap<string, string>, env: NodeJS.ProcessEnv): readonly string[] {
  const own = Object.keys(env).filter((name) => !OF_THE_MACHINE.test(name) && !OF_THE_RUNNER.test(name) && env[name])
  return [...[...values.keys()].filter((name) => values.get(name) !== ''), ...own]
}

export type PlannedInstance = { readonly raw: RawInstance } & (
  | ({ readonly ok: true } & ResolvedInstance)
  | { readonly ok: false; readonly error: ConfigError }
)

/** Resolves each instance. One that cannot be resolved (a variable is missing, or a value is wrong once filled in) is returned with its error. */
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
