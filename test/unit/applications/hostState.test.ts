import { expect, test } from 'vitest'
import { allVolumes } from '../../../src/applications/hostState.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

const DEAD =
  'Error response from daemon: get b: error while checking if volume "b" exists in driver "x": connection refused\n'
const A = JSON.stringify([{ Name: 'a', Driver: 'local', Mountpoint: '/a' }])

test('a driver that refuses to tell keeps nobody from the other volumes', async () => {
  const docker = await scriptedClient(
    { on: /^volume ls/, stdout: 'a\nb\n' },
    { on: /^volume inspect a$/, stdout: A },
    { on: /^volume inspect /, stdout: A, stderr: DEAD, code: 1 },
  )
  expect((await allVolumes(docker)).map(({ name }) => name)).toEqual(['a'])
})
