/** `validate`: checks the configuration as far as the file alone allows. Needs no Docker and no variable's value. */
import type { CommandContext } from './commandContext.ts'
import { readConfig } from './loadConfiguration.ts'

/** Prints the result and returns the exit code. Throws `ConfigError` with everything that is wrong. */
export async function validate(action: CommandContext): Promise<number> {
  const { console } = action
  const config = await readConfig(action)
  for (const notice of config.notices) await console.notice(notice.message, { file: config.file, line: notice.line })
  const count = config.instances.length
  await console.info(`${config.file} is valid: ${count} instance${count === 1 ? '' : 's'}.`)
  if (config.nodeNameVariables.length > 0) await console.info(`  nodeName needs ${config.nodeNameVariables.join(', ')}`)
  for (const instance of config.instances) {
    const needs = instance.variables.length === 0 ? 'needs no variables' : `needs ${instance.variables.join(', ')}`
    await console.info(
      `  ${instance.id} (line ${instance.line}): ${instance.schedule === null ? 'by hand' : `${instance.schedule.cron} ${instance.schedule.timezone}`}, ${needs}`,
    )
  }
  return 0
}
