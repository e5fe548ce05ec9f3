/** What helps after a pull that failed: by the words of docker and of registries. */
import { expect, test } from 'vitest'
import { pullAdvice } from '../../../src/docker/pullAdvice.ts'

const REACH = /^This host did not reach the registry/
const NAME = /^Check its name, and that this host may pull it \(docker login\)/

test.each<[string, string, RegExp]>([
  [
    'localhost/tool:3',
    'Get "http://localhost/v2/": dial tcp 127.0.0.1:80: connect: connection refused',
    /^A name with localhost .*docker build -t localhost\/tool:3 FOLDER/,
  ],
  [
    'localhost:5000/tool:3',
    'Get "http://localhost:5000/v2/": dial tcp 127.0.0.1:5000: connect: connection refused',
    REACH,
  ],
  [
    'a:1',
    'Get "https://registry-1.docker.io/v2/": dial tcp: lookup registry-1.docker.io on 10.0.0.1:53: dial udp 10.0.0.1:53: connect: network is unreachable',
    REACH,
  ],
  [
    'a:1',
    'Get "https://registry-1.docker.io/v2/": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)',
    REACH,
  ],
  ['a:1', 'Head "https://ghcr.io/v2/": net/http: TLS handshake timeout', REACH],
  ['a:1', 'Get "https://registry-1.docker.io/v2/": EOF', REACH],
  ['a:1', 'received unexpected HTTP status: 503 Service Unavailable', REACH],
  ['a:1', 'image a:1 could not be pulled: docker did not answer within 2 h', REACH],
  [
    'a:1',
    'toomanyrequests: You have reached your unauthenticated pull rate limit',
    /^The registry allows no more pulls/,
  ],
  ['a:1', 'failed to register layer: write /x: no space left on device', /^Free space on the Docker host/],
  [
    'a:1',
    'no matching manifest for linux/arm64/v8 in the manifest list entries',
    /^The registry has this image for other kinds/,
  ],
  ['nas:5000/a:1', 'Get "https://nas:5000/v2/": x509: certificate signed by unknown authority', /certificate/],
  ['a:1', "pull access denied for a, repository does not exist or may require 'docker login'", NAME],
  ['a:1', 'manifest for a:1 not found: manifest unknown: manifest unknown', NAME],
  ['ghcr.io/a:1', 'Head "https://ghcr.io/v2/a/manifests/1": unauthorized', NAME],
])('%s: %s', (reference, words, advice) => {
  expect(pullAdvice(reference, words)).toMatch(advice)
})
