/** A volume driver of the tests' own: volumes of it can be created, and their mount is refused, or gets no answer. */
import { mkdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { type Engine, enginePid } from '../../examples/demo/engine.ts'

export interface VolumePlugin {
  /** Ends what the engine still waits for, and refuses mounts from now on. */
  unblock(): void
  /** Ends the driver. Remove its volumes before: without it the engine keeps them, and every look at volumes takes it 15 s. */
  close(): Promise<void>
}

/** Serves the driver `name` to a private engine. `refusal`: what it says to a mount; `null`: it never answers. */
export async function serveVolumePlugin(engine: Engine, name: string, refusal: string | null): Promise<VolumePlugin> {
  const folder = `/proc/${await enginePid(engine)}/root/run/docker/plugins`
  await mkdir(folder, { recursive: true })
  const names = new Set<string>()
  let said = refusal
  const answer = (path: string, Name: string): object | null => {
    switch (path) {
      case '/Plugin.Activate':
        return { Implements: ['VolumeDriver'] }
      case '/VolumeDriver.Create':
        names.add(Name)
        return {}
      case '/VolumeDriver.Get':
        return names.has(Name) ? { Volume: { Name, Mountpoint: '' } } : { Err: 'no such volume' }
      case '/VolumeDriver.List':
        return { Volumes: [...names].map((one) => ({ Name: one, Mountpoint: '' })) }
      case '/VolumeDriver.Capabilities':
        return { Capabilities: { Scope: 'local' } }
      case '/VolumeDriver.Mount':
        return said === null ? null : { Err: said }
      default:
        return {}
    }
  }
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => {
      const reply = answer(request.url ?? '', (body === '' ? {} : (JSON.parse(body) as { Name?: string })).Name ?? '')
      if (reply !== null) response.end(JSON.stringify({ Err: '', ...reply }))
    })
  })
  const socket = join(folder, `${name}.sock`)
  await rm(socket, { force: true })
  await new Promise<void>((resolve) => server.listen(socket, resolve))
  return {
    unblock() {
      said ??= 'ended'
      server.closeAllConnections()
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await rm(socket, { force: true })
    },
  }
}
