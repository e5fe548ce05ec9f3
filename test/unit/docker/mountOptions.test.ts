import { describe, expect, test } from 'vitest'
import { secretsOfOptions, shownOptions, withoutMountOptions } from '../../../src/docker/mountOptions.ts'

const at = (name: string) => `/var/lib/docker/volumes/${name}/_data`
const PLUGIN = "error while mounting volume '': VolumeDriver.Mount: "
/** Every secret of these tests holds this word. */
const SECRET = /hunter/i

/** What an engine of 20.10 says of a share whose options are these; newer ones hide the password themselves. */
const cifs = (options: string, reason = 'no such device') =>
  `error while mounting volume '${at('cifs')}': failed to mount local volume: mount //192.0.2.1/share:${at('cifs')}, data: ${options}: ${reason}`

describe('the options of a local volume are not shown, the reason is', () => {
  test.each([
    'addr=192.0.2.1,username=u,password=hunter2',
    'addr=192.0.2.1,username=u,password=hunt:er2,2',
    'password=hunter,2,hunter=3,ro',
    'password=hunter: hunter',
    'password=hunter, data: hunter',
    'password=hunter\'s "own" //hunter@x',
    'password=hunter\nhunter,ro',
    'pass=hunter',
    'password2=hunter',
    'credentials=/root/hunter',
  ])('%j', (options) => {
    const shown = withoutMountOptions(
      `Error response from daemon: ${cifs(options)}\nError: failed to start containers: 1`,
    )
    expect(shown).toBe(
      `Error response from daemon: error while mounting volume '${at('cifs')}': failed to mount local volume: mount //192.0.2.1/share:${at('cifs')}, data: ***: no such device\nError: failed to start containers: 1`,
    )
    expect(withoutMountOptions(shown)).toBe(shown)
    expect(withoutMountOptions(`${cifs(options)}\n`)).toMatch(/, data: \*\*\*: no such device\n$/)
  })
})

test.each<[string, string]>([
  [`${PLUGIN}rclone mount failed: user=u pass=hunter2,x`, `${PLUGIN}rclone mount failed: user=*** pass=***`],
  [`${PLUGIN}credentials=/etc/hunter cannot be read`, `${PLUGIN}credentials=***`],
  [`${PLUGIN}https://u:hunter2@dav.invalid/x refused`, `${PLUGIN}https://***@dav.invalid/x refused`],
  [`${PLUGIN}https://u:hun/t@hunter@dav.invalid/x refused`, `${PLUGIN}https://***@dav.invalid/x refused`],
  ['error while mounting volume: password2=hunter2', 'error while mounting volume: password2=***'],
  [`${PLUGIN}password=hunter,2,hunter=3,vers=3.0: refused`, `${PLUGIN}password=***,vers=3.0: refused`],
  [`${PLUGIN}password: hunter 2: refused`, `${PLUGIN}password: ***: refused`],
  [`${PLUGIN}token: hunter2`, `${PLUGIN}token: ***`],
  [`${PLUGIN}pass:hunter,2`, `${PLUGIN}pass:***`],
  [
    `${PLUGIN}{"user":"hunter","password":"hun\\"ter, x","vers":"3"}: EOF`,
    `${PLUGIN}{"user":"***","password":"***","vers":"3"}: EOF`,
  ],
  [`${PLUGIN}map[password:hunter 2 user:x]: bad`, `${PLUGIN}map[***]: bad`],
  [
    `${PLUGIN}sshfs -o password=hunter2,reconnect u@nas:/x: exit status 1`,
    `${PLUGIN}sshfs -o password=***,reconnect u@nas:/x: exit status 1`,
  ],
  [`${PLUGIN}sshfs u:hunter@nas:/x: exit status 1`, `${PLUGIN}sshfs ***@nas:/x: exit status 1`],
  [`${PLUGIN}sshpass -p hunter2 ssh nas: exit status 5`, `${PLUGIN}sshpass -p ***: exit status 5`],
  [`${PLUGIN}mount.x --password hunter2 --host nas: no`, `${PLUGIN}mount.x --password *** --host nas: no`],
  [`${PLUGIN}Authorization: Bearer hunter2`, `${PLUGIN}Authorization: ***`],
  [`${PLUGIN}AccountName=a;AccountKey=hunter==;Endpoint=x: no`, `${PLUGIN}AccountName=a;AccountKey=***: no`],
  [`${PLUGIN}secret_access_key "hunter" is wrong`, `${PLUGIN}secret_access_key *** is wrong`],
  [`${PLUGIN}name=admin,secret=AQBhunter==,mon_addr=1.2.3.4: -1`, `${PLUGIN}name=admin,secret=***: -1`],
])('secrets in the words of other drivers: %s', (words, expected) => {
  const shown = withoutMountOptions(words)
  expect(shown).toBe(expected)
  expect(shown).not.toMatch(SECRET)
  expect(withoutMountOptions(shown)).toBe(shown)
})

