/** `examples/images/s3` against versitygw, an S3 server that checks signatures. */

import { afterAll, beforeAll, test } from 'vitest'
import {
  type Backend,
  exampleImage,
  failsInWords,
  fillSource,
  type RunningServer,
  removeBackend,
  startBackend,
  startDyingServer,
  storedAndRestored,
  WENT_DOWN,
} from '../support/backends.ts'
import { testEngine } from '../support/run.ts'

const engine = testEngine()
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG' }
const RUN = `
mkdir -p /data/bucket /meta
exec /server/versitygw --port :7070 --access ${KEYS.AWS_ACCESS_KEY_ID} --secret ${KEYS.AWS_SECRET_ACCESS_KEY} posix --sidecar /meta /data`

let server: RunningServer
let backend: Backend

beforeAll(async () => {
  server = await startBackend(engine, 's3', { program: 'versitygw', run: RUN, says: /7070/ })
  const env = { ...KEYS, S3_BUCKET: 'bucket/marina', S3_ENDPOINT: `http://${server.address}:7070` }
  backend = { engine, image: await exampleImage(engine, 's3'), id: engine.name('s3'), env }
  await fillSource(backend)
})

afterAll(() => removeBackend(backend, server))

test('backups come back as they were; a partial one deletes nothing, a whole one what the rule does not keep', async () => {
  await storedAndRestored(backend, {
    byHand: `export RCLONE_CONFIG_R_TYPE=s3 RCLONE_CONFIG_R_PROVIDER=Other RCLONE_CONFIG_R_ENV_AUTH=true RCLONE_CONFIG_R_ENDPOINT=$S3_ENDPOINT
    rclone copyto R:bucket/marina/${backend.id}/POINT.tar.gz /tmp/archive
    tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf /tmp/archive -C /restore`,
  })
})

test('wrong keys, a bucket that is not there, a server that goes down half way', async () => {
  const dying = await startDyingServer(engine, server, 7070)
  await failsInWords(backend, [
    { name: 'wrong key', env: { AWS_SECRET_ACCESS_KEY: 'wrong' }, says: /SignatureDoesNotMatch|Forbidden/ },
    { name: 'no bucket', env: { S3_BUCKET: 'other' }, says: /other cannot be listed within/ },
    {
      name: 'dies',
      env: { S3_ENDPOINT: `http://${dying.address}:7070` },
      says: WENT_DOWN,
    },
    { name: 'nothing said', env: { S3_BUCKET: '' }, says: /S3_BUCKET: is missing in env/ },
  ])
  await dying.remove()
})
