/** What the docker client is given of the step's environment. Pure. */

/** The client sees the step's environment, but not the action's inputs: a token or `variables` are none of its business. */
export function dockerEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([key, value]) =>
      value === undefined || /^(INPUT_|STATE_|ACTIONS_)/.test(key) ? [] : [[key, value]],
    ),
  )
}
