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
 * Throws an `InputError` if one of the unknown names is a known one with a slip in it. On act, Gitea and Forgejo, where the inputs of a
 * composite action reach the steps within it, it returns the sentence instead; so it does for another word for a known input, since a job's
 * environment may hold `INPUT_…` variables of its own. Returns `null` if no name looks like a known one.
 */
export function checkInputNames(unknown: readonly string[], env: NodeJS.ProcessEnv): string | null {
  const known = Object.keys(INPUT_DEFAULTS)
  const isLeaky = [env.ACT, env.GITEA_ACTIONS, env.FORGEJO_ACTIONS].includes('true')
  const misspelt = unknown.flatMap((name) => sentence(name, nearestWord(name, known)))
  if (misspelt.length > 0 && !isLeaky) throw new InputError(misspelt.join('\n'))
  const meant = unknown.flatMap((name) => sentence(name, nearestWord(name, known, OTHER_WORDS)))
  return meant.length === 0 ? null : `${meant.join(' ')} It is ignored`
}

function sentence(name: string, known: string | null): string[] {
  return known === null ? [] : [`Input ${name} is unknown: did you mean ${known}?`]
}
