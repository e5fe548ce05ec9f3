import { expect, test } from 'vitest'
import { distinctHosts, hostsOf, isMeant } from '../../../src/config/runnerHosts.ts'

const names = (...labels: readonly (readonly string[])[]) =>
  hostsOf(labels.map((runsOn) => ({ runsOn }))).map(({ name }) => name)

test('a host is named by what sets it apart', () => {
  expect(names([], ['self-hosted'], ['self-hosted', 'linux', 'nas'], ['NAS', 'self-hosted', 'Linux'])).toEqual([
    'self-hosted',
    'self-hosted',
    'nas',
    'nas',
  ])
  expect(names(['self-hosted', 'berlin', 'db'])).toEqual(['berlin-db'])
})

test('two hosts never share a name', () => {
  expect(names(['self-hosted', 'nas'], ['self-hosted', 'linux', 'nas'], ['vps'])).toEqual([
    'nas-self-hosted',
    'linux-nas-self-hosted',
    'vps',
  ])
  expect(names([], ['linux', 'self-hosted'])).toEqual(['self-hosted', 'linux-self-hosted'])
})

test('its own name goes before the label of another', () => {
  const hosts = distinctHosts(hostsOf([{ runsOn: ['nas'] }, { runsOn: ['nas', 'old'] }]))
  expect(hosts.map((host) => isMeant('nas', host, hosts))).toEqual([true, false])
  expect(hosts.map((host) => isMeant('OLD', host, hosts))).toEqual([false, true])
})
