import { appendFileSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { appendOrRollBack } from '../../../src/action/appendFile.ts'

test('what was begun when the disk filled is taken back; what stood before stays; a file that is none is left alone', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'marina-whole-'))
  try {
    const path = join(folder, 'output')
    await writeFile(path, 'before=1\n')
    const fails = () => {
      appendFileSync(path, 'result<<word\nsucc')
      throw new Error('ENOSPC')
    }
    expect(() => appendOrRollBack(path, fails)).toThrow('ENOSPC')
    expect(await readFile(path, 'utf8')).toBe('before=1\n')
    appendOrRollBack(path, () => appendFileSync(path, 'after=2\n'))
    expect(await readFile(path, 'utf8')).toBe('before=1\nafter=2\n')
    expect(() => appendOrRollBack('/dev/full', () => appendFileSync('/dev/full', 'x'))).toThrow('ENOSPC')
    expect(() => appendOrRollBack(join(folder, 'none'), () => {})).not.toThrow()
  } finally {
    await rm(folder, { recursive: true })
  }
})
