/** Builders for inspected containers and volumes, whose ids are made from names, so that a test reads by name; and the docker of an engine of the tests. */
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '../../examples/demo/engine.ts'
import type { Container, ContainerMount } from '../../src/docker/parseContainer.ts'
import { type Docker, query, run } from '../../src/docker/process.ts'
import type { Volume } from '../../src/docker/volumes.ts'

export function idOf(name: string): string {
  return createHash('sha256').update(name).digest('hex')
}

/** A running container that nothing is special about. */
export function container(name: string, over: Partial<Container> = {}): Container {
  return {
    id: idOf(name),
    name,
    createdAt: '2026-11-01T00:00:00Z',
    image: 'acme/app:1',
    imageId: `sha256:${idOf('acme/app:1')}`,
    command: ['app'],
    environment: [],
    state: 'running',
    status: over.state === 'down' ? 'exited' : (over.state ?? 'running'),
    startedAt: '2026-11-01T00:00:01.5Z',
    finishedAt: '0001-01-01T00:00:00Z',
    exitCode: 0,
    oomKilled: false,
    startError: '',
    restartCount: 0,
    health: null,
    healthCheck: null,
    autoRemove: false,
    restartPolicy: 'no',
    stopTimeout: null,
    mounts: [],
    networkMode: 'default',
    pidMode: '',
    ipcMode: 'private',
    links: [],
    labels: {},
    upperDir: null,
    ours: false,
    ...over,
  }
}

export function has(volume: string, writable = true): ContainerMount {
  return { type: 'volume', name: volume, source: `/var/lib/docker/volumes/${volume}/_data`, target: '/data', writable }
}

export function binds(source: string, writable = true): ContainerMount {
  return { type: 'bind', name: null, source, target: '/data', writable }
}

/** A service of a compose project, with its `depends_on` as compose writes it. */
export function service(name: string, dependsOn = '', over: Partial<Container> = {}, project = 'shop'): Container {
  return container(`${project}-${name}-1`, {
    ...over,
    labels: {
      'com.docker.compose.project': project,
      'com.docker.compose.service': name,
      'com.docker.compose.oneoff': 'False',
      'com.docker.compose.depends_on': dependsOn,
      ...over.labels,
    },
  })
}

export function volume(name: string, options: Record<string, string> = {}, driver = 'local'): Volume {
  return { name, driver, mountpoint: `/var/lib/docker/volumes/${name}/_data`, createdAt: '', labels: {}, options }
}

/** How the product calls docker, against an engine of the tests. */
export function dockerOf(engine: Engine, redact: (text: string) => string = (text) => text): Docker {
  const env = Object.entries({ ...process.env, ...engine.env() })
  return { env: Object.fromEntries(env.filter((entry): entry is [string, string] => entry[1] !== undefined)), redact }
}

/** Again and again: on a busy machine an engine with cgroups of version 1 says "unable to freeze". */
export async function pause(docker: Docker, id: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const { ended } = await query(docker, ['pause', id])
    if (ended.kind === 'exit' && ended.code === 0) return
    await delay(500)
  }
  await run(docker, ['pause', id], `${id} cannot be paused`)
}
