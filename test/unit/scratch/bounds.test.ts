import { expect, test } from 'vitest'
import { boundArgs, brokenBounds } from '../../../src/scratch/bounds.ts'

const limits = { memory: 1 << 30, cpus: 1.5, pids: 99 }
const HOST = {
  NetworkMode: 'none',
  Privileged: false,
  CapAdd: ['CAP_SETUID', 'CAP_CHOWN', 'CAP_DAC_OVERRIDE', 'CAP_FOWNER', 'CAP_SETGID'],
  CapDrop: ['ALL'],
  SecurityOpt: ['no-new-privileges'],
  Memory: 1 << 30,
  NanoCpus: 1_500_000_000,
  PidsLimit: 99,
  PortBindings: {},
  Binds: null,
  PidMode: '',
  Devices: [],
}

test('a container with the bounds that were asked for has none broken, in the words of any engine', () => {
  expect(brokenBounds({ HostConfig: HOST, Mounts: [{ Type: 'volume' }] }, limits)).toEqual([])
  const older = { ...HOST, CapAdd: HOST.CapAdd.map((one) => one.slice(4)), SecurityOpt: ['no-new-privileges:true'] }
  expect(brokenBounds({ HostConfig: older, Mounts: null }, limits)).toEqual([])
  expect(boundArgs(limits).join(' ')).toContain('--network none')
})

test.each`
  change                                           | named
  ${{ NetworkMode: 'bridge' }}                     | ${'its network'}
  ${{ PortBindings: { '5432/tcp': [] } }}          | ${'its ports'}
  ${{ Privileged: true }}                          | ${'its privileges'}
  ${{ CapDrop: null }}                             | ${'its dropped capabilities'}
  ${{ CapAdd: [...HOST.CapAdd, 'CAP_SYS_ADMIN'] }} | ${'its added capabilities'}
  ${{ SecurityOpt: null }}                         | ${'no-new-privileges'}
  ${{ SecurityOpt: ['no-new-privileges:false'] }}  | ${'no-new-privileges'}
  ${{ Memory: 0 }}                                 | ${'its memory'}
  ${{ NanoCpus: 0 }}                               | ${'its CPUs'}
  ${{ PidsLimit: null }}                           | ${'its number of processes'}
  ${{ PidMode: 'host' }}                           | ${'its processes'}
  ${{ Devices: [{}] }}                             | ${'its devices'}
  ${{ Binds: ['/:/host'] }}                        | ${'its mounts'}
`('$change breaks $named', ({ change, named }) => {
  expect(brokenBounds({ HostConfig: { ...HOST, ...change }, Mounts: [] }, limits)).toEqual([named])
})

test('a folder of the host among its mounts, or nothing told at all, is broken', () => {
  expect(brokenBounds({ HostConfig: HOST, Mounts: [{ Type: 'bind' }] }, limits)).toEqual(['its mounts'])
  expect(brokenBounds({}, limits)).toContain('its network')
})
