/** What can go wrong with an instance on a real engine: each failure has its status, and one sentence that says what failed and what to do. */

import { mkdir, readFile, symlink, writeFile as write } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ActionResult, runAction } from '../../../examples/demo/action.ts'
import {
  builtImage,
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  shell,
  testEngine,
  toldImage,
  writeFile,
} from '../../support/run.ts'
import { makeWorkspace } from '../../support/workspace.ts'
import { readAsRunner } from '../../unit/action/runner-model.ts'

const engine = testEngine()
const id = (what: string) => engine.name(what)

const undo: (() => Promise<unknown>)[] = []
const MISSING = '{MARINA_TEST_NOT_SET}'
let ran: ActionResult
let hostName: string
let config: string

beforeAll(async () => {
  hostName = await engine.ok(['info', '--format', '{{.Name}}'])
  const image = await toldImage(engine)
  const lacking = await toldImage(engine, 'no-tools', ['RUN rm /bin/sh'])
  const shellForm = await toldImage(engine, 'shell-form', ['ENTRYPOINT echo nothing is done'])
  const unknownUser = await toldImage(engine, 'unknown-user', ['USER nobodyknows'])
  const notExecutable = await builtImage(engine, 'not-executable', [writeFile('/backup.sh', '#!/bin/sh\nexit 0\n')])
  const noInterpreter = await builtImage(engine, 'no-interpreter', [
    writeFile('/backup.sh', '#!/bin/zsh\n'),
    'RUN chmod 755 /backup.sh',
  ])
  const empty = await filledVolume(engine, 'f-empty', '')
  const good = await filledVolume(engine, 'f-good', 'mkdir in hollow; echo x >in/file; ln -s in link; mkfifo pipe')
  await engine.ok(['create', '--name', `marina-run-${id('foreign')}`, engine.baseImage, 'true'])
  const told = (what: string, text: string, more: object = {}) => ({
    id: id(what),
    customImage: image,
    pull: 'never',
    targets: [{ volume: good }],
    env: { DO: shell(text) },
    ...more,
  })
  const from = (what: string, name: string, more: object = {}) => told(what, 'exit 0', { customImage: name, ...more })
  const on = (what: string, ...targets: object[]) => told(what, 'exit 0', { targets })
  const instances = [
    told('exit7', 'echo to stdout; echo the disk is away >&2; exit 7'),
    told('killed', 'sh -c "kill -9 \\$$"; exit $?'),
    told('memory', 'a=x; while :; do a=$a$a; done', { resources: { memory: '20m' } }),
    told('memory-within', 'sh -c "a=x; while :; do a=\\$a\\$a; done"; exit 0', { resources: { memory: '20m' } }),
    from('no-script', engine.baseImage),
    from('not-executable', notExecutable),
    from('no-interpreter', noInterpreter),
    from('shell-form', shellForm),
    from('unknown-user', unknownUser),
    from('no-entrypoint', image, { entrypoint: '/not/here' }),
    told('tool-entrypoint', 'exit 0', { entrypoint: 'cp' }),
    from('tool-no-script', engine.baseImage, { entrypoint: '/bin/cp' }),
    from('no-registry', '127.0.0.1:9/nobody/nothing:1', { pull: 'always' }),
    from('never-pulled', 'nobody/nothing:1'),
    on('missing', { volume: id('f-missing') }),
    on('empty', { volume: empty }),
    on('empty-copy', { volume: empty, staging: 'copy' }),
    told('partial', 'echo "partial=$MARINA_PARTIAL of $MARINA_FAILED_TARGETS"; cat $MARINA_BACKUP_DIR/manifest.json', {
      targets: [{ volume: good }, { volume: id('f-missing') }, { volume: empty }],
    }),
    told('exit7-partial', 'exit 7', { targets: [{ volume: good }, { volume: empty }] }),
    on('path-missing', { volume: good, paths: ['in/file', 'not/there'] }),
    on('path-below-file', { volume: good, paths: ['in/file/below'] }),
    on('path-is-link', { volume: good, paths: ['link'] }),
    on('path-through-link', { volume: good, paths: ['link/file'] }),
    on('path-empty', { volume: good, paths: ['hollow'] }),
    told('mounts-missing', 'exit 0', { mounts: [`${id('f-nowhere')}:/mnt`] }),
    told('folder-missing', 'exit 0', { mounts: ['/marina-test-nowhere:/mnt'] }),
    told('folder-missing-copied', 'exit 0', {
      mounts: ['/marina-test-nowhere:/mnt'],
      targets: [{ volume: good, staging: 'copy' }],
    }),
    told('no-network', 'exit 0', { network: id('f-network') }),
    told('no-tools', 'exit 0', { customImage: lacking, targets: [{ volume: good, staging: 'copy' }] }),
    told('foreign', 'exit 0'),
    told('script-missing', 'exit 0', { script: 'not/here.sh' }),
    told('script-out', 'exit 0', { script: 'out.sh' }),
    told('script-folder', 'exit 0', { script: 'folder' }),
    { id: id('variable'), customImage: image, targets: [], env: { A: `$${MISSING}` } },
    { id: id('nothing-labelled'), customImage: image },
  ]
  config = `instances:\n${instances.map((one) => `  - ${JSON.stringify(one)}\n`).join('')}`
  const workspace = await makeWorkspaceOf()
  ran = await runAction({ docker: engine, workspace, inputs: { 'max-parallel': '4' } })
})

