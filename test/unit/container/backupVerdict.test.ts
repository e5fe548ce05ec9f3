import { expect, test } from 'vitest'
import { backupFailure, type ContainerEnd } from '../../../src/container/backupVerdict.ts'
import type { ContainerState } from '../../../src/docker/parseContainer.ts'

function ran(state: Partial<ContainerState>, over: Partial<ContainerEnd> = {}): ContainerEnd {
  return {
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
  ${'its own exit code'}                    | ${ran({ exitCode: 7 })}                                                                                         | ${/exit code 7: its log says why/}
  ${'a signal'}                             | ${ran({ exitCode: 137 })}                                                                                       | ${/killed by SIGKILL \(exit code 137\)/}
  ${'out of memory, with a limit'}          | ${ran({ exitCode: 137, oomKilled: true }, { memory: '64m' })}                                                   | ${/out of memory.*limit is 64m \(resources\.memory\)/}
  ${'killed, with a limit'}                 | ${ran({ exitCode: 137 }, { memory: '64m' })}                                                                    | ${/killed \(exit code 137\), as when it runs out of memory: its limit is 64m/}
  ${'out of memory, though 0'}              | ${ran({ oomKilled: true })}                                                                                     | ${/^one of the backup's processes was killed because memory ran out \(the backup ended with exit code 0\)/}
  ${'out of memory under a child, noticed'} | ${ran({ exitCode: 1, oomKilled: true }, { memory: '64m' })}                                                     | ${/^one of the backup's processes was killed because memory ran out \(the backup ended with exit code 1\): its limit is 64m/}
  ${'a tool as entrypoint'}                 | ${ran({ exitCode: 1 }, { hasScript: true, entrypoint: ['/usr/bin/restic'] })}                                   | ${/exit code 1: its log says why\. The ENTRYPOINT \(restic\) got \/backup\.sh as an argument: .*set entrypoint: ""/}
  ${'a tool as entrypoint, no script'}      | ${ran({ exitCode: 1 }, { hasScript: false, entrypoint: ['tini', '--', 'rclone'] })}                             | ${/has no \/backup\.sh, and its ENTRYPOINT \(rclone\) got it.*give the instance a script, and set entrypoint: ""/}
  ${'a wrapper as entrypoint'}              | ${ran({ exitCode: 1 }, { hasScript: true, entrypoint: ['/entrypoint.sh'] })}                                    | ${/^the backup failed with exit code 1: its log says why$/}
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
