/** Finds inputs whose names are misspelt: the platform only warns of them, and the run would take its defaults instead. */
import { INPUT_DEFAULTS } from '../action/inputs.ts'
import { nearestWord } from '../config/nearestWord.ts'
import { InputError } from '../errors.ts'

/** Words that people write for an input, by the input that they mean. */
const OTHER_WORDS: Readonly<Record<string, string>> = {
  id: 'instances',
  ids: 'instances',
  only: 'instances',
  backup: 'instances',
  backups: 'instances',
  file: 'config',
  configuration: 'config',
  configfile: 'config',
  secrets: 'variables',
  vars: 'variables',
  env: 'variables',
  environment: 'variables',
  parallel: 'max-parallel',
  concurrency: 'max-parallel',
  token: 'github-token',
  retentiondays: 'artifact-retention-days',
}

/**
 * Returns what to say of inputs that are not in action.yml, or `null`. Throws `InputError` for one that is a known one misspelt.
 * A name that is near none may have been left in the environment by another action; the platform warns of it where it was written here.
 * On act, Gitea and Forgejo the inputs of a composite action reach the steps within it: there nothing is refused, only said.
 */
export function checkInputNames(unknown: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const meant = unknown.flatMap((name) => {
    const known = nearestWord(name, Object.keys(INPUT_DEFAULTS), OTHER_WORDS)
    return known === null ? [] : [`Input ${name} is unknown: did you mean ${known}?`]
  })
  if (meant.length === 0) return null
  const isLeaky = [env.ACT, env.GITEA_ACTIONS, env.FORGEJO_ACTIONS].includes('true')
  if (!isLeaky) throw new InputError(meant.join('\n'))
  return `${meant.join(' ')} It is ignored`
}
