/** Checks the network of a backup container before docker takes its name for something else. */
import { InstanceError } from '../errors.ts'
import { succeeded } from './callResult.ts'
import { inspectContainer } from './containers.ts'
import { type Docker, type QueryOptions, query } from './process.ts'

/**
 * Throws `InstanceError` if docker would take the name for the beginning of another network's or container's id. A missing network is left
 * to docker: a worker of a swarm sees the swarm's networks only once it uses them.
 */
export async function refuseOtherNetwork(docker: Docker, network: string, options: QueryOptions = {}): Promise<void> {
  const container = /^container:(.+)$/.exec(network)?.[1]
  if (container !== undefined) {
    if ((await inspectContainer(docker, container, options)) !== null) return
    throw new InstanceError(
      `network: container "${container}" does not exist: name a container that runs, by its whole name`,
    )
  }
  if (/^(host|none|bridge|default)$|=/.test(network)) return
  const format = '{{.Id}} {{.Name}}'
  const output = await query(docker, ['network', 'inspect', '--format', format, network], options)
  if (!succeeded(output)) return
  const [id = '', ...name] = output.stdout.trim().split(' ')
  if (id === network || name.join(' ') === network) return
  throw new InstanceError(
    `network "${network}" does not exist; the id of network "${name.join(' ')}" begins so: write the name of the network that is meant`,
  )
}
