import { expect, test } from 'vitest'
import { compareRows } from '../../../../src/databases/countContract.ts'
import { engineOf } from '../../../../src/databases/engines.ts'
import { connectionArgs, shellLogin } from '../../../../src/databases/mongo/mongoLogin.ts'

const engine = engineOf('mongo')
const TOOLS = new Map([
  ['mongorestore', '100.9.0'],
  ['mongosh', '2.5.0'],
])
const question = (dumpArgs: readonly string[], more: object = {}) => ({
  kind: 'mongo',
  tools: TOOLS,
  database: null,
  purpose: 'replace' as const,
  given: engine.extractSecrets(dumpArgs),
  command: ['docker-entrypoint.sh', 'mongod', '--port', '27018'],
  env: [],
  head: Buffer.alloc(0),
  token: 'x',
  ...more,
})
/** The arguments that the tool gets behind its name, as the environment carries them. */
const argsOf = (env: Readonly<Record<string, string>>) =>
  Array.from({ length: Number(env.MARINA_ARGC) }, (_, i) => env[`MARINA_ARG_${i}`])

test.each`
  dumpArgs                                                  | expected
  ${['-h', 'a', '--port', '1', '-u', 'x', '--gzip', '-vv']} | ${['--host=a', '--port=1', '--username=x']}
  ${['--host=a:1', '-ux', '--numParallelCollections=1']}    | ${['--host=a:1', '--username=x']}
  ${['--oplog', '--ssl', '--sslCAFile', '/ca', '-q', '{}']} | ${['--ssl', '--sslCAFile=/ca']}
  ${['mongodb://a/?tls=true', '--readPreference=nearest']}  | ${['mongodb://a/?tls=true']}
`('a load reaches the server as the dump did: $dumpArgs', ({ dumpArgs, expected }) => {
  expect(connectionArgs(dumpArgs)).toEqual(expected)
})

test.each`
  dumpArgs                                                | expected
  ${['--ssl', '--sslCAFile=/ca', '-u', 'x', '--port=1']}  | ${{ args: ['--tls', '--tlsCAFile=/ca', '--port=1'], authenticationDatabase: 'admin', mechanism: '' }}
  ${['mongodb://x:pw@a:1/app?authMechanism=SCRAM-SHA-1']} | ${{ args: ['mongodb://a:1/app?authMechanism=SCRAM-SHA-1'], authenticationDatabase: 'app', mechanism: 'SCRAM-SHA-1' }}
  ${['--uri=mongodb://x@a/app?authSource=own']}           | ${{ args: ['mongodb://a/app?authSource=own'], authenticationDatabase: 'own', mechanism: '' }}
  ${['--authenticationDatabase', 'own', '-u', 'x']}       | ${{ args: [], authenticationDatabase: 'own', mechanism: '' }}
`('the shell reaches the server as the tools do: $dumpArgs', ({ dumpArgs, expected }) => {
  expect(shellLogin(engine.extractSecrets(dumpArgs))).toEqual(expected)
})

test('a load into place drops what is there, and no password stands in an argument', () => {
  const plan = engine.planLoad(question(['--username=x', '--password=secret', '--gzip', '--oplog']))
  expect(plan.prepare?.env.MARINA_CODE).toContain('dropDatabase')
  expect(argsOf(plan.load.env)).toEqual([
    ...['--port=27018', '--username=x'],
    ...['--stopOnError', '--bypassDocumentValidation', '--drop', '--oplogReplay'],
  ])
  for (const { args, env } of [plan.load, plan.prepare ?? plan.load]) {
    expect([...args, ...argsOf(env)].join(' ')).not.toContain('secret')
    expect(env.MARINA_PASSWORD).toBe('secret')
  }
  const scratch = engine.planLoad(question([], { purpose: 'empty' }))
  expect(scratch.prepare).toBeNull()
  expect(argsOf(scratch.load.env)).not.toContain('--drop')
})

test('the accounts of one database come back if the dump was made with them', () => {
  const plan = engine.planLoad(question(['--dumpDbUsersAndRoles'], { database: 'shop' }))
  expect(argsOf(plan.load.env)).toEqual(expect.arrayContaining(['--restoreDbUsersAndRoles', '--db=shop']))
})

test.each([[['--collection=orders']], [['-c', 'orders']], [['--query={}']], [['--excludeCollection=x']]])(
  'a part of a database does not take the place of all of it: %j',
  (dumpArgs) => {
    expect(() => engine.planLoad(question(dumpArgs))).toThrow(/may hold only a part/)
    expect(() => engine.planLoad(question(dumpArgs, { purpose: 'empty' }))).not.toThrow()
  },
)

test('a container without a shell of MongoDB is told what it lacks', () => {
  const tools = new Map([['mongorestore', '1']])
  expect(() => engine.planLoad(question([], { tools }))).toThrow('neither mongosh nor mongo is found')
})

test('counted are the collections of the users; a time series is left to itself', () => {
  const { read } = engine.planCount(question([]))
  const found = read(
    [
      'noise',
      '["marina","shop","a.b",3,false]',
      '["marina","shop","ts",9,true]',
      '["marina","admin","x",1,false]',
    ].join('\n'),
  )
  const { isOwnTable } = engine
  expect(compareRows({ 'shop.a.b': 3 }, found, isOwnTable)).toEqual([])
  expect(compareRows({ 'shop.a.b': 4 }, found, isOwnTable)).toEqual([{ table: 'shop.a.b', expected: 4, found: 3 }])
})

test.each`
  words                                                                              | hint
  ${'not authorized on shop to execute command'}                                     | ${'the roles "restore"'}
  ${'(AuthenticationFailed) Authentication failed.'}                                 | ${'write the account that loads'}
  ${'(NotWritablePrimary) not primary'}                                              | ${'name the set'}
  ${'server selection error: dial tcp 127.0.0.1:27017: connect: connection refused'} | ${'say where the server listens'}
`('$words: what helps', ({ words, hint }) => {
  expect(engine.planLoad(question([])).hint(words)).toContain(hint)
})
