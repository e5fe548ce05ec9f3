import { expect, test } from 'vitest'
import { backupFailure, type ContainerEnd } from '../../../src/container/backupVerdict.ts'
import { readScriptHead, type ScriptHead } from '../../../src/container/scriptHead.ts'
import type { ContainerState } from '../../../src/docker/parseContainer.ts'

function ran(state: Partial<ContainerState>, over: Partial<ContainerEnd> = {}): ContainerEnd {
  return {
    work: 'backup',
    image: 'acme/backup:1',
    state: {
      state: 'down',
      status: 'exited',
      startedAt: '2026-11-24T04:00:00.1Z',
      finishedAt: '2026-11-24T04:00:09.1Z',
      exitCode: 0,
      oomKilled: false,
      startError: '',
      ...state,
    },
    stderr: '',
    hasScript: null,
    head: null,
    user: '',
    entrypoint: [],
    memory: null,
    ...over,
  }
}

const never = { status: 'created', startedAt: '0001-01-01T00:00:00Z', exitCode: 127 }

test('exit code 0 of a container that started and ended is the only success', () => {
  expect(backupFailure(ran({}))).toBeNull()
})

test.each`
  what                                      | given                                                                                                           | says
  ${'its own exit code'}                    | ${ran({ exitCode: 7 })}                                                                                         | ${/^its script ended with exit code 7 after 9\.0 s$/}
  ${'a signal'}                             | ${ran({ exitCode: 137 })}                                                                                       | ${/killed by SIGKILL \(exit code 137\)/}
  ${'out of memory, with a limit'}          | ${ran({ exitCode: 137, oomKilled: true }, { memory: '64m' })}                                                   | ${/out of memory.*limit is 64m \(resources\.memory\)/}
  ${'killed, with a limit'}                 | ${ran({ exitCode: 137 }, { memory: '64m' })}                                                                    | ${/killed \(exit code 137\), as when it runs out of memory: its limit is 64m/}
  ${'out of memory, though 0'}              | ${ran({ oomKilled: true })}                                                                                     | ${/^memory ran out, and a process that the script had started was killed; the script went on and ended with exit code 0, but the backup is not whole: the host has too little free memory$/}
  ${'out of memory under a child, noticed'} | ${ran({ exitCode: 1, oomKilled: true }, { memory: '64m' })}                                                     | ${/^memory ran out.*; the script ended with exit code 1, but the backup is not whole: its limit is 64m/}
  ${'a tool as entrypoint'}                 | ${ran({ exitCode: 1 }, { hasScript: true, entrypoint: ['/usr/bin/restic'] })}                                   | ${/exit code 1 after 9\.0 s\. The ENTRYPOINT \(restic\) got \/backup\.sh as an argument: .*set entrypoint: ""/}
  ${'a tool as entrypoint, no script'}      | ${ran({ exitCode: 1 }, { hasScript: false, entrypoint: ['tini', '--', 'rclone'] })}                             | ${/has no \/backup\.sh, and its ENTRYPOINT \(rclone\) got it.*give the instance a script, and set entrypoint: ""/}
  ${'a wrapper as entrypoint'}              | ${ran({ exitCode: 1 }, { hasScript: true, entrypoint: ['/entrypoint.sh'] })}                                    | ${/^its script ended with exit code 1 after 9\.0 s$/}
  ${'a tool as entrypoint, killed'}         | ${ran({ exitCode: 143 }, { hasScript: true, entrypoint: ['restic'] })}                                          | ${/killed by SIGTERM/}
  ${'never started, though 0'}              | ${ran({ ...never, exitCode: 0 })}                                                                               | ${/could not be started/}
  ${'no script'}                            | ${ran(never, { hasScript: false })}                                                                             | ${/has no \/backup\.sh: put one there/}
  ${'no script, said by an entrypoint'}     | ${ran({ exitCode: 2 }, { hasScript: false })}                                                                   | ${/has no \/backup\.sh/}
  ${'a script that says 127 itself'}        | ${ran({ exitCode: 127 }, { hasScript: true })}                                                                  | ${/exit code 127/}
  ${'not executable'}                       | ${ran({ ...never, startError: 'exec: "/backup.sh": permission denied: unknown' }, { hasScript: true })}         | ${/Make it executable/}
  ${'no interpreter'}                       | ${ran({ ...never, startError: 'exec: "/backup.sh": no such file or directory: unknown' }, { hasScript: true })} | ${/names an interpreter/}
  ${'a client that says why'}               | ${ran(never, { stderr: 'Error response from daemon: network nas not found\n', hasScript: true })}               | ${/could not be started: network nas not found/}
  ${'still running'}                        | ${ran({ status: 'running', state: 'running' })}                                                                 | ${/did not end: docker says it is running/}
  ${'dead'}                                 | ${ran({ status: 'dead' })}                                                                                      | ${/did not end: docker says it is dead/}
`('$what', ({ given, says }) => {
  const sentence = backupFailure(given)
  expect(sentence).toMatch(says)
  expect(sentence).not.toContain('\n')
})

