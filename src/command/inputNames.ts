/** Refuses inputs whose names are misspelt: the platform only warns of them, and the run would take its defaults instead. */
import { INPUT_DEFAULTS } from '../action/inputs.ts'
import { nearestWord } from '../config/nearestWord.ts'
import { InputError } from '../errors.ts'

/** Maps words that people write for an input, in lower case and without separators, to the name of the input that they mean. */
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
 * Throws an `InputError` if one of the unknown names looks like a known one. On act, Gitea and Forgejo it returns the sentence instead,
 * because there the inputs of a composite action reach the steps within it. Returns `null` if no name looks like a known one: such a name
 * may have been left in the environment by another action, and the platform itself warns of it if it was written for this one.
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
