import { expect, test } from 'vitest'
import type { ContainerMount } from '../../../src/docker/parseContainer.ts'
import { placeOf } from '../../../src/restore/serverFiles.ts'

const mount = { name: null, source: '/srv', target: '/srv', writable: true } as unknown as ContainerMount

test.each([
  ['the folder itself', { type: 'bind' }, '/srv', { type: 'bind', source: '/srv' }, ''],
  [
    'a part of a folder',
    { type: 'bind', target: '/data' },
    '/data/redis/a',
    { type: 'bind', source: '/srv/redis/a' },
    '',
  ],
  ['a volume', { type: 'volume', name: 'cache', target: '/data' }, '/data', { type: 'volume', source: 'cache' }, ''],
  ['a part of a volume', { type: 'volume', name: 'cache' }, '/srv/a', { type: 'volume', source: 'cache' }, 'a'],
])('a restore mounts of a host no more than the folder of the server: %s', (_, given, folder, mounted, below) => {
  expect(placeOf({ ...mount, ...given } as ContainerMount, folder)).toEqual({ mounted, below })
})
