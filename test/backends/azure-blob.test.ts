/** `examples/images/azure-blob` against Azurite by HTTPS, at an address of the shape that Azure's have. */

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
const network = engine.name('azure')
const certificates = engine.name('azure-certificates')
const KEY = Buffer.from('a key of the storage account').toString('base64')
/** The container of blobs is made by the server's own image, as its owner would in the portal. */
const RUN = `
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=blob.test -keyout /key.pem -out /certificates/cert.pem \\
  -addext subjectAltName=DNS:account.blob.test,DNS:account.cut.test 2>/dev/null
node /server/node_modules/azurite/dist/src/blob/main.js --blobHost 0.0.0.0 --blobPort 443 --location /data --skipApiVersionCheck \\
  --disableTelemetry --cert /certificates/cert.pem --key /key.pem &
export SSL_CERT_FILE=/certificates/cert.pem RCLONE_CONFIG= RCLONE_CONFIG_R_TYPE=azureblob RCLONE_CONFIG_R_ENDPOINT=blob.test
until rclone mkdir R:backups 2>/dev/null; do sleep 0.2; done
echo the container is there
wait`

let server: RunningServer
let backend: Backend

beforeAll(async () => {
  await engine.ok(['network', 'create', network])
  const rclone = ['RCLONE_CONFIG_R_ACCOUNT=account', `RCLONE_CONFIG_R_KEY=${KEY}`, `AZURITE_ACCOUNTS=account:${KEY}`]
  server = await startBackend(engine, 'azure', {
    program: 'azurite',
    run: RUN,
    says: /the container is there/,
    args: [
      ...['--network', network, '--network-alias', 'account.blob.test', '-v', `${certificates}:/certificates`],
      ...rclone.flatMap((value) => ['-e', value]),
    ],
  })
  backend = {
    engine,
    image: await exampleImage(engine, 'azure-blob'),
    id: engine.name('azure-blob'),
    env: {
      AZURE_CONTAINER: 'backups/marina',
      AZURE_ACCOUNT: 'account',
      AZURE_KEY: KEY,
      AZURE_ENDPOINT: 'blob.test',
      SSL_CERT_FILE: '/certificates/cert.pem',
    },
    keys: { network, mounts: [`${certificates}:/certificates:ro`] },
    restoreArgs: ['--network', network, '-v', `${certificates}:/certificates:ro`],
  }
  await fillSource(backend)
})

afterAll(async () => {
  await removeBackend(backend, server)
  await engine.docker(['volume', 'rm', certificates])
  await engine.docker(['network', 'rm', network])
})

test('backups come back as they were; a partial one deletes nothing, a whole one what the rule does not keep', async () => {
  await storedAndRestored(backend, {
    byHand: `export RCLONE_CONFIG_R_TYPE=azureblob RCLONE_CONFIG_R_ENDPOINT=blob.test RCLONE_CONFIG_R_ACCOUNT=account RCLONE_CONFIG_R_KEY=$AZURE_KEY
    rclone copyto R:backups/marina/${backend.id}/POINT.tar.gz /tmp/archive
    tar --xattrs --xattrs-include='*' --acls --numeric-owner -xpzf /tmp/archive -C /restore`,
  })
})

test('a wrong key, a container that is not there, a server that goes down half way', async () => {
  const dying = await startDyingServer(engine, server, 443, [
    ...['--network', network, '--network-alias', 'account.cut.test'],
  ])
  await failsInWords(backend, [
    { name: 'wrong key', env: { AZURE_KEY: Buffer.from('wrong').toString('base64') }, says: /AuthorizationFailure/ },
    { name: 'no container', env: { AZURE_CONTAINER: 'other' }, says: /other cannot be listed within/ },
    { name: 'dies', env: { AZURE_ENDPOINT: 'cut.test' }, says: WENT_DOWN },
  ])
  await dying.remove()
})
