/** Restores through the built action on a real engine: the points, into new volumes, into place, and what an image that lies is told. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { IDLES, startApp, statusOf } from '../../support/applications.ts'
import { databaseImage, startServer } from '../../support/databases.ts'
import { ODD_TREE, storingImage } from '../../support/restoreFaults.ts'
import { type ConfigText, filledVolume, leftOf, runJob, shell, startJob, testEngine } from '../../support/run.ts'
import { atTestEnd } from '../../support/testEnd.ts'

const engine = testEngine()
const HAND = { GITHUB_EVENT_NAME: 'workflow_dispatch' }

const image = () => storingImage(engine)

type More = Readonly<Record<string, unknown>> | ((data: string) => Readonly<Record<string, unknown>>)

async function given(name: string, more: More = {}, first = '') {
  const volume = await filledVolume(engine, `${name}-data`, `${first}${ODD_TREE}`)
  const store = await filledVolume(engine, `${name}-store`, '')
  const id = engine.name(name)
  const instance = {
    id,
    customImage: await image(),
    pull: 'never',
    targets: [{ volume, stopAttached: true }],
    mounts: [`${store}:/store`],
    ...(typeof more === 'function' ? more(volume) : more),
  }
  const config = { instances: [instance] }
  const job = (inputs: Readonly<Record<string, string>>) => ({
    inputs: { command: 'restore', instances: id, ...inputs },
    env: HAND,
  })
  const restore = (inputs: Readonly<Record<string, string>>, lie = '') =>
    runJob(engine, { instances: [{ ...instance, env: { LIE: shell(lie) } }] }, job(inputs))
  const restoring = (inputs: Readonly<Record<string, string>>) => startJob(engine, config, job(inputs))
  return { volume, id, config, restore, restoring }
}

async function backUp(config: ConfigText): Promise<void> {
  const ran = await runJob(engine, config)
  expect(ran.outputs.result, ran.stdout).toBe('success')
}

/** Everything that a listing shows of a volume, and the content of its files. */
async function treeOf(volume: string): Promise<string> {
  const script = `cd /v && find . ! -type l -print0 | sort -z | xargs -0 stat -c '%n|%F|%a|%u|%g|%Y|%h|%s' | grep -v '|directory|.*|4096$' ; find . -type d -print0 | sort -z | xargs -0 stat -c '%n|%a|%u|%g'; find . -type f -print0 | sort -z | xargs -0 sha256sum; readlink link || true`
  return engine.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '--mount',
    `type=volume,src=${volume},dst=/v,volume-nocopy,readonly`,
    engine.baseImage,
    'sh',
    '-c',
    script,
  ])
}

async function change(
  volume: string,
  script = 'rm -rf sub one; echo new >new; chmod 700 .; chown 0:0 .',
): Promise<void> {
  await engine.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '--mount',
    `type=volume,src=${volume},dst=/v,volume-nocopy`,
    '-w',
    '/v',
    engine.baseImage,
    'sh',
    '-c',
    script,
  ])
}

const removeAtEnd = (...volumes: string[]) =>
  atTestEnd(async () => void (await engine.docker(['volume', 'rm', '-f', ...volumes])))

test('lists the points, newest last, and restores one into new volumes beside the running ones', async () => {
  const { volume, config, restore, id } = await given('new')
  await backUp(config)
  const before = await treeOf(volume)
  const listed = await restore({})
  expect(listed).toMatchObject({ code: 0, outputs: { result: 'listed' } })
  const [point] = JSON.parse(listed.outputs.points ?? '[]')
  expect(point).toMatchObject({
    id: expect.stringMatching(/^\d{8}-\d{6}$/),
    text: expect.stringMatching(/^\d+ bytes$/),
  })
  expect(listed.summary).toContain('1 point to restore')
  await change(volume)
  const changed = await treeOf(volume)
  const restored = await restore({ point: point.id })
  const made = `${volume}-restored-${point.id}`
  removeAtEnd(made)
  expect(restored).toMatchObject({ code: 0, outputs: { result: 'restored' } })
  expect(restored.stdout).toMatch(
    /copied with BusyBox tools: .*extended attributes and access control lists are not kept/,
  )
  expect(JSON.parse(restored.outputs.restored ?? '[]')).toEqual([
    { kind: 'volume', name: volume, to: made, kept: null },
  ])
  expect(await treeOf(made)).toBe(before)
  expect(await treeOf(volume)).toBe(changed)
  const again = await restore({ point: point.id })
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('is there already, from an earlier restore')
  expect(await leftOf(engine, id)).toEqual([])
})

