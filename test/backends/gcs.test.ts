/** `examples/images/gcs` against fake-gcs-server, behind a door that asks for a service account's signature. */

import { generateKeyPairSync } from 'node:crypto'
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
const RUN = `
mkdir -p /data/bucket
/server/fake-gcs-server -scheme http -port 4444 -backend filesystem -filesystem-root /data -external-url "http://$(hostname -i):4443" -public-host "$(hostname -i):4443" &
exec node /gcsDoor.mjs`

let server: RunningServer
let backend: Backend
/** The JSON key of a service account. */
let accountKey: (privateKey: string) => string

beforeAll(async () => {
  const { publicKey, privateKey } = keyPair()
  const options = { program: 'fake-gcs-server', run: RUN, scripts: ['gcsDoor.mjs'], says: /the door listens/ } as const
  server = await startBackend(engine, 'gcs', { ...options, args: ['-e', `PUBLIC_KEY=${publicKey}`] })
  accountKey = (key) =>
    JSON.stringify({
      type: 'service_account',
      project_id: 'project',
      private_key_id: 'key',
      private_key: key,
      client_email: 'marina@project.iam.gserviceaccount.com',
      token_uri: `http://${server.address}:4443/token`,
    })
  const env = {
    GCS_BUCKET: 'bucket/marina',
    GCS_KEY: accountKey(privateKey),
    GCS_ENDPOINT: `http://${server.address}:4443/storage/v1/`,
  }
  backend = { engine, image: await exampleImage(engine, 'gcs'), id: engine.name('gcs'), env }
  await fillSource(backend)
})

afterAll(() => removeBackend(backend, server))

test('backups come back as they were; a partial one deletes nothing, a whole one what the rule does not keep', async () => {
  await storedAndRestored(backend, {
    byHand: `export RCLONE_CONFIG_R_TYPE='google cloud storage' RCLONE_CONFIG_R_ENDPOINT=$GCS_ENDPOINT RCLONE_CONFIG_R_SERVICE_ACCOUNT_CREDENTIALS="$GCS_KEY"
    rclone copyto R:bucket/marina/${backend.id}/POINT.tar.gz /tmp/archive
    tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf /tmp/archive -C /restore`,
  })
})

test('a wrong key, a bucket that is not there, a server that goes down half way', async () => {
  const dying = await startDyingServer(engine, server, 4443)
  const at = (address: string) => ({ GCS_ENDPOINT: `http://${address}:4443/storage/v1/` })
  await failsInWords(backend, [
    { name: 'wrong key', env: { GCS_KEY: accountKey(keyPair().privateKey) }, says: /Invalid JWT Signature/ },
    { name: 'no bucket', env: { GCS_BUCKET: 'other' }, says: /other cannot be listed within/ },
    { name: 'dies', env: at(dying.address), says: WENT_DOWN },
  ])
  await dying.remove()
})

function keyPair() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
}
