/**
 * `validate`: checks the configuration, and the `script` of each instance, as far as the repository alone allows. Needs no Docker and no
 * variable's value.
 */
import { readPages } from '../action/pages.ts'
import { openSummary } from '../action/stepSummary.ts'
import { issueAt, sortIssues } from '../config/issues.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { type Tree, treeAt } from '../config/yaml.ts'
import { goesOnAfterFailure, maySuitAnInterpreter, saysGoesOn, whyNotStartable } from '../container/scriptHead.ts'
import { isOfHostOnly, parseImageName } from '../docker/imageNames.ts'
import { ConfigError, type ConfigIssue, InstanceError } from '../errors.ts'
import { type ChangesPage, changesWords } from '../report/configChanges.ts'
import { renderValid } from '../report/messagePages.ts'
import { readWorkflows, type Workflows } from '../workflows/readWorkflows.ts'
import { type Advice, adviseOnSecrets, adviseOnSharedTargets, adviseOnTags, bounded } from './advice.ts'
import { changesAgainstBase } from './baseChanges.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfig } from './loadConfiguration.ts'
import { readScript } from './repositoryFiles.ts'
import { adviseOnStops, adviseOnTicks, adviseOnWorkflows, workflowsWords } from './scheduleAdvice.ts'
import { readWorkflowTexts } from './workflowFiles.ts'
import { byDefault, writtenAt } from './writtenTargets.ts'

/**
 * Prints what a valid configuration holds, and returns the exit code, 0. Throws `ConfigError` with all that is wrong in the file or, if
 * nothing is, with all that a run would refuse; `InputError` if the file cannot be read.
 */
export async function validate(action: CommandContext): Promise<number> {
  const { console, event, env } = action
  const config = await readConfig(action)
  const workflows = readWorkflows(await readWorkflowTexts(event.workspace, env))
  const checked = await Promise.all(config.instances.map((raw) => checkInstance(action, config, raw)))
  const written = [...config.notices, ...imageNotice(config), ...checked.flatMap((one) => one.notices)]
  const advice = adviseOn(config, workflows, written)
  for (const { severity, message, file, line } of advice)
    await console[severity](message, { file: file ?? config.file, line })
  const issues = checked.flatMap((one) => one.issues)
  if (issues.length > 0) throw new ConfigError(config.file, sortIssues(issues))
  const count = config.instances.length
  await console.info(`${config.file} is valid: ${count} instance${count === 1 ? '' : 's'}.`)
  await console.info(workflowsWords(config, workflows))
  if (config.nodeNameVariables.length > 0) await console.info(`  nodeName needs ${config.nodeNameVariables.join(', ')}`)
  for (const instance of config.instances) {
    const needs = instance.variables.length === 0 ? 'needs no variables' : `needs ${instance.variables.join(', ')}`
    await console.info(`  ${instance.id} (line ${instance.line}): ${scheduleOf(instance) ?? 'by hand'}, ${needs}`)
  }
  const changes = await changesAgainstBase(action, config)
  if (changes !== null) await console.info(changesWords(changes))
  await summarise(action, config, { advice, changes })
  return 0
}

/** Collects all advice in the order in which it is told: of each kind GitHub shows ten, so that what matters most comes first. */
function adviseOn(config: Config, workflows: Workflows, written: Config['notices']): readonly Advice[] {
  const now = Date.now()
  return [
    adviseOnSecrets(config),
    adviseOnTicks(config, workflows, now),
    adviseOnStops(config, now),
    adviseOnWorkflows(workflows),
    written.map((one): Advice => ({ severity: 'notice', ...one })),
    adviseOnTags(config),
    adviseOnSharedTargets(config),
  ].flatMap(bounded)
}

interface Checked {
  readonly issues: readonly ConfigIssue[]
  readonly notices: Config['notices']
}

/** Finds what a run of the instance would refuse (a script that cannot start), and what people should know. */
async function checkInstance(action: CommandContext, config: Config, raw: RawInstance): Promise<Checked> {
  const script = writtenKey(config, raw, 'script')
  return script === undefined ? { issues: [], notices: [] } : checkScript(action, config, { raw, script })
}

