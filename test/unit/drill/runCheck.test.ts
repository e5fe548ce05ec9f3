import { expect, test } from 'vitest'
import { judgeScript } from '../../../src/drill/runCheck.ts'
import { InstanceError } from '../../../src/errors.ts'

const WANTED = { kind: 'run', run: 'checks/shop.sh', volume: 'shop', line: 3 } as const
const END = { exitCode: 0, oomKilled: false, lines: ['one', 'two', 'three', 'the password is hush'] }

function judge(end: Partial<typeof END>) {
  const quoted: string[] = []
  const docker = {
    redact: (text: string) => text.replace('hush', '***'),
    quotes: (part: string) => void quoted.push(part),
  }
  return { check: judgeScript(docker, WANTED, { ...END, ...end }), quoted }
}

test('exit code 0 says that the data is good, and its last lines are what was seen; strangers do not read them', () => {
  const { check, quoted } = judge({})
  const words = 'two three the password is ***'
  expect(check).toEqual({
    ...{ kind: 'run', target: 'shop', passed: true, looked: true },
    seen: `the check checks/shop.sh passed: ${words}`,
  })
  expect(quoted).toEqual([words])
  expect(judge({ lines: [] })).toMatchObject({ check: { seen: 'the check checks/shop.sh passed' }, quoted: [] })
})

test.each([1, 2, 3, 125, 143, 255])('exit code %d fails the backup', (exitCode) => {
  expect(judge({ exitCode }).check).toMatchObject({
    passed: false,
    seen: expect.stringContaining(`failed with exit code ${exitCode}: two three`),
  })
})

test.each([
  [{ oomKilled: true, exitCode: 1 }, 'ran out of memory'],
  [{ oomKilled: true }, 'ran out of memory'],
  [{ exitCode: 137 }, 'was killed'],
  [{ exitCode: 126 }, 'a command is not in its image'],
  [{ exitCode: 127, lines: ['sqlite3: not found'] }, 'a command is not in its image: sqlite3: not found'],
])('%j says nothing of the backup', (end, words) => {
  expect(() => judge(end)).toThrow(InstanceError)
  expect(() => judge(end)).toThrow(words)
})
