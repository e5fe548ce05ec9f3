/** `examples/images/s3` against versitygw, an S3 server that checks signatures. */

import { afterAll, beforeAll, test } from 'vitest'
import {
  type Backend,
  exampleImage,
  fillSource,
  type RunningServer,
  startBackend,
  storedAndRestored,
} from '../support/backends.ts'
import { testEngine } from '../support/run.ts'

const engine = testEngine()
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG' }

let server: RunningServer
let backend: Backend

beforeAll(async () => {
  const run = `mkdir -p /data/bucket /meta; exec /server/versitygw --port :7070 --access ${KEYS.AWS_ACCESS_KEY_ID} --secret ${KEYS.AWS_SECRET_ACCESS_KEY} posix --sidecar /meta /data`
  server = await startBackend(engine, 'versitygw', { run, says: /7070/ })
  const env = { ...KEYS, S3_BUCKET: 'bucket/marina', S3_ENDPOINT: `http://${server.address}:7070` }
  backend = { engine, image: await exampleImage(engine, 's3'), id: engine.name('s3'), env }
  await fillSource(backend)
}, 900_000)

afterAll(async () => {
  await server.remove()
  await engine.docker(['volume', 'rm', backend.id])
})

test('backups are restored as they were; a partial one deletes nothing, a whole one what the rule does not keep', async () => {
  await storedAndRestored(backend)
})