async function checkScript(
  { event }: CommandContext,
  config: Config,
  { raw, script }: { readonly raw: RawInstance; readonly script: string },
): Promise<Checked> {
  const issue = (message: string): Checked => ({
    issues: [issueAt(config.source, ['instances', raw.index, 'script'], message)],
    notices: [],
  })
  const file = await readScript({ workspace: event.workspace, configFile: config.file }, script).catch(
    (error: unknown) => {
      if (error instanceof InstanceError) return error
      throw error
    },
  )
  if (file instanceof InstanceError) return issue(file.message)
  const { line } = config.source.valueAt(['instances', raw.index, 'script'])
  const entrypoint = writtenEntrypoint(config, raw)
  const problem = whyNotStartable(file, entrypoint)
  // the image's own ENTRYPOINT is not known here, and may be Python's
  if (problem !== null && entrypoint === null && maySuitAnInterpreter(file)) {
    const message = `script ${script} ${problem}. It does no harm if the image's ENTRYPOINT is an interpreter such as python3`
    return { issues: [], notices: [{ message, line }] }
  }
  if (problem !== null) return issue(`script ${script} ${problem}`)
  return { issues: [], notices: goesOnAfterFailure(file) ? [{ message: saysGoesOn(`script ${script}`), line }] : [] }
}

/** Makes one notice for all images whose name in a registry could be given to another image; empty if there are none. */
function imageNotice(config: Config): Config['notices'] {
  const named = config.instances.flatMap((raw) => {
    const key = ['customImage', 'resticImage', 'helperImage'].find((one) => isForOthersToChange(config, raw, one))
    return key === undefined ? [] : [{ ...raw, key }]
  })
  const [first] = named
  if (first === undefined) return []
  const ids = named.map(({ id, key }) => (key === 'customImage' ? id : `${id} (${key})`)).join(', ')
  const message = `${ids}: the image is named by a tag, and whoever may push to that name decides what runs beside your data. A digest (image@sha256:…) always means the same image; one that is built on the host is best named localhost/…, for which no registry is asked`
  return [{ message, line: config.source.valueAt(['instances', first.index, first.key]).line }]
}

/**
 * Tells whether somebody who may push to a registry could change which image runs: `key` names one without a digest, and a registry is
 * asked for it.
 */
function isForOthersToChange(config: Config, raw: RawInstance, key: string): boolean {
  const image = writtenKey(config, raw, key)
  if (image === undefined || writtenKey(config, raw, 'pull') === 'never') return false
  return !parseImageName(image).isPinned && !isOfHostOnly(image)
}

/** Returns the text of a key of the instance, as `writtenAt` does. */
function writtenKey(config: Config, raw: RawInstance, key: string): string | undefined {
  return writtenAt(config, ['instances', raw.index, key])
}

/** Returns the ENTRYPOINT that the instance sets; `null` if it sets none (the image's own counts), or if it contains a variable without a default. */
function writtenEntrypoint(config: Config, raw: RawInstance): readonly string[] | null {
  const value = treeAt(config.tree, ['instances', raw.index, 'entrypoint'])
  const words: readonly Tree[] = Array.isArray(value) ? value : [value ?? null]
  const filled = words.map((word) => (typeof word === 'string' ? byDefault(word) : null))
  return filled.every((word) => word !== null) ? filled.filter((word) => word !== '') : null
}

async function summarise(
  { env, inputs, console }: CommandContext,
  config: Config,
  { advice, changes }: { readonly advice: readonly Advice[]; readonly changes: ChangesPage | null },
): Promise<void> {
  const summary = await openSummary(env)
  const markdown = renderValid({
    file: config.file,
    instances: config.instances.map((one) => ({ ...one, schedule: scheduleOf(one) })),
    // before it is escaped, which could hide a secret from a search
    advice: advice.map((one) => ({ ...one, file: one.file ?? null, message: console.redact(one.message) })),
    changes,
    config: readPages(env, inputs.config).config,
    limitBytes: summary.roomBytes,
  })
  const unwritten = await summary.write(markdown)
  if (unwritten !== null) await console.warning(unwritten)
}

/** Writes the schedule, `0 4 * * * Europe/Berlin`; `null` if there is none; other words if it depends on variables. */
function scheduleOf({ schedule, scheduleIsOpen }: RawInstance): string | null {
  if (scheduleIsOpen) return 'as its variables say'
  return schedule === null ? null : `${schedule.cron} ${schedule.timezone}`
}
