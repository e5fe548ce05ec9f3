/** Which ENTRYPOINTs take `/backup.sh` for an argument of their own. */

import { expect, test } from 'vitest'
import { toolOfEntrypoint } from '../../../src/container/entrypoint.ts'

test.each([
  [['/usr/bin/restic'], 'restic'],
  [['rclone'], 'rclone'],
  [['borg'], 'borg'],
  [['/usr/bin/tini', '--', '/usr/bin/kopia'], 'kopia'],
  [['/bin/dumb-init', '--', 'env', 'HOME=/tmp', 'restic', '--no-cache'], 'restic'],
  [['gosu', 'backup', 'duplicity'], 'duplicity'],
  [['timeout', '3600', 'aws'], 'aws'],
])('%j is a tool', (entrypoint, tool) => expect(toolOfEntrypoint(entrypoint, '')).toBe(tool))

test.each([
  [[]],
  [['/bin/sh']],
  [['/docker-entrypoint.sh']],
  [['docker-entrypoint.sh']],
  [['/sbin/tini', '-g', '--', '/usr/local/bin/entrypoint']],
  [['tini', '--']],
  [['/init']],
  [['python3', '/app/main.py']],
  [['bash', '-c', 'exec "$@"', '--']],
  [['gosu', 'backup']],
])('%j runs its arguments, or may', (entrypoint) => expect(toolOfEntrypoint(entrypoint, '')).toBeNull())

test.each([
  'unknown command "/backup.sh" for "restic"',
  'Error: unknown command "/backup.sh" for "rclone"',
  'unknown command "/restore.sh" for "restic"',
  "borg: error: argument <command>: invalid choice: '/backup.sh' (choose from 'benchmark', 'break-lock')",
  'kopia: error: expected command but got "/backup.sh", try --help',
  "git: '/backup.sh' is not a git command. See 'git --help'.",
  'mc: `/backup.sh` is not a recognized command. Get help using `--help` flag.',
])('a script that hands it to a tool: %s', (line) => {
  expect(toolOfEntrypoint(['/entrypoint.sh'], `before\n${line}\n`)).toBe('entrypoint.sh')
})
