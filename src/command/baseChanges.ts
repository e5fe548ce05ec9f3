/** Compares the configuration of a pull request with that of the branch it goes to. */
import { posix } from 'node:path'
import { openForge } from '../action/forge/askForge.ts'
import { readFileAt } from '../action/forge/repositoryFile.ts'
import { type ConfigChanges, compareConfigs } from '../config/compareConfigs.ts'
import { type Config, loadConfig, type RawInstance } from '../config/load.ts'
import { ConfigError } from '../errors.ts'
import { count } from '../format.ts'
import type { ChangedInstance, ChangesPage } from '../report/configChanges.ts'
import { nextSlot } from '../schedule/slots.ts'
import { slotWords } from '../schedule/slotWords.ts'
import type { CommandContext } from './commandContext.ts'

/** Returns what the pull request changes; `null` if this run is none of a pull request. Asks the API. Never throws for what it answers. */
export async function changesAgainstBase(action: CommandContext, head: Config): Promise<ChangesPage | null> {
  const { base, apiUrl, repository } = action.event
  if (base === null) return null
  const forge = openForge({ token: action.inputs.githubToken, baseUrl: apiUrl, repository })
  const answer = await readFileAt(forge, posix.normalize(head.file), base.sha)
  const page = { base: base.ref, instances: [], top: [] }
  if ('value' in answer) return pageOf(base.ref, answer.value, head)
  if (answer.status !== 404) return { ...page, remark: `They are not known. ${answer.unknown}` }
  const added = head.instances.map((one) => changeOf(one, 'added', []))
  return { ...page, instances: added, remark: `${head.file} is not there yet: every backup is new.` }
}

function pageOf(base: string, text: string, head: Config): ChangesPage {
  try {
    const changes = compareConfigs(loadConfig(text, head.file), head)
    return { base, instances: changedInstances(changes, head), top: changes.top, remark: null }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const remark = `They are not known: ${head.file} has ${count(error.issues.length, 'error')} there.`
    return { base, instances: [], top: [], remark }
  }
}

function changedInstances({ added, changed, removed }: ConfigChanges, head: Config): readonly ChangedInstance[] {
  const byId = new Map(head.instances.map((one) => [one.id, one]))
  const of = (id: string) => byId.get(id) as RawInstance
  return [
    ...added.map((id) => changeOf(of(id), 'added', [])),
    ...changed.map(({ id, keys }) => changeOf(of(id), 'changed', keys)),
    ...removed.map((id): ChangedInstance => ({ id, line: null, kind: 'removed', keys: [], next: null })),
  ]
}

function changeOf(instance: RawInstance, kind: 'added' | 'changed', keys: readonly string[]): ChangedInstance {
  return { id: instance.id, line: instance.line, kind, keys, next: nextWords(instance) }
}

function nextWords({ schedule, scheduleIsOpen }: RawInstance): string {
  if (scheduleIsOpen) return 'as its variables say'
  return schedule === null ? 'by hand' : slotWords(nextSlot(schedule, new Date()), schedule)
}
