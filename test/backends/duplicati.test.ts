/** `examples/images/duplicati` with a stand-in that checks the arguments (`support/duplicati-cli`): Duplicati itself is in no registry that tests reach. */

import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  type Backend,
  debianWith,
  exampleImage,
  expectStored,
  failsInWords,
  fillSource,
  removeBackend,
  store,
  storedAndRestored,
} from '../support/backends.ts'
import { inVolume } from '../support/bench.ts'
import { testEngine } from '../support/run.ts'

const engine = testEngine()
const archive = engine.name('duplicati-archive')
const database = engine.name('duplicati-database')
let backend: Backend

beforeAll(async () => {
  const standIn = await readFile(join(import.meta.dirname, '../support/duplicati-cli'), 'utf8')
  const base = `${engine.name('duplicati')}:latest`
  const write = `RUN echo ${Buffer.from(standIn).toString('base64')} | base64 -d >/usr/bin/duplicati-cli && chmod 755 /usr/bin/duplicati-cli`
  const dockerfile = `FROM ${await debianWith(engine)}\n${write}\nENTRYPOINT ["/usr/bin/tini"]\n`
  await engine.ok(['build', '-q', '-t', base, '-'], {
    input: dockerfile,
    env: { ...process.env, DOCKER_BUILDKIT: '0' },
  })
  await engine.ok(['volume', 'create', archive])
  await engine.ok(['volume', 'create', database])
  backend = {
    engine,
    image: await exampleImage(engine, 'duplicati', base),
    id: engine.name('duplicati'),
    env: { DUPLICATI_TARGET: 'file:///archive/shop', DUPLICATI_PASSPHRASE: 'correct horse' },
    keys: { layout: 'stable', mounts: [`${archive}:/archive`, `${database}:/database`] },
    restoreArgs: ['-v', `${archive}:/archive:ro`],
  }
  await fillSource(backend)
})

afterAll(async () => {
  await removeBackend(backend, undefined)
  await engine.docker(['volume', 'rm', archive, database])
})

test('its command lines are what the documentation says; what it stored comes back', async () => {
  await storedAndRestored(backend, { marksPartial: false })
})

test('a lost database is made again, an unchanged backup is good, and all else is a failure', async () => {
  const image = await debianWith(engine)
  await inVolume(engine, image, database, 'rm *')
  expectStored(await store({ ...backend, env: { ...backend.env, SAY_UNCHANGED: '1' } }))
  await failsInWords(backend, [
    {
      name: 'wrong passphrase',
      env: { DUPLICATI_PASSPHRASE: 'wrong' },
      says: /invalid passphrase\?[\s\S]*ended with 100/,
    },
    {
      name: 'no place',
      env: { DUPLICATI_TARGET: 'file:///nowhere/shop' },
      says: /does not exist[\s\S]*ended with 100/,
    },
  ])
  await inVolume(engine, image, backend.id, 'touch warns')
  const ran = await store(backend)
  expect(ran.outputs.result).toBe('failed')
  expect(ran.stdout).toMatch(/could not be read[\s\S]*Duplicati ended with 2/)
  const unstable = await store(backend, { layout: 'timestamp' })
  expect(unstable.stdout).toMatch(/give the instance layout: stable/)
})