test('restores into place: the application is stopped, the old data kept, and everything is as it was backed up', async () => {
  const { volume, config, restore, id } = await given('place')
  const app = await startApp(engine, 'place-app', {
    volumes: [volume],
    script: `trap 'exit 0' TERM; while :; do sleep 0.1; done`,
  })
  await backUp(config)
  const before = await treeOf(volume)
  await change(volume)
  const changed = await treeOf(volume)
  const refused = await restore({ point: 'latest', into: 'place' })
  expect(refused.code).toBe(1)
  expect(refused.stdout).toContain('write its id into confirm')
  const restored = await restore({ point: 'latest', into: 'place', confirm: id })
  expect(restored, restored.stdout).toMatchObject({ code: 0, outputs: { result: 'restored' } })
  const [{ kept }] = JSON.parse(restored.outputs.restored ?? '[{}]')
  removeAtEnd(kept)
  expect(await treeOf(volume)).toBe(before)
  expect(await treeOf(kept)).toBe(changed)
  expect(await statusOf(engine, app)).toBe('running')
})

test('cancelled while data is brought into place: all is as it was, whether or not something was changed', async () => {
  const { volume, config, restoring, id } = await given(
    'ended',
    {},
    'dd if=/dev/urandom of=large bs=1M count=60 2>/dev/null; ',
  )
  const app = await startApp(engine, 'ended-app', { volumes: [volume], script: IDLES })
  await backUp(config)
  await change(volume, 'rm -rf sub one; echo new >new; dd if=/dev/urandom of=large bs=1M count=60 2>/dev/null')
  const changed = await treeOf(volume)
  for (const at of [/keeping the old data of/, /bringing the restored data into/]) {
    const running = await restoring({ point: 'latest', into: 'place', confirm: id })
    await running.says(at)
    running.kill('SIGINT')
    const ran = await running.done
    expect(ran.outputs.result, ran.stdout).toBe('cancelled')
    expect(await treeOf(volume), `${at}`).toBe(changed)
    expect(await statusOf(engine, app)).toBe('running')
    expect(await leftOf(engine, id)).toEqual([])
  }
  expect(await engine.ok(['volume', 'ls', '-q'])).not.toContain(`${volume}-before-`)
})

test('killed while data is brought into place: the next run gives the old data back, and the application is up', async () => {
  const { volume, config, restore, restoring, id } = await given(
    'killed',
    {},
    'dd if=/dev/urandom of=large bs=1M count=25 2>/dev/null; ',
  )
  const app = await startApp(engine, 'killed-app', { volumes: [volume], script: IDLES })
  await backUp(config)
  await change(volume, 'rm -rf sub one; echo new >new; dd if=/dev/urandom of=large bs=1M count=25 2>/dev/null')
  const changed = await treeOf(volume)
  for (const at of [/keeping the old data of/, /bringing the restored data into/, /up again/]) {
    const running = await restoring({ point: 'latest', into: 'place', confirm: id })
    await running.says(at)
    running.killGroup()
    await running.done
    const swept = await restore({}) // it sweeps first, as every run does
    const words = swept.stdout
      .split('\n')
      .filter((line) => line.includes('a run was left behind'))
      .join('\n')
    expect(words, `${at}: ${swept.stdout}`).toMatch(/old data again|had not been changed|the restored data is in/)
    expect(await statusOf(engine, app)).toBe('running')
    const tree = await treeOf(volume)
    if (words.includes('the restored data is in')) expect(tree).not.toBe(changed)
    else expect(tree, words).toBe(changed)
    expect(await leftOf(engine, id)).toEqual([])
  }
  const kept = (await engine.ok(['volume', 'ls', '-q']))
    .split('\n')
    .filter((name) => name.startsWith(`${volume}-before-`))
  removeAtEnd(...kept)
})

