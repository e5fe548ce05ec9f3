import { expect, test } from 'vitest'
import { diskOf, mountPoints, otherDevices } from '../../../src/docker/mountInfo.ts'

const line = (device: string, path: string) => `24 1 ${device} / ${path} rw,relatime shared:1 - ext4 /dev/x rw`
const VOLUMES = '/var/lib/docker/volumes'
const FOLDER = `${VOLUMES}/data/_data`

test.each<[string, string[], string | null]>([
  ['nothing but the host', ['/', '/var/lib/docker'], null],
  ['the disk of all volumes', [VOLUMES], null],
  ['another volume', [`${VOLUMES}/data2/_data`, `${VOLUMES}/data/_data2`], null],
  ['a disk at its folder', ['/', FOLDER], FOLDER],
  ['a disk below it', [`${FOLDER}/media/films`], null],
  ['a disk at the folder around it', [`${VOLUMES}/data`], `${VOLUMES}/data`],
  ['a path with a space', [`${VOLUMES}/my\\040data`, `${VOLUMES}/data`], `${VOLUMES}/data`],
])('the disk of a volume: %s', (_, paths, expected) => {
  expect(diskOf(mountPoints(paths.map((path) => line('8:1', path)).join('\n')), FOLDER)).toBe(expected)
})

test('what a container sees: what lies on another device than its staging volume', () => {
  const seen = [
    line('0:50', '/'),
    line('8:1', '/backup'),
    line('8:1', '/backup/t/volume/plain'),
    line('8:1', '/backup/t/volume/parted'),
    line('8:17', '/backup/t/volume/parted/films'),
    line('8:33', '/backup/t/volume/other'),
    line('8:33', '/backup/t/volume/other2'),
    line('0:60', '/proc'),
  ].join('\n')
  const mounted = ['plain', 'parted', 'other'].map((name) => `/backup/t/volume/${name}`)
  expect(otherDevices(mountPoints(seen), '/backup', mounted)).toEqual([
    { mounted: '/backup/t/volume/parted', path: '/backup/t/volume/parted/films' },
    { mounted: '/backup/t/volume/other', path: '/backup/t/volume/other' },
  ])
  expect(otherDevices(mountPoints(''), '/backup', mounted)).toEqual([])
})

test('of two mounts at one path the later one is seen', () => {
  const seen = [line('8:1', '/backup'), line('8:17', '/backup/v'), line('8:1', '/backup/v')].join('\n')
  expect(otherDevices(mountPoints(seen), '/backup', ['/backup/v'])).toEqual([])
})
