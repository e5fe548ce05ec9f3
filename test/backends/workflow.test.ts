/** `examples/images/workflow`: its steps, its archive, and what the watcher hears. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Backend,
  debianWith,
  exampleImage,
  expectFailed,
  expectStored,
  fillSource,
  type RunningServer,
  removeBackend,
  startBackend,
  store,
  storedAndRestored,
  storePartly,
} from '../support/backends.ts'
import { inVolume } from '../support/bench.ts'
import { testEngine } from '../support/run.ts'

const engine = testEngine()
const archive = engine.name('workflow-archive')
let server: RunningServer
let backend: Backend

beforeAll(async () => {
  server = await startBackend(engine, 'watcher', {
    run: 'exec node /watcherServer.mjs',
    scripts: ['watcherServer.mjs'],
    says: /listens/,
  })
  await inVolume(engine, await debianWith(engine), archive, 'touch this-is-the-backup-disk')
  backend = {
    engine,
    image: await exampleImage(engine, 'workflow'),
    id: engine.name('workflow'),
    env: { NOTIFY_URL: `http://${server.address}:8080/secret-path` },
    keys: { mounts: [`${archive}:/archive`] },
    restoreArgs: ['-v', `${archive}:/archive:ro`],
  }
  await fillSource(backend)
})

afterAll(async () => {
  await removeBackend(backend, server)
  await engine.docker(['volume', 'rm', archive])
})

/** What the watcher heard, oldest first. */
async function heard(): Promise<readonly Record<string, string>[]> {
  const { stdout } = await engine.docker(['logs', server.container])
  return [...stdout.matchAll(/^\/secret-path (.*)$/gm)].map(([, body]) => JSON.parse(body ?? ''))
}

test('backups come back as they were; the watcher hears each; a partial one deletes nothing', async () => {
  const ran = await storedAndRestored(backend, {
    byHand: `tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf /archive/${backend.id}/POINT.tar.gz -C /restore`,
  })
  const words = (await heard()).map(({ instance, result, text }) => `${instance} ${result} ${text}`)
  const name = `${backend.id} success \\d{8}-\\d{6}(\\.partial)?\\.tar\\.gz: \\d+ bytes`
  expect(words).toEqual([
    expect.stringMatching(new RegExp(`^${name}$`)),
    expect.stringMatching(new RegExp(`^${name}, without: .*missing$`)),
    expect.stringMatching(new RegExp(`^${name}$`)),
  ])
  for (const { stdout } of ran) expect(stdout.replace(/^::add-mask::.*$/gm, '')).not.toContain('secret-path')
  const names = await inVolume(engine, await debianWith(engine), archive, `ls -l ${backend.id}`)
  expect(names).toMatch(/latest\.tar\.gz -> \d{8}-\d{6}\.tar\.gz/)
})

test('a step that fails stops the backup before it stores; the watcher hears why; one that cannot be told fails nothing', async () => {
  const image = await debianWith(engine)
  const before = await inVolume(engine, image, archive, `rm this-is-the-backup-disk; ls ${backend.id}`)
  expectFailed(await store(backend), /The step before\/10-space failed/)
  expect((await heard()).at(-1)).toMatchObject({ result: 'failure', text: expect.stringMatching(/before\/10-space/) })
  const after = await inVolume(engine, image, archive, `touch this-is-the-backup-disk; ls ${backend.id}`)
  expect(after).toBe(before)
  // what the rule does not keep goes with the next whole backup, and not with a partial one
  const old = `${backend.id}/20200101-000000.tar.gz`
  await inVolume(engine, image, archive, `touch ${old}`)
  await storePartly(backend)
  expect(await inVolume(engine, image, archive, `ls ${old}`)).toBe(old)
  const deaf = { ...backend, env: { NOTIFY_URL: `http://${server.address}:9/secret-path` } }
  const ran = await store(deaf, { retention: '1d' })
  expectStored(ran)
  expect(ran.stdout).toMatch(/NOTIFY_URL could not be told: curl ended with 7/)
  expect(await inVolume(engine, image, archive, `ls ${backend.id}`)).not.toContain('20200101-000000')
})
