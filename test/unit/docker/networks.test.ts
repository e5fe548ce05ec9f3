import { expect, test } from 'vitest'
import { refuseOtherNetwork } from '../../../src/docker/networks.ts'
import { scriptedClient } from '../../support/scripted-client.ts'

const ID = `ab${'0'.repeat(62)}`
const container = JSON.stringify([{ Id: ID, Name: '/other', Config: {}, State: {} }])

test.each([
  ['backups', `${ID} backups\n`, null],
  [ID, `${ID} backups\n`, null],
  [
    'ab',
    `${ID} backups\n`,
    'network "ab" does not exist; the id of network "backups" begins so: write the name of the network that is meant',
  ],
  ['name=backups,alias=db', `${ID} backups\n`, null],
  ['alias=db, Name = backups ,ip=10.0.0.2', `${ID} backups\n`, null],
  ['"name=backups"', `${ID} backups\n`, null],
  ['name=ab', `${ID} backups\n`, 'network "ab" does not exist; the id of network "backups" begins so'],
  ['driver-opt=a=b,name=ab', `${ID} backups\n`, 'network "ab" does not exist; the id of network "backups" begins so'],
  [
    'name=Backups',
    `${ID} backups\n`,
    'network "Backups" does not exist; docker reads it in small letters there, and would take network "backups"',
  ],
  ['name=container:ab', container, 'network: container "ab" does not exist'],
  ['name=container:other', container, null],
  ['container:other', container, null],
  ['container:ab', container, 'network: container "ab" does not exist: name a container that runs, by its whole name'],
])('%s, for which docker finds %s', async (network, stdout, refusal) => {
  const docker = await scriptedClient({ on: /inspect/, stdout })
  if (refusal === null) await refuseOtherNetwork(docker, network)
  else await expect(refuseOtherNetwork(docker, network)).rejects.toThrow(refusal)
})

test('what docker knows by itself is not asked for, and what is missing is left to it', async () => {
  const docker = await scriptedClient({ on: /^network inspect/, code: 1, stdout: '\n', stderr: 'network x not found' })
  for (const network of ['host', 'none', 'bridge', 'default', 'name=host,alias=y', 'alias=y', 'x', 'name=y'])
    await refuseOtherNetwork(docker, network)
  expect((await docker.scripted.calls()).map(({ argv }) => argv.at(-1))).toEqual(['x', 'y'])
})
