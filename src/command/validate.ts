/** `validate`: checks the configuration and its scripts as far as the repository alone allows. Needs no Docker and no variable's value. */
import { readPages } from '../action/pages.ts'
import { openSummary } from '../action/stepSummary.ts'
import { isOpen } from '../config/interpolation.ts'
import { issueAt, sortIssues } from '../config/issues.ts'
import type { Config, RawInstance } from '../config/load.ts'
import { pendingIssues } from '../config/notBuilt.ts'
import { type Tree, treeAt } from '../config/yaml.ts'
import { goesOnAfterFailure, saysGoesOn, whyNotStartable } from '../container/scriptHead.ts'
import { isOfHostOnly, parseImageName } from '../docker/imageNames.ts'
import { ConfigError, type ConfigIssue, InstanceError } from '../errors.ts'
import { renderValid } from '../report/messagePages.ts'
import type { CommandContext } from './commandContext.ts'
import { readConfig } from './loadConfiguration.ts'
import { readScript } from './repositoryFiles.ts'

/**
 * Prints what a valid configuration holds, and returns the exit code, 0. Throws `ConfigError` with all that is wrong in the file or, if
 * nothing is, with all that a run would refuse; `InputError` if the file cannot be read.
 */
export async function validate(action: CommandContext): Promise<number> {
  const { console } = action
  const config = await readConfig(action)
  const checked = await Promise.all(config.instances.map((raw) => checkInstance(action, config, raw)))
  const notices = [...config.notices, ...imageNotice(config), ...checked.flatMap((one) => one.notices)]
  for (const { message, line } of notices) await console.notice(message, { file: config.file, line })
  const issues = checked.flatMap((one) => one.issues)
  if (issues.length > 0) throw new ConfigError(config.file, sortIssues(issues))
  const count = config.instances.length
  await console.info(`${config.file} is valid: ${count} instance${count === 1 ? '' : 's'}.`)
  if (config.nodeNameVariables.length > 0) await console.info(`  nodeName needs ${config.nodeNameVariables.join(', ')}`)
  for (const instance of config.instances) {
    const needs = instance.variables.length === 0 ? 'needs no variables' : `needs ${instance.variables.join(', ')}`
    await console.info(`  ${instance.id} (line ${instance.line}): ${scheduleOf(instance) ?? 'by hand'}, ${needs}`)
  }
  await summarise(action, config, notices)
  return 0
}

interface Checked {
  readonly issues: readonly ConfigIssue[]
  readonly notices: Config['notices']
}

/** Finds what a run of the instance would refuse (a key that is not built yet, a script that cannot start), and what people should know. */
async function checkInstance(action: CommandContext, config: Config, raw: RawInstance): Promise<Checked> {
  const discover = writtenText(config, raw, 'discover') === 'all' ? 'all' : 'labels'
  const issues = pendingIssues(config, { id: raw.id, discover })
  const script = writtenText(config, raw, 'script')
  if (script === undefined) return { issues, notices: [] }
  const checked = await checkScript(action, config, { raw, script })
  return { issues: [...issues, ...checked.issues], notices: checked.notices }
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
  const problem = whyNotStartable(file, writtenEntrypoint(config, raw))
  if (problem !== null) return issue(`script ${script} ${problem}`)
  const { line } = config.source.valueAt(['instances', raw.index, 'script'])
  return { issues: [], notices: goesOnAfterFailure(file) ? [{ message: saysGoesOn(`script ${script}`), line }] : [] }
}

/** Makes one notice for all images whose name in a registry could be given to another image; empty if there are none. */
function imageNotice(config: Config): Config['notices'] {
  const named = config.instances.filter((raw) => isForOthersToChange(config, raw))
  const [first] = named
  if (first === undefined) return []
  const ids = named.map(({ id }) => id).join(', ')
  const message = `${ids}: the image is named by a tag, and whoever may push to that name decides what runs beside your data. A digest (image@sha256:…) always means the same image; one that was built on the host is used as it is`
  return [{ message, line: config.source.valueAt(['instances', first.index, 'customImage']).line }]
}

/** Tells whether the owner of the image's name in a registry could change what runs. */
function isForOthersToChange(config: Config, raw: RawInstance): boolean {
  const image = writtenText(config, raw, 'customImage')
  if (image === undefined || writtenText(config, raw, 'pull') === 'never') return false
  return !parseImageName(image).isPinned && !isOfHostOnly(image)
}

/** Returns the text of a key of the instance; `undefined` if it is missing, is no text, or contains a variable. */
function writtenText(config: Config, raw: RawInstance, key: string): string | undefined {
  const value = treeAt(config.tree, ['instances', raw.index, key])
  return typeof value === 'string' && !isOpen(value) ? value : undefined
}

/** Returns the ENTRYPOINT that the instance sets; `null` if it sets none (the image's own counts), or if it contains a variable. */
function writtenEntrypoint(config: Config, raw: RawInstance): readonly string[] | null {
  const value = treeAt(config.tree, ['instances', raw.index, 'entrypoint'])
  const words: readonly Tree[] = Array.isArray(value) ? value : [value ?? null]
  if (!words.every((word) => typeof word === 'string' && !isOpen(word))) return null
  return (words as readonly string[]).filter((word) => word !== '')
}

async function summarise(
  { env, inputs, console }: CommandContext,
  config: Config,
  notices: Config['notices'],
): Promise<void> {
  const summary = await openSummary(env)
  const markdown = renderValid({
    file: config.file,
    instances: config.instances.map((one) => ({ ...one, schedule: scheduleOf(one) })),
    notices: notices.map(({ message, line }) => `line ${line}: ${message}`),
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
