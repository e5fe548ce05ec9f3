/** What a newcomer breaks in the first hour, and the sentence that each of it gets: what failed, on which thing, what to do. */
import { readFile } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ActionResult } from '../../../examples/demo/action.ts'
import { expectNoTrace, filledVolume, reportOf, runJob, testEngine, toldImage } from '../../support/run.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)
const SH = '#!/bin/sh\nset -e\n'
let ran: ActionResult
let config: string
const logs = new Map<string, string>()
let image: string
let hostName: string

beforeAll(async () => {
  hostName = await engine.ok(['info', '--format', '{{.Name}}'])
  image = await toldImage(engine)
  const docs = await filledVolume(engine, 'nb-docs', 'echo x >file; chmod 600 file')
  const data = await filledVolume(engine, 'pg-data', 'echo x >file')
  await engine.ok(['tag', image, `${id('postgres')}:16`])
  const mount = `type=volume,src=${data},dst=/var/lib/postgresql/data`
  await engine.ok([
    'run',
    '-d',
    '--name',
    id('pg'),
    '--mount',
    mount,
    '--entrypoint',
    'sleep',
    `${id('postgres')}:16`,
    '1000',
  ])
  const on = (what: string, more: object) => ({ id: id(what), customImage: image, pull: 'never', targets: [], ...more })
  const script = (what: string, more: object = {}) => on(what, { script: `${what}.sh`, ...more })
  const instances = [
    on('volume', { targets: [{ volume: 'docs' }] }),
    on('live', { targets: [{ volume: data }], script: 'good.sh' }),
    on('unpulled', { pull: undefined, script: 'good.sh' }),
    on('nowhere', { customImage: 'localhost/nothing-here:1', pull: undefined }),
    script('windows'),
    script('bom'),
    script('bare'),
    script('zsh'),
    script('env'),
    script('careless'),
    script('changed'),
    script('reads', { user: '1000', targets: [{ volume: docs }] }),
  ]
  config = JSON.stringify({ instances })
}, 300_000)

afterAll(async () => {
  await engine.docker(['rm', '-fv', id('pg')])
  await engine.docker(['volume', 'rm', id('nb-docs'), id('pg-data')])
})

test('all of it runs to its end, and leaves nothing', async () => {
  ran = await runJob(engine, config, {
    inputs: { 'max-parallel': '2' },
    files: {
      'good.sh': SH,
      'windows.sh': SH.replaceAll('\n', '\r\n'),
      'bom.sh': `\ufeff${SH}`,
      'bare.sh': 'echo\n',
      'zsh.sh': '#!/bin/zsh\n',
      'env.sh': '#!/usr/bin/env zsh\n',
      'careless.sh': '#!/bin/sh\nfalse\necho done\n',
      'changed.sh': `${SH}echo "tar: ./volume/uploads/a.log: file changed as we read it" >&2; exit 1\n`,
      'reads.sh': `${SH}cat "$MARINA_BACKUP_DIR"/volume/*/file\n`,
    },
  })
  for (const { id: one, log } of ran.report?.instances ?? [])
    logs.set(one, log === null ? '' : await readFile(log, 'utf8'))
  expectNoTrace(ran)
})

const unstarted = (why: string) => `/backup.sh of image IMAGE could not be started: ${why}`

test.each<[string, string, string | RegExp]>([
  [
    'a volume without its project’s name',
    'volume',
    'volume "docs" does not exist on host HOST. Did you mean "<nb-docs>"? Docker compose puts the project\'s name in front',
  ],
  [
    'Windows line ends',
    'windows',
    'script windows.sh ends its first line with a Windows line end (CRLF): save it with Unix line ends (LF), and write "*.sh text eol=lf" into .gitattributes, so that Git keeps them',
  ],
  [
    'a byte order mark',
    'bom',
    'script bom.sh begins with a byte order mark (BOM), which hides its first line: save it in UTF-8, without a byte order mark',
  ],
  ['no #!', 'bare', 'script bare.sh has no first line that names an interpreter: begin it with #!/bin/sh'],
  [
    'an interpreter that the image lacks',
    'zsh',
    unstarted(
      'its first line asks for /bin/zsh, which the image does not have. Write one that it has (such as #!/bin/sh), or use an image with /bin/zsh',
    ),
  ],
  [
    'the same, by env',
    'env',
    unstarted(
      'its first line asks for zsh, which the image does not have. Write one that it has (such as #!/bin/sh), or use an image with zsh',
    ),
  ],
  [
    'a file that changed under tar',
    'changed',
    /exit code 1.*\. An application wrote to volume uploads while it was read\. Set stopAttached: true on it, .*; or staging: copy/,
  ],
  [
    'a user that may not read',
    'reads',
    /exit code 1.*\. The image runs as user 1000, who may not read or write every file; .*set user: "0:0"/,
  ],
])('%s', (_, what, says) => {
  const { status, error } = reportOf(ran, id(what))
  expect(status).toBe('failed')
  const said = (error ?? '')
    .replaceAll(image, 'IMAGE')
    .replaceAll(hostName, 'HOST')
    .replaceAll(id('nb-docs'), '<nb-docs>')
  if (typeof says === 'string') expect(said).toBe(says)
  else expect(said).toMatch(says)
})

test('the files of a database that runs: a warning that names its dump', () => {
  const { status, warnings } = reportOf(ran, id('live'))
  expect(status).toBe('success')
  expect(warnings).toEqual([
    expect.stringMatching(
      /is the data directory of a running postgres server \(container "\S+pg"\).*db: \S+pg in place of this volume.*stopAttached: true/,
    ),
  ])
})

test('an image that was built on the host: no registry is asked, and the log says so in one line', () => {
  const { status, warnings } = reportOf(ran, id('unpulled'))
  expect([status, warnings]).toEqual(['success', []])
  const lines = (logs.get(id('unpulled')) ?? '').split('\n').filter((line) => /no registry is asked/.test(line))
  expect(lines).toEqual([expect.stringContaining('was never pulled: it is used as it is')])
})

test('a name of the registry localhost: docker asks this host, and nobody else', () => {
  const { status, error } = reportOf(ran, id('nowhere'))
  expect([status, error]).toEqual([
    'failed',
    expect.stringMatching(
      /^image localhost\/nothing-here:1 could not be pulled: .*https?:\/\/localhost\/v2\/.*connection refused\. A name with localhost is of an image that is built on the Docker host: build it there/,
    ),
  ])
})

test('a script that goes on after a failure: a line of the log', () => {
  const { status } = reportOf(ran, id('careless'))
  expect(status).toBe('success')
  expect(logs.get(id('careless'))).toMatch(/ --- script careless\.sh has no `set -e`: a command in it that fails/)
})

test('an input that is misspelt: nothing runs', async () => {
  const refused = await runJob(
    engine,
    JSON.stringify({ instances: [{ id: id('a'), customImage: image, targets: [] }] }),
    {
      env: { INPUT_INSTANCE: 'a' }, // as the runner passes what action.yml does not have
    },
  )
  expect(refused.stdout).toMatch(/^::error::Input instance is unknown: did you mean instances\?$/m)
  expect([refused.code, refused.report]).toEqual([1, null])
})