test.each([
  'FATAL: role "u" is missing, user=u',
  `error while mounting volume '${at('my-key')}': failed to mount local volume: mount /gone/keys:${at('my-key')}, flags: 0x1000: no such file or directory`,
  'error mounting "/srv/user:x/key" to rootfs at "/backup": stat /srv: no such file or directory',
  'volume data could not be copied: server.key: Permission denied',
])('words without a secret are left alone: %s', (words) => {
  expect(withoutMountOptions(words)).toBe(words)
})

test.each([
  [{ type: 'cifs', o: 'addr=nas,username=u,password=hunter2,vers=3.0' }, 'addr=nas,username=***,password=***,vers=3.0'],
  [{ o: 'password=hunter,2 secret!,ro' }, 'password=***,***,ro'],
  [{ o: 'password=pa,hunter,ro' }, 'password=***,***,ro'],
  [{ o: 'password=pa,hunter=x,ro' }, 'password=***,***,ro'],
  [{ o: 'credentials=/etc/x,ro' }, 'credentials=***,ro'],
  [{ o: 'bind' }, 'bind'],
  [{ o: 'addr=10.0.0.2,rw,nfsvers=4' }, 'addr=10.0.0.2,rw,nfsvers=4'],
])('the manifest shows %j without secrets', (options, o) => {
  expect(shownOptions(options)).toEqual({ ...options, o })
})

test.each<[Record<string, string>, Record<string, string>]>([
  [{ device: '//u:hunter@nas/x' }, { device: '//***@nas/x' }],
  [
    { sshcmd: 'u:hunter@nas:/x', password: 'hunter' },
    { sshcmd: '***@nas:/x', password: '***' },
  ],
  [{ device: ':/export/data' }, { device: ':/export/data' }],
])('and %j', (options, shown) => {
  expect(shownOptions(options)).toEqual(shown)
})

test.each<[Record<string, string>, string[]]>([
  [{ o: 'addr=nas,username=someone,password=hunter2,vers=3.0' }, ['hunter2']],
  [{ o: 'password=hun,ter=2,x,ro' }, ['hun', 'hun,ter=2,x']],
  [{ o: 'ro,pass=hunter2' }, ['hunter2']],
  [{ password: 'hun,ter', sshcmd: 'u:h@unter@nas:/x' }, ['hun,ter', 'h@unter']],
  [{ device: 'https://u:hunter@dav/x', token: 't' }, ['hunter', 't']],
  [{ o: 'bind', device: '/srv/data', type: 'none' }, []],
  [{ o: 'addr=nas,credentials=/root/x,passwd_file=/root/y', device: ':/x' }, []],
])('the secrets of %j', (options, secrets) => {
  expect(secretsOfOptions(options)).toEqual(secrets)
})

test.each([
  'volume user-data: staging: mount with paths needs Docker Engine 26',
  'volume "keycloak": error response: VolumeDriver.Get": dial unix: connect: no such file',
  'volume auth-db could not be mounted: mount /srv/auth-db: no such device',
])('names that only contain the word for a secret stay: %s', (words) => {
  expect(withoutMountOptions(words)).toBe(words)
})
