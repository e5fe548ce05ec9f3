import { expect, test } from 'vitest'
import { engineIsAway } from '../../../src/docker/callResult.ts'

test.each([
  ['Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?'],
  [
    'failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory',
  ],
  ['error during connect: Get "https://host:2376/v1.45/info": dial tcp: lookup host: no such host'],
  ['error during connect: Post "http://%2Frun%2Fdocker.sock/v1.41/containers/a/start": EOF'],
])('nobody answered: %s', (said) => expect(engineIsAway(`${said}\n`)).toBe(true))

test.each([
  ['Error response from daemon: Could not find the file /backup/a in container b'],
  ['Error response from daemon: lstat /v/a: no such file or directory'],
  ['Error response from daemon: No such container: b'],
  ['Error response from daemon: cannot join network of a non running container: b'],
])('the engine said: %s', (said) => expect(engineIsAway(`${said}\n`)).toBe(false))