test('a volume and a database come into place together, and a load that fails gives everything back', async () => {
  await databaseImage(engine)
  const server = engine.name('place-pg')
  atTestEnd(async () => void (await engine.docker(['rm', '-fv', server])))
  await startServer(engine, 'postgres', server, { env: { POSTGRES_PASSWORD: 'x y' } })
  const sql = (query: string, database = 'postgres') =>
    engine.ok(['exec', '-i', server, 'psql', '-U', 'postgres', '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAt'], {
      input: query,
    })
  await sql('CREATE DATABASE shop')
  await sql('CREATE TABLE orders AS SELECT n, md5(n::text) FROM generate_series(1, 2000) n', 'shop')
  const { volume, config, restore, id } = await given('both', (data) => ({
    targets: [{ db: server }, { volume: data, stopAttached: true }],
  }))
  const app = await startApp(engine, 'both-app', {
    volumes: [volume],
    script: IDLES,
  })
  const rows = () => sql('SELECT count(*), md5(string_agg(md5, $$,$$ ORDER BY n)) FROM orders', 'shop')
  await backUp(config)
  const [tree, held] = [await treeOf(volume), await rows()]
  await change(volume)
  await sql('DELETE FROM orders WHERE n > 5; CREATE TABLE extra()', 'shop')
  const [changedTree, changedRows] = [await treeOf(volume), await rows()]
  // a dump that ends in an error: its hash is right, as the image says
  const lie = `f=/restore/db/${server}/dump.sql; old=$(sha256sum <$f | cut -c 1-64); size=$(stat -c %s $f); echo 'SELECT 1/0;' >>$f
    sed -i "s/$old/$(sha256sum <$f | cut -c 1-64)/; s/: $size,/: $(stat -c %s $f),/" /restore/manifest.json`
  const failed = await restore({ point: 'latest', into: 'place', confirm: id }, lie)
  expect(failed.outputs.result, failed.stdout).toBe('failed')
  expect(failed.stdout).toContain('division by zero')
  expect(failed.stdout).toContain('The old data is in place again')
  expect([await treeOf(volume), await rows()]).toEqual([changedTree, changedRows])
  expect(await sql('SELECT count(*) FROM extra', 'shop')).toBe('0')
  expect(await statusOf(engine, app)).toBe('running')
  const restored = await restore({ point: 'latest', into: 'place', confirm: id })
  expect(restored.outputs.result, restored.stdout).toBe('restored')
  expect([await treeOf(volume), await rows()]).toEqual([tree, held])
  expect(await statusOf(engine, app)).toBe('running')
  const where: { kind: string; to: string; kept: string }[] = JSON.parse(restored.outputs.restored ?? '[]')
  removeAtEnd(...where.map(({ kept }) => kept))
  expect(where.map(({ kind, to }) => [kind, to])).toEqual([
    ['db', server],
    ['volume', volume],
  ])
  const dumps = where.find(({ kind }) => kind === 'db')?.kept ?? ''
  expect(
    await engine.ok(['run', '--rm', '-v', `${dumps}:/v:ro`, engine.baseImage, 'find', '/v', '-name', 'dump.sql']),
  ).toContain(`/v/db/${server}/dump.sql`)
  const beside = await restore({ point: 'latest', targets: server })
  expect(beside.outputs.result, beside.stdout).toBe('restored')
  const [{ to }] = JSON.parse(beside.outputs.restored ?? '[{}]')
  removeAtEnd(to)
  expect(await engine.ok(['run', '--rm', '-v', `${to}:/v:ro`, engine.baseImage, 'ls', `/v/db/${server}`])).toBe(
    'dump.sql',
  )
})

test('a database that was dropped comes back, and one that lost rows on the way does not count as restored', async () => {
  await databaseImage(engine)
  const server = engine.name('dropped-pg')
  atTestEnd(async () => void (await engine.docker(['rm', '-fv', server])))
  await startServer(engine, 'postgres', server, { env: { POSTGRES_PASSWORD: 'x y' } })
  const sql = (query: string, database = 'postgres') =>
    engine.ok(['exec', server, 'psql', '-U', 'postgres', '-d', database, '-qAtc', query])
  await sql('CREATE DATABASE shop')
  await sql('CREATE TABLE orders AS SELECT n FROM generate_series(1, 200) n', 'shop')
  const { config, restore, id } = await given('dropped', () => ({ targets: [{ db: server, databases: ['shop'] }] }))
  await backUp(config)
  await sql('DROP DATABASE shop')
  const place = { point: 'latest', into: 'place', confirm: id }
  const short = await restore(place, `sed -i 's/"public.orders": *200/"public.orders": 201/' /restore/manifest.json`)
  expect(short.outputs.result, short.stdout).toBe('failed')
  expect(short.stdout).toContain(`database "shop" is not on ${server}, so there is nothing of it to keep`)
  expect(short.stdout).toContain('does not hold what was backed up: table "public.orders" has 200 rows, and had 201')
  expect(await sql("SELECT count(*) FROM pg_database WHERE datname = 'shop'")).toBe('0')
  const restored = await restore(place)
  expect(restored.outputs.result, restored.stdout).toBe('restored')
  const [{ kept }] = JSON.parse(restored.outputs.restored ?? '[{}]')
  removeAtEnd(kept)
  expect(await sql('SELECT count(*) FROM orders', 'shop')).toBe('200')
  expect(await leftOf(engine, id)).toEqual([])
})

