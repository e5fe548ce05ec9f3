/** Checks the network of a backup container before docker takes its name for something else. */
import { InstanceError } from '../errors.ts'
import { succeeded } from './callResult.ts'
import { inspectContainer } from './containers.ts'
import { type Docker, type QueryOptions, query } from './process.ts'

/**
 * Throws `InstanceError` if docker would take the value of `network` for another network, for example because it is the beginning of an id;
 * also if it names a container (`container:NAME`) that does not exist. A missing network is left to docker: a worker of a swarm sees the
 * swarm's networks only once it uses them.
 */
export async function refuseOtherNetwork(docker: Docker, network: string, options: QueryOptions = {}): Promise<void> {
  const { named, sought } = targetOf(network)
  if (sought === '' || /^(host|none|bridge|default)$/.test(sought)) return
  const container = /^container:(.+)$/.exec(sought)?.[1]
  if (container !== undefined) {
    if (`container:${container}` === named && (await inspectContainer(docker, container, options)) !== null) return
    throw new InstanceError(
      `network: container "${named.replace('container:', '')}" does not exist: name a container that runs, by its whole name`,
    )
  }
  const format = '{{.Id}} {{.Name}}'
  const output = await query(docker, ['network', 'inspect', '--format', format, sought], options)
  if (!succeeded(output)) return
  const [id = '', ...words] = output.stdout.trim().split(' ')
  const found = words.join(' ')
  if (id === named || found === named) return
  const why =
    found === sought
      ? `docker reads it in small letters there, and would take network "${found}"`
      : `the id of network "${found}" begins so`
  throw new InstanceError(`network "${named}" does not exist; ${why}: write the name of the network that is meant`)
}

/**
 * Returns the network's name in the value of `--network`: `named` as it is written, `sought` as docker looks for it. In the long form
 * (`name=shop,alias=db`) docker looks for it in small letters. Source: docker/cli `opts/network.go`.
 */
function targetOf(network: string): { readonly named: string; readonly sought: string } {
  if (!/\w+=\w+/.test(network)) return { named: network, sought: network }
  const fields = network.match(/"(?:[^"]|"")*"|[^,]+/g) ?? []
  const names = fields.flatMap((field) => {
    const [, key = '', value = ''] =
      /^([^=]*)=(.*)$/s.exec(field.replace(/^"(.*)"$/s, '$1').replaceAll('""', '"')) ?? []
    return key.trim().toLowerCase() === 'name' ? [value.trim()] : []
  })
  const named = names.at(-1) ?? ''
  return { named, sought: named.toLowerCase() }
}
