/** Chooses the environment of the docker client. Pure. */

/** Returns the step's environment without the action's own variables: the client needs neither a token nor the `variables`. */
export function dockerEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value === undefined || /^(INPUT_|STATE_|ACTIONS_)/.test(key) ? [] : [[key, value]],
    ),
  )
}