const SH = { kind: 'interpreter', program: '/bin/sh' } as const
const BASH = { kind: 'interpreter', program: '/bin/bash' } as const
const ENV_BASH = { kind: 'interpreter', program: 'bash' } as const
const NO_FILE = 'exec: "/backup.sh": no such file or directory: unknown'
const NO_FORMAT = 'exec: "/backup.sh": exec format error: unknown'
const NO_BASH =
  '/backup.sh of image acme/backup:1 could not be started: its first line asks for /bin/bash, which the image does not have. Write one that it has (such as #!/bin/sh), or use an image with /bin/bash'
const CRLF = readScriptHead(Buffer.from('#!/bin/sh\r\n'))
const unstarted = (startError: string, head: ScriptHead) => ran({ ...never, startError }, { hasScript: true, head })
const exits = (exitCode: number, stderr: string, over: Partial<ContainerEnd> = {}) =>
  ran({ exitCode }, { hasScript: true, head: BASH, entrypoint: ['/entrypoint.sh'], stderr, ...over })

test.each`
  what                                | given                                                                                                       | says
  ${'an interpreter that is missing'} | ${unstarted(NO_FILE, BASH)}                                                                                 | ${NO_BASH}
  ${'the same, told by crun'}         | ${exits(127, 'exec /backup.sh: no such file or directory\n')}                                               | ${NO_BASH}
  ${'the same, told by tini'}         | ${exits(127, '[FATAL tini (7)] exec /backup.sh failed: No such file or directory\n')}                       | ${NO_BASH}
  ${'the same, told by dash'}         | ${exits(127, '/entrypoint.sh: 3: exec: /backup.sh: not found\n')}                                           | ${NO_BASH}
  ${'the same, told by bash'}         | ${exits(127, '/entrypoint.sh: line 3: /backup.sh: cannot execute: required file not found\n')}              | ${NO_BASH}
  ${'a bad interpreter'}              | ${exits(126, '/e.sh: /backup.sh: /bin/bash: bad interpreter: No such file or directory\n')}                 | ${NO_BASH}
  ${'env without bash'}               | ${exits(127, "/usr/bin/env: 'bash': No such file or directory\n", { head: ENV_BASH, entrypoint: [] })}      | ${NO_BASH.replaceAll('/bin/bash', 'bash')}
  ${'BusyBox’s env without bash'}     | ${exits(127, "env: can't execute 'bash': No such file or directory\n", { head: ENV_BASH, entrypoint: [] })} | ${NO_BASH.replaceAll('/bin/bash', 'bash')}
  ${'Windows line ends'}              | ${unstarted(NO_FILE, CRLF)}                                                                                 | ${/could not be started: it ends its first line with a Windows line end \(CRLF\): save it/}
  ${'a byte order mark'}              | ${unstarted(NO_FORMAT, readScriptHead(Buffer.from('\ufeff#!/bin/sh\n')))}                                   | ${/could not be started: it begins with a byte order mark/}
  ${'no #!'}                          | ${unstarted(NO_FORMAT, { kind: 'bare' })}                                                                   | ${/could not be started: it has no first line that names an interpreter\. Begin it with #!\/bin\/sh$/}
  ${'a program for another machine'}  | ${unstarted(NO_FORMAT, { kind: 'program' })}                                                                | ${/it is a program for another kind of machine/}
  ${'a program without its loader'}   | ${unstarted(NO_FILE, { kind: 'program' })}                                                                  | ${/it is a program, and the image does not have the libraries/}
  ${'an image for another machine'}   | ${unstarted(NO_FORMAT, SH)}                                                                                 | ${/the image's \/bin\/sh is for another kind of machine/}
  ${'a command of the script’s own'}  | ${exits(127, '/backup.sh: line 5: restic: not found\n')}                                                    | ${/exit code 127/}
  ${'a script that it calls'}         | ${exits(127, '/backup.sh: line 5: /opt/backup.sh: not found\n')}                                            | ${/exit code 127/}
`('a script that is not started: $what', ({ given, says }) => {
  const sentence = backupFailure(given)
  if (typeof says === 'string') expect(sentence).toBe(says)
  else expect(sentence).toMatch(says)
})

const TAR = 'tar: ./volume/nb-docs/log.txt: file changed as we read it'

test.each`
  what                                 | given                                                                            | says
  ${'a file that changed under tar'}   | ${exits(1, `${TAR}\n`)}                                                          | ${/\. An application wrote to volume nb-docs while it was read\. Set stopAttached: true on it, .* or staging: copy/}
  ${'the same, by a name without one'} | ${exits(1, 'tar: log.txt: file changed as we read it\n')}                        | ${/\. An application wrote to the volume while it was read\./}
  ${'a file that went under tar'}      | ${exits(1, 'tar: ./volume/nb-docs/a: File removed before we read it\n')}         | ${/\. An application wrote to volume nb-docs/}
  ${'no right to read, as a user'}     | ${exits(2, 'tar: ./x: Cannot open: Permission denied\n', { user: '1000' })}      | ${/\. The image runs as user 1000, who may not read or write every file; .*set user: "0:0"$/}
  ${'the same, as root'}               | ${exits(2, 'tar: ./x: Cannot open: Permission denied\n', { user: 'root:root' })} | ${/exit code 2 after 9\.0 s$/}
  ${'anything else, as a user'}        | ${exits(2, 'tar: ./x: no\n', { user: 'backup' })}                                | ${/exit code 2 after 9\.0 s$/}
`('$what is told with what to do', ({ given, says }) => {
  expect(backupFailure(given)).toMatch(says)
})
