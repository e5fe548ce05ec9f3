/** Makes the context in which an instance is restored, to be kept or to be drilled. */
import type { DockerHost } from '../claim/host.ts'
import type { Instance } from '../config/model.ts'
import type { InstanceContext, StartReason } from '../instance/context.ts'
import type { CommandContext } from './commandContext.ts'
import { openHostTargets } from './hostTargets.ts'
import { readScript } from './repositoryFiles.ts'
import type { RunPlan } from './runPlan.ts'

interface RestoreSubject {
  readonly instance: Pick<Instance, 'nodeName'>
  readonly host: DockerHost
  readonly reason: StartReason
}

/** Makes the context. The targets come from the backup's manifest; those on the host tell only whether it may replace them. */
export function restoreContext(
  { event, inputs, signal }: CommandContext,
  plan: RunPlan,
  { instance, host, reason }: RestoreSubject,
): InstanceContext {
  return {
    host,
    reason,
    // the name under which the instance was backed up: an image finds its points by it
    hostName: instance.nodeName ?? plan.hostName ?? host.engine.hostName,
    runUrl: event.runUrl,
    lockWaitMs: plan.lockWaitMs,
    signal,
    readScript: (file) => readScript({ workspace: event.workspace, configFile: inputs.config }, file),
    discover: openHostTargets({ host, ...plan, settled: plan.instances, signal }).discover,
    hide: plan.hide,
    onEngineLost: () => {},
    pending: (one) => (plan.hostNameProblem !== null && one.nodeName === null ? [plan.hostNameProblem] : []),
  }
}
