import { describe, expect, test } from 'vitest'
import { createCall, mountSpec, type RunSpec, readByClient } from '../../../src/docker/args.ts'

const SPEC: RunSpec = {
  name: 'marina-run-a',
  image: 'sha256:abc',
  labels: {},
  mounts: [],
  env: {},
  entrypoint: null,
  command: ['/backup.sh'],
  user: null,
  network: null,
  memory: null,
  cpus: null,
  helper: false,
}
const ALWAYS =
  'create --name marina-run-a --pull never --no-healthcheck --log-driver local --log-opt max-size=10m --log-opt max-file=2'

describe('docker create', () => {
  test.each`
    what                                  | over                                                                   | argv
    ${'nothing but a name'}               | ${{}}                                                                  | ${`${ALWAYS} sha256:abc /backup.sh`}
    ${'an entrypoint with arguments'}     | ${{ entrypoint: ['sh', '-e'] }}                                        | ${`${ALWAYS} --entrypoint sh sha256:abc -e /backup.sh`}
    ${'an entrypoint that is taken away'} | ${{ entrypoint: [] }}                                                  | ${`${ALWAYS} --entrypoint  sha256:abc /backup.sh`}
    ${'user, network, limits'}            | ${{ user: '1:2', network: 'nas', memory: '1g', cpus: '0.5' }}          | ${`${ALWAYS} --user 1:2 --network nas --memory 1g --cpus 0.5 sha256:abc /backup.sh`}
    ${'a helper'}                         | ${{ helper: true }}                                                    | ${`${ALWAYS} --interactive --restart always sha256:abc /backup.sh`}
    ${'labels and mounts'}                | ${{ labels: { a: 'b c' }, mounts: [{ type: 'tmpfs', target: '/t' }] }} | ${`${ALWAYS} --label a=b c --mount type=tmpfs,dst=/t sha256:abc /backup.sh`}
  `('$what', ({ over, argv }) => {
    expect(createCall({ ...SPEC, ...over }).argv.join(' ')).toBe(argv)
  })

  test('no value of the environment stands in an argument', () => {
    const env = { TOKEN: 's3cret\nline', PATH: '/s3cret', DOCKER_HOST: 'tcp://s3cret' }
    const call = createCall({ ...SPEC, env })
    expect(call.argv.join(' ')).not.toContain('s3cret')
    expect(call.env).toEqual({ TOKEN: 's3cret\nline' })
    expect(call.input?.toString()).toBe('PATH=/s3cret\nDOCKER_HOST=tcp://s3cret\n')
    expect(call.argv).toContain('/dev/stdin')
  })

  test.each([
    'PATH',
    'HOME',
    'DOCKER_HOST',
    'DOCKER_CONFIG',
    'LD_PRELOAD',
    'http_proxy',
    'HTTPS_PROXY',
    'SSH_AUTH_SOCK',
  ])('%s would change the client itself', (key) => expect(readByClient(key)).toBe(true))
  test.each(['TOKEN', 'RESTIC_PASSWORD', 'AWS_ACCESS_KEY_ID', 'PATHS', 'HOMEPAGE'])('%s would not', (key) =>
    expect(readByClient(key)).toBe(false),
  )
})

describe('--mount', () => {
  test.each`
    mount                                                                                  | text
    ${{ type: 'volume', source: 'v', target: '/x', readonly: true }}                       | ${'type=volume,src=v,dst=/x,volume-nocopy,readonly'}
    ${{ type: 'volume', source: 'v', target: '/x', readonly: false }}                      | ${'type=volume,src=v,dst=/x,volume-nocopy'}
    ${{ type: 'volume', source: 'v', target: '/x/a', readonly: true, subpath: 'a' }}       | ${'type=volume,src=v,dst=/x/a,volume-nocopy,volume-subpath=a,readonly'}
    ${{ type: 'volume', source: 'v', target: '/x/a,"b', readonly: true, subpath: 'a,"b' }} | ${'type=volume,src=v,"dst=/x/a,""b",volume-nocopy,"volume-subpath=a,""b",readonly'}
    ${{ type: 'anonymous', target: '/backup', labels: { k: 'v' } }}                        | ${'type=volume,dst=/backup,volume-nocopy,volume-label=k=v'}
    ${{ type: 'bind', source: '/nas', target: '/nas', readonly: true }}                    | ${'type=bind,src=/nas,dst=/nas,readonly'}
  `('$text', ({ mount, text }) => {
    expect(mountSpec(mount)).toBe(text)
  })
})
