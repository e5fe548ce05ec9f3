import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { engineOf } from '../../../../src/databases/engines.ts'

const engine = engineOf('redis')
const plan = engine.planFiles?.({
  kind: 'redis',
  tools: new Map([['redis-cli', '8']]),
  given: engine.extractSecrets([]),
  command: ['redis-server'],
  env: [],
})
const SAID = {
  dir: '/data',
  dbfilename: 'dump.rdb',
  appendonly: 'no',
  appenddirname: 'appendonlydir',
  appendfilename: 'appendonly.aof',
  role: 'master',
  connected_slaves: '0',
  cluster_enabled: '0',
}
const read = (more: Readonly<Record<string, string>> = {}) =>
  plan?.read(
    Object.entries({ ...SAID, ...more })
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  )

test.each`
  what                           | said                                                             | why
  ${'a replica'}                 | ${{ role: 'slave' }}                                             | ${/restore the master/}
  ${'a master with replicas'}    | ${{ connected_slaves: '2' }}                                     | ${/may become the master/}
  ${'a member of a cluster'}     | ${{ cluster_enabled: '1' }}                                      | ${/a member of a cluster/}
  ${'one that may not be asked'} | ${{ dir: '', dbfilename: '', refused: 'NOPERM no permissions' }} | ${/NOPERM.*\+config\|get/}
  ${'an odd name of a file'}     | ${{ dbfilename: 'my dump.rdb' }}                                 | ${/"my dump.rdb"/}
  ${'a file of another folder'}  | ${{ appenddirname: '../x' }}                                     | ${/"..\/x"/}
`('$what is not restored by its file', ({ said, why }) => expect(() => read(said)).toThrow(why))

test('a server that logs each change has its data on the disk; another one is told to save', () => {
  expect(read({ appendonly: 'yes' })?.save).toBeNull()
  expect(read()?.save?.script).toContain('SAVE')
})

test.each`
  what                       | said                                        | files
  ${'without a log'}         | ${{}}                                       | ${['dump.rdb', 'other']}
  ${'with a log'}            | ${{ appendonly: 'yes' }}                    | ${['appendonlydir/appendonly.aof.1.base.rdb', 'appendonlydir/appendonly.aof.manifest', 'dump.rdb', 'other']}
  ${'with a log of Redis 6'} | ${{ appendonly: 'yes', appenddirname: '' }} | ${['appendonly.aof', 'dump.rdb', 'other']}
`('the dump takes the place of the files, $what', ({ said, files }) => {
  const folder = mkdtempSync(join(tmpdir(), 'redis-files-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const data = join(folder, 'data')
  mkdirSync(join(data, 'appendonlydir'), { recursive: true })
  for (const name of ['dump.rdb', 'appendonly.aof', 'appendonlydir/appendonly.aof.7.incr.aof', 'other'])
    writeFileSync(join(data, name), 'old', { mode: 0o640 })
  writeFileSync(join(folder, 'dump'), 'REDIS new')
  if (said.appenddirname === '') rmSync(join(data, 'appendonlydir'), { recursive: true })
  const { script, args } = read(said)?.bring ?? { script: 'exit 1', args: [] }
  execFileSync('sh', ['-c', script, 'sh', join(folder, 'dump'), data, ...args])
  const found = (readdirSync(data, { recursive: true }) as string[])
    .filter((name) => statSync(join(data, name)).isFile())
    .sort()
  expect(found).toEqual(files)
  for (const name of found.filter((name) => /rdb$|\.aof$/.test(name))) {
    expect(readFileSync(join(data, name), 'utf8'), name).toBe('REDIS new')
    expect(statSync(join(data, name)).mode & 0o777, name).toBe(0o640)
  }
  expect(readFileSync(join(data, 'other'), 'utf8')).toBe('old')
})

test.each`
  answer                                                                                       | found
  ${'loading:1\n'}                                                                             | ${null}
  ${'loading:0\nasync_loading:0\nrdb_last_load_keys_expired:2\nrdb_last_load_keys_loaded:5\n'} | ${{ keys: 7, isExact: true }}
  ${'loading:0\ndb0:keys=3,expires=0\ndb9:keys=4,expires=1\n'}                                 | ${{ keys: 7, isExact: false }}
`('a server that was started tells what it has read: $answer', ({ answer, found }) =>
  expect(read()?.readLoaded(answer)).toEqual(found),
)

test('a server that does not answer says why', () =>
  expect(() => read()?.readLoaded('NOAUTH Authentication required.\n')).toThrow('NOAUTH'))
