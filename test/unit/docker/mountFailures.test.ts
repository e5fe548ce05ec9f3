import { expect, test } from 'vitest'
import { couldNotBeMounted, missingFolder, mountFailureIn, unmountable } from '../../../src/docker/mountFailures.ts'
import { volume } from '../../support/containers.ts'

const at = (name: string) => `/var/lib/docker/volumes/${name}/_data`
/** As engines 20.10 and 26.1 say it; 26.1 hides the password itself. */
const CIFS = `error while mounting volume '${at('cifs')}': failed to mount local volume: mount //192.0.2.1/share:${at('cifs')}, data: addr=192.0.2.1,username=u,password=hunt:er2,2: no such device`

test.each<[string, string, string[]]>([
  ['the one that is named', CIFS, ['cifs']],
  [
    'a bind whose folder is gone',
    `error while mounting volume '${at('b')}': failed to mount local volume: mount /gone:${at('b')}, flags: 0x1000: no such file or directory`,
    ['b'],
  ],
  [
    'a folder of the engine that is gone',
    `error evaluating symlinks from mount source "${at('a')}": lstat ${at('a')}: no such file or directory`,
    ['a'],
  ],
  [
    'what the runtime says',
    `runc create failed: error mounting "${at('a')}" to rootfs at "/x": stat: no such file or directory`,
    ['a'],
  ],
  ['a name that another begins with', `error while mounting volume '${at('a')}-more': x`, ['plugin']],
  ['a driver that tells no place', `error while mounting volume '': VolumeDriver.Mount: timeout`, ['plugin']],
  ['another failure', 'exec: "sh": executable file not found in $PATH', []],
  ['a failure that only has a place in it', `no space left on device: ${at('a')}`, []],
])('which could not be mounted: %s', (_, words, expected) => {
  const volumes = [volume('a'), volume('b'), volume('cifs'), { ...volume('plugin', {}, 'rclone'), mountpoint: '' }]
  expect(unmountable(words, volumes).map(({ name }) => name)).toEqual(expected)
})

test('the target says what the engine said, and nothing before it', () => {
  const said = `the helper could not be started from debian: ${CIFS}`
  expect(couldNotBeMounted('cifs', said)).toMatch(
    /^volume cifs could not be mounted: error while mounting volume '.*data: \*\*\*: no such device\. See that/,
  )
  expect(mountFailureIn('the helper has no shell')).toBeNull()
})

test("a driver that tells no place, beside a volume of the instance's own mounts that may be the one: no target is blamed", () => {
  const words = "error while mounting volume '': VolumeDriver.Mount: timeout"
  const plugin = { ...volume('plugin'), driver: 'nfs', mountpoint: '' }
  expect(unmountable(words, [plugin], [{ ...volume('own'), driver: 'cifs', mountpoint: '' }])).toEqual([])
  expect(unmountable(words, [plugin], [volume('own')])).toEqual([plugin])
})

test.each([
  ['invalid mount config for type "bind": bind source path does not exist: /srv/restic', '/srv/restic'],
  [
    "Error response from daemon: … bind source path does not exist: /mnt/my disk/a: b.\nSee 'docker run'",
    '/mnt/my disk/a: b.',
  ],
])('a folder of the host that is not there is named: %s', (words, folder) => {
  expect(missingFolder(words)).toMatch(`folder ${folder} is not on the Docker host: if it should lie on a disk`)
})

test('other words about a mount name no folder', () => {
  expect(missingFolder(CIFS)).toBeNull()
  expect(missingFolder('invalid mount config for type "bind": field Source must not be empty')).toBeNull()
})