test('Redis and Valkey come into place by their files, while they are stopped; a file that a server does not take is undone', async () => {
  await databaseImage(engine)
  const [redis, valkey] = [engine.name('place-redis'), engine.name('place-valkey')]
  const volume = await filledVolume(engine, 'place-redis', 'mkdir keys')
  const folder = await mkdtemp(join(tmpdir(), 'marina-valkey-'))
  atTestEnd(async () => {
    await engine.docker(['rm', '-fv', redis, valkey])
    await rm(folder, { recursive: true, force: true })
  })
  const args = ['--enable-debug-command', 'yes', '--requirepass', 'a b']
  const server = (mount: string, dir: string) => ({
    args: [...args, '--dir', dir],
    run: ['-v', `${mount}:/data`, '--restart', 'on-failure:2'],
  })
  await startServer(engine, 'redis', redis, {
    ...server(volume, '/data/keys'),
    args: [...args, '--dir', '/data/keys', '--appendonly', 'yes'],
  })
  await startServer(engine, 'valkey', valkey, server(folder, '/data'))
  const ask = (name: string, input: string) =>
    engine.ok(['exec', '-i', '-e', 'REDISCLI_AUTH=a b', name, 'redis-cli'], { input })
  const digests = async () => [await ask(redis, 'DEBUG DIGEST'), await ask(valkey, 'DEBUG DIGEST')]
  for (const name of [redis, valkey])
    await ask(name, 'SET a 1\nRPUSH list x y\nSELECT 3\nHSET h f v\nSET later x EX 100000')
  const { config, restore, id } = await given('redis', () => ({ targets: [{ db: redis }, { db: valkey }] }))
  await backUp(config)
  const before = await digests()
  for (const name of [redis, valkey]) await ask(name, 'FLUSHDB\nSET more 1\nSELECT 9\nSET b 2')
  const changed = await digests()
  const lie = [redis, valkey]
    .map(
      (name) => `f=/restore/db/${name}/dump.rdb; old=$(sha256sum <$f | cut -c 1-64)
    printf 999 | dd of=$f bs=1 seek=6 conv=notrunc 2>/dev/null; sed -i "s/$old/$(sha256sum <$f | cut -c 1-64)/" /restore/manifest.json`,
    )
    .join('\n')
  const failed = await restore({ point: 'latest', into: 'place', confirm: id }, lie)
  expect(failed.outputs.result, failed.stdout).toBe('failed')
  expect(failed.stdout).toContain('The old data is in place again. Everything is up again')
  expect(await digests()).toEqual(changed)
  const restored = await restore({ point: 'latest', into: 'place', confirm: id })
  expect(restored.outputs.result, restored.stdout).toBe('restored')
  const where: { kind: string; to: string; kept: string }[] = JSON.parse(restored.outputs.restored ?? '[]')
  removeAtEnd(...where.map(({ kept }) => kept))
  expect(await digests()).toEqual(before)
  // what they read again is what they have, and Redis goes on with its append-only file
  await ask(redis, 'SET after 1')
  const after = await digests()
  await engine.ok(['restart', redis, valkey])
  await expect.poll(digests, { timeout: 30_000 }).toEqual(after)
  expect(where.map(({ kind, to }) => [kind, to])).toEqual([
    ['db', redis],
    ['db', valkey],
  ])
  const old = await engine.ok(['run', '--rm', '-v', `${where[0]?.kept}:/v:ro`, engine.baseImage, 'ls', '/v/keys'])
  expect(old).toContain('appendonlydir')
  expect(await leftOf(engine, id)).toEqual([])
})

test('an image that lies is told so before anything is touched', async () => {
  const { volume, config, restore, id } = await given('lies')
  await backUp(config)
  const before = await treeOf(volume)
  const lies = [
    ['rm /restore/manifest.json', 'restored no manifest.json'],
    ['echo "{" >/restore/manifest.json', 'is no JSON'],
    [`rm -rf "/restore/volume/${volume}/sub"`, '"sub" did not come back'],
    [`chmod 600 "/restore/volume/${volume}/sub/deep/two"`, '"sub/deep/two" has mode 0600, and had 4750'],
    [`chown 5:5 "/restore/volume/${volume}"`, '"." belongs to 5:5, and belonged to 33:33'],
    ['rm -rf /restore/listings', 'did not restore listings/'],
    [`echo x >>"/restore/volume/${volume}/one"`, 'has 6 bytes, and had 4'],
    [`echo x >"/restore/volume/${volume}/more"`, '"more" came back, and the backup did not hold it'],
    [`rm -rf /restore/volume`, 'did not restore its folder'],
    ['sed -i s/lies/other/ /restore/manifest.json', 'and not of'],
    ['echo no such tape >&2; exit 3', 'no such tape'],
  ] as const
  for (const [lie, says] of lies) {
    const ran = await restore({ point: 'latest', into: 'place', confirm: id }, lie)
    expect(ran.code, lie).toBe(1)
    expect(ran.outputs.result).toBe('failed')
    expect(
      ran.stdout.split('\n').find((line) => line.startsWith('::error')),
      lie,
    ).toContain(says)
    expect(await treeOf(volume), lie).toBe(before)
  }
  expect(await leftOf(engine, id)).toEqual([])
})