afterAll(async () => {
  for (const step of undo) await step()
  await engine.docker(['rm', '-fv', `marina-run-${id('foreign')}`])
  await engine.docker(['volume', 'rm', id('f-empty'), id('f-good')])
})

async function makeWorkspaceOf(): Promise<string> {
  const workspace = await makeWorkspace({ 'config.yml': config }, (remove) => void undo.push(remove))
  await write(join(dirname(workspace), 'secret.sh'), '#!/bin/sh\n')
  await symlink('../secret.sh', join(workspace, 'out.sh'))
  await mkdir(join(workspace, 'folder'))
  return workspace
}

const sentence = (text: string) => text.replace(/<([\w-]+)>/g, (_, what: string) => id(what))

/** Which instance, the phase it failed in, its exit code, and the whole sentence, where `<x>` is this engine's name of x. */
const FAILED: readonly (readonly [string, string | null, number | null, string | RegExp])[] = [
  ['exit7', 'run', 7, /^its script ended with exit code 7( after \d+(\.\d)? s)?$/],
  ['killed', 'run', 137, /^the backup was killed by SIGKILL \(exit code 137\): see its log, and whether/],
  [
    'memory',
    'run',
    137,
    // an engine under load can miss why
    /^the backup (ran out of memory and was killed \(exit code 137\)|was killed \(exit code 137\), as when it runs out of memory): its limit is 20m \(resources\.memory\)/,
  ],
  [
    'memory-within',
    'run',
    0,
    'memory ran out, and a process that the script had started was killed; the script went on and ended with exit code 0, but the backup is not whole: its limit is 20m (resources.memory)',
  ],
  [
    'no-script',
    'run',
    null,
    'image <base>:latest has no /backup.sh: put one there (COPY backup.sh /backup.sh), or give the instance a script',
  ],
  [
    'not-executable',
    'run',
    null,
    '/backup.sh of image <not-executable>:latest could not be started: permission denied. Make it executable (chmod 0755)',
  ],
  [
    'no-interpreter',
    'run',
    1,
    '/backup.sh of image <no-interpreter>:latest could not be started: its first line asks for /bin/zsh, which the image does not have. Write one that it has (such as #!/bin/sh), or use an image with /bin/zsh',
  ],
  [
    'shell-form',
    'image',
    null,
    'image <shell-form>:latest has a shell-form ENTRYPOINT, which drops /backup.sh and so would back up nothing: write it as ENTRYPOINT ["…"], or set entrypoint',
  ],
  [
    'unknown-user',
    'claim',
    null,
    'user nobodyknows is not in /etc/passwd or /etc/group of image <unknown-user>:latest: give its numbers, such as user: "1000:1000"',
  ],
  [
    'no-entrypoint',
    'run',
    null,
    'the entrypoint /not/here could not be started in image <told>:latest: no such file or directory. See the ENTRYPOINT of the image, or entrypoint in the configuration',
  ],
  [
    'tool-entrypoint',
    'run',
    1,
    /^its container ended with exit code 1( after \d+(\.\d)? s)?\. The ENTRYPOINT \(cp\) got \/backup\.sh as an argument: if it does not run it, set entrypoint: "" so that the script itself runs$/,
  ],
  [
    'tool-no-script',
    'run',
    1,
    'image <base>:latest has no /backup.sh, and its ENTRYPOINT (cp) got it as an argument: give the instance a script, and set entrypoint: "" so that the script runs',
  ],
  [
    'no-registry',
    'image',
    null,
    /^image 127\.0\.0\.1:9\/nobody\/nothing:1 could not be pulled: .*connection refused\. This host did not reach the registry: /,
  ],
  [
    'never-pulled',
    'image',
    null,
    'image nobody/nothing:1 is not on this host, and pull is "never": build or load it there, or set pull to "missing"',
  ],
  [
    'missing',
    'resolve',
    null,
    /^volume "<f-missing>" does not exist on host HOST: look its name up \(docker volume ls\), or take it out of line \d+ of the configuration$/,
  ],
  [
    'empty',
    'stage',
    null,
    'volume <f-empty> is empty, or holds nothing but sockets: nothing was backed up of it. If it may be empty, set allowEmpty: true',
  ],
  ['empty-copy', 'stage', null, 'volume <f-empty> is empty: set "allowEmpty: true" on the target if that is meant'],
  ['exit7-partial', 'run', 7, /^its script ended with exit code 7( after \d+(\.\d)? s)?$/],
  // an engine that mounts paths says of them what a copy says
  ['path-missing', 'stage', null, 'path "not/there" does not exist in volume <f-good>'],
  ['path-below-file', 'stage', null, 'path "in/file/below" does not exist in volume <f-good>'],
  ['path-is-link', 'stage', null, 'path "link" of volume <f-good> is a symbolic link: name what it points to'],
  [
    'path-through-link',
    'stage',
    null,
    'path "link/file" of volume <f-good> leads through the symbolic link "link": name the real path',
  ],
  [
    'path-empty',
    'stage',
    null,
    'nothing is selected of volume <f-good>: look at "paths" and "exclude", or set "allowEmpty: true"',
  ],
  [
    'mounts-missing',
    'image',
    null,
    /^volume <f-nowhere>, named in mounts, does not exist on host HOST: create it \(docker volume create\)$/,
  ],
  // before anything is copied, and so before anybody is stopped
  ...['folder-missing', 'folder-missing-copied'].map(
    (name) =>
      [
        name,
        'claim',
        null,
        'folder /marina-test-nowhere is not on the Docker host: if it should lie on a disk of its own, mount that disk; else create the folder (mkdir -p), or correct mounts or repository',
      ] as const,
  ),
  ['no-network', 'run', null, /^the backup container could not be started: network <f-network> not found/],
  [
    'no-tools',
    'claim',
    null,
    'nothing can be copied with this image: <no-tools>:latest has no shell (sh). Set helperImage to one that has sh, find, stat, cp and tar, such as busybox or debian',
  ],
  [
    'foreign',
    'claim',
    null,
    "a container named marina-run-<foreign> is on this host, and it is not Marina's: rename or remove it (docker rm marina-run-<foreign>), or choose another id",
  ],
  [
    'script-missing',
    'resolve',
    null,
    'script not/here.sh is not in the repository: check its name, and that the repository is checked out',
  ],
  [
    'script-out',
    'resolve',
    null,
    'script out.sh is a link that leads out of the repository: name a file that is in it',
  ],
  ['script-folder', 'resolve', null, 'script folder is a folder: name the file in it that makes the backup'],
  ['variable', null, null, /`env\.A` needs the variable MARINA_TEST_NOT_SET, which is not set: give it by the input/],
  [
    'nothing-labelled',
    'resolve',
    null,
    /^no volume or container on this host is labelled for instance <nothing-labelled>: label it \(/,
  ],
]

describe('each failure is one sentence', () => {
  test.each(FAILED)('%s', (what, failedPhase, exitCode, wanted) => {
    const report = reportOf(ran, id(what))
    expect(report).toMatchObject({ status: 'failed', failedPhase, exitCode })
    if (typeof wanted === 'string') expect(report.error).toBe(sentence(wanted))
    else expect(report.error).toMatch(new RegExp(sentence(wanted.source).replace('HOST', hostName)))
    expect(report.error).not.toContain('\n')
    expect(ran.stdout).toContain(report.error) // the job's log has it too
  })

  test('nothing else failed, and every one was tried', () => {
    expect(JSON.parse(ran.outputs.failed ?? '')).toEqual(FAILED.map(([what]) => id(what)).filter((one) => one !== ''))
    expect(ran.outputs).toMatchObject({ result: 'failed', succeeded: '[]', skipped: '[]' })
    expect(ran.code).toBe(1)
  })
})

test('no stack trace, and no bug', () => expectNoTrace(ran))

test('with one of three targets left the image runs, is told, and the instance is partial', async () => {
  const report = reportOf(ran, id('partial'))
  expect(report).toMatchObject({ status: 'partial', exitCode: 0, failedPhase: 'resolve' })
  expect(report.targets.map(({ name, status, staging }) => [name, status, staging])).toEqual([
    [id('f-good'), 'staged', 'mount'],
    [id('f-missing'), 'failed', null],
    [id('f-empty'), 'failed', null],
  ])
  const log = await readFile(report.log ?? '', 'utf8')
  expect(log).toContain(` out partial=1 of ${id('f-missing')},${id('f-empty')}\n`)
  const manifest = JSON.parse(
    log
      .split('\n')
      .flatMap((line) => / out ([{} ].*)$/.exec(line)?.[1] ?? [])
      .join('\n'),
  ) as { targets: object[]; failed: object[] }
  expect(manifest.targets).toMatchObject([{ kind: 'volume', name: id('f-good'), staging: 'mount', files: null }])
  expect(manifest.failed).toMatchObject([{ name: id('f-missing') }, { name: id('f-empty') }])
  expect(ran.outputs.partial).toBe(JSON.stringify([id('partial')]))
})

test('a volume that does not exist is never created', async () => {
  const volumes = await engine.ok(['volume', 'ls', '-q'])
  for (const what of ['f-missing', 'f-nowhere']) expect(volumes).not.toContain(id(what))
})

test('the annotations stand at the instances’ lines, at most ten, below the groups', () => {
  const { obeyed, shown, stopped } = readAsRunner(ran.stdout)
  expect(stopped).toBe(false)
  const errors = obeyed.filter(({ name }) => name === 'error')
  expect(errors).toHaveLength(10)
  expect(errors[0]).toEqual({
    name: 'error',
    properties: { title: `Backup ${id('exit7')}: failed`, file: 'config.yml', line: '2' },
    data: `${id('exit7')}: ${reportOf(ran, id('exit7')).error}: the disk is away`,
  })
  const later = reportOf(ran, id('script-folder'))
  expect(shown).toContain(`error: config.yml:${later.line}: ${later.id}: ${later.error}`)
  const names = obeyed.map(({ name }) => name).filter((name) => /group|error/.test(name))
  expect(names.lastIndexOf('endgroup')).toBeLessThan(names.indexOf('error'))
})

test('the summary has the verdict, each cause with its last words, a row each, and the last lines of output', () => {
  expect(ran.summary).toMatch(/^### ❌ \S+: 34 of 35 backups failed and 1 incomplete: /)
  expect(ran.summary).toMatch(/^> <b>\S+exit7<\/b>: its script .*:<br><code>the disk is away<\/code>/m)
  expect(ran.summary).toMatch(/^\| ❌ \| .* \| failed while your script ran, 1 volume read in place \| /m)
  expect(ran.summary).toMatch(/<pre>\n(.*\n)*to stdout\n(.*\n)*<\/pre>/)
})

test('the exit code of the backup, what it said and its two outputs are in its log', async () => {
  const log = await readFile(reportOf(ran, id('exit7')).log ?? '', 'utf8')
  expect(log).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z out to stdout$/m)
  expect(log).toMatch(/Z err the disk is away$/m)
  expect(log).toMatch(/Z --- failed: its script ended with exit code 7( after \d+(\.\d)? s)?: the disk is away$/m)
})

test('nothing is left', async () => {
  expect(await leftOf(engine)).toEqual([])
})
