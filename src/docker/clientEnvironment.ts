/** Chooses the environment of the docker client. Pure. */

/**
 * Returns the step's environment without the variables in which the runner gives this action its inputs, state and tokens (`INPUT_…`,
 * `STATE_…`, `ACTIONS_…`): the client needs none of them.
 */
export function dockerEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value === undefined || /^(INPUT_|STATE_|ACTIONS_)/.test(key) ? [] : [[key, value]],
    ),
  )
}
