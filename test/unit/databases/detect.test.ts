import { describe, expect, test } from 'vitest'
import { databaseAt, detectKind, kindOfImage } from '../../../src/databases/detect.ts'

test.each`
  image                                              | kind
  ${'postgres:16-alpine'}                            | ${'postgres'}
  ${'docker.io/library/postgres:17'}                 | ${'postgres'}
  ${'registry.example.com:5000/team/postgis:16-3.4'} | ${'postgres'}
  ${'timescale/timescaledb-ha:pg16'}                 | ${'postgres'}
  ${'bitnami/postgresql@sha256:0123'}                | ${'postgres'}
  ${'mariadb:11'}                                    | ${'mariadb'}
  ${'mysql/mysql-server:8.0'}                        | ${'mysql'}
  ${'percona'}                                       | ${'mysql'}
  ${'percona/percona-server-mongodb:7.0'}            | ${'mongo'}
  ${'mongo:7'}                                       | ${'mongo'}
  ${'redis/redis-stack-server'}                      | ${'redis'}
  ${'valkey/valkey:8'}                               | ${'valkey'}
  ${'oliver006/redis_exporter'}                      | ${null}
  ${'mongo-express:1'}                               | ${null}
  ${'phpmyadmin'}                                    | ${null}
  ${'postgres/tools'}                                | ${null}
  ${'nginx'}                                         | ${null}
`('the image $image holds $kind', ({ image, kind }) => {
  expect(kindOfImage(image)).toBe(kind)
})

const detect = (container: { image?: string; command?: string[]; env?: string[] }, ...tools: string[]) =>
  detectKind(
    { name: 'db', image: 'mine', command: [], env: [], ...container },
    new Map(tools.map((tool) => [tool, '1'])),
  )

describe('the kind is told by', () => {
  test.each`
    what                                            | container                                                    | tools                            | kind
    ${'the image, before the tools'}                | ${{ image: 'postgres:17' }}                                  | ${['redis-cli']}                 | ${'postgres'}
    ${'the command'}                                | ${{ command: ['docker-entrypoint.sh', '/usr/sbin/mysqld'] }} | ${[]}                            | ${'mysql'}
    ${'the command, before an image of its family'} | ${{ image: 'redis:7', command: ['valkey-server'] }}          | ${[]}                            | ${'valkey'}
    ${'the environment'}                            | ${{ env: ['PATH', 'MARIADB_ROOT_PASSWORD_FILE'] }}           | ${['pg_dumpall', 'mysqldump']}   | ${'mariadb'}
    ${'the only tool'}                              | ${{}}                                                        | ${['mongodump']}                 | ${'mongo'}
    ${'two tools of one family'}                    | ${{}}                                                        | ${['mysqldump', 'mariadb-dump']} | ${'mariadb'}
  `('$what', ({ container, tools, kind }) => {
    expect(detect(container, ...tools)).toBe(kind)
  })
})

test.each`
  what                       | container                                              | tools                          | message
  ${'image against command'} | ${{ image: 'postgres:17', command: ['redis-server'] }} | ${[]}                          | ${'database container "db" (image postgres:17) could hold any of redis, postgres: say which with dbKind: redis or dbKind: postgres'}
  ${'tools of two engines'}  | ${{}}                                                  | ${['pg_dumpall', 'redis-cli']} | ${'database container "db" (image mine) could hold any of postgres, redis: say which with dbKind: postgres or dbKind: redis'}
  ${'nothing'}               | ${{}}                                                  | ${[]}                          | ${'cannot tell which database runs in container "db" (image mine): say so with dbKind: postgres, mysql, mariadb, mongo, redis or valkey'}
`('$what is an error that names the choices', ({ container, tools, message }) => {
  expect(() => detect(container, ...tools)).toThrow(message)
})

test.each`
  image                      | command                                                      | path                               | kind
  ${'postgres:16'}           | ${['docker-entrypoint.sh', 'postgres']}                      | ${'/var/lib/postgresql/data'}      | ${'postgres'}
  ${'postgres:18'}           | ${['docker-entrypoint.sh', 'postgres']}                      | ${'/var/lib/postgresql'}           | ${'postgres'}
  ${'postgres:18'}           | ${['docker-entrypoint.sh', 'postgres']}                      | ${'/var/lib/postgresql/18/docker'} | ${'postgres'}
  ${'bitnami/postgresql:16'} | ${[]}                                                        | ${'/bitnami/postgresql'}           | ${'postgres'}
  ${'me/db:1'}               | ${['/usr/lib/postgresql/15/bin/postgres', '-D', '/pg/data']} | ${'/pg'}                           | ${'postgres'}
  ${'me/db:1'}               | ${['mariadbd', '--datadir=/srv/db']}                         | ${'/srv/db'}                       | ${'mariadb'}
  ${'mysql:8'}               | ${['docker-entrypoint.sh', 'mysqld']}                        | ${'/var/lib/mysql'}                | ${'mysql'}
  ${'mariadb:11'}            | ${['docker-entrypoint.sh', 'mariadbd']}                      | ${'/var/lib/mysql'}                | ${'mariadb'}
  ${'mongo:7'}               | ${['docker-entrypoint.sh', 'mongod']}                        | ${'/data/db'}                      | ${'mongo'}
  ${'mongo:7'}               | ${['mongod', '--dbpath', '/m']}                              | ${'/m'}                            | ${'mongo'}
  ${'redis:7'}               | ${['docker-entrypoint.sh', 'redis-server']}                  | ${'/data'}                         | ${'redis'}
  ${'valkey/valkey:8'}       | ${['valkey-server', '--dir', '/v']}                          | ${'/v'}                            | ${'valkey'}
  ${'postgres:16'}           | ${['postgres']}                                              | ${'/backups'}                      | ${null}
  ${'postgres:16'}           | ${['postgres']}                                              | ${'/var/lib/postgresql/dumps'}     | ${null}
  ${'redis:7'}               | ${['redis-server', '/etc/redis/redis.conf']}                 | ${'/etc/redis'}                    | ${null}
  ${'mongo:7'}               | ${['mongod']}                                                | ${'/data/configdb'}                | ${null}
  ${'nginx'}                 | ${['nginx']}                                                 | ${'/data'}                         | ${null}
  ${'postgres-exporter'}     | ${['/bin/postgres_exporter']}                                | ${'/var/lib/postgresql/data'}      | ${null}
`('in $image with $command, $path holds the data of $kind', ({ image, command, path, kind }) => {
  expect(databaseAt({ image, command }, path)).toBe(kind)
})
