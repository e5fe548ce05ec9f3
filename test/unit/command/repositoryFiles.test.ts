import { execFileSync } from 'node:child_process'
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readConfigurationText, readScript } from '../../../src/command/repositoryFiles.ts'
import { InputError, InstanceError } from '../../../src/errors.ts'
import { makeWorkspace } from '../../support/workspace.ts'

let workspace: string
let remove: () => Promise<void>
beforeEach(async () => {
  workspace = await makeWorkspace(
    { 'config.yml': 'instances: []\n', 'nas/config.yml': 'x', 'nas/backup.sh': 'beside', 'root.sh': 'root' },
    (end) => {
      remove = end
    },
  )
  await symlink('nowhere.yml', join(workspace, 'dangling.yml'))
  await symlink('loop.yml', join(workspace, 'loop.yml'))
  await symlink('config.yml', join(workspace, 'link.yml'))
  await symlink('/etc/hostname', join(workspace, 'out.sh'))
  execFileSync('mkfifo', [join(workspace, 'pipe')])
})

afterEach(() => remove())

describe('the configuration', () => {
  const why = async (file: string) => {
    const error = await readConfigurationText(workspace, file).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InputError)
    return (error as Error).message
  }

  test('is text in UTF-8, with a mark at its beginning or without', async () => {
    await writeFile(join(workspace, 'bom.yml'), '\ufeffa: ü\n')
    expect(await readConfigurationText(workspace, 'bom.yml')).toBe('a: ü\n')
    expect(await readConfigurationText(workspace, 'link.yml')).toBe('instances: []\n')
    expect(await readConfigurationText(workspace, join(workspace, 'config.yml'))).toBe('instances: []\n')
  })

  test.each([
    ['nas', 'it is a folder: name the file in it, such as config.yml, by the input config'],
    ['.', 'it is a folder: name the file in it, such as config.yml, by the input config'],
    ['pipe', 'it is no regular file (a device, a pipe or a socket)'],
    ['/dev/zero', 'it is no regular file (a device, a pipe or a socket)'],
    ['dangling.yml', 'it is a link to something that is not there'],
    ['loop.yml', 'it is a link that leads to itself'],
    ['config.yml/x', 'a part of its path is a file, not a folder'],
    ['none.yml', 'there is no such file in the workspace, but config.yml is there: set the input config to it'],
    [
      'nas/conifg.yml',
      'there is no such file in the workspace, but nas/config.yml is there: set the input config to it',
    ],
  ])('%s', async (file, reason) => {
    expect(await why(file)).toBe(`${file} could not be read: ${reason}`)
  })

  test.each([
    ['config.yml', ['config.yaml'], 'config.yaml'],
    ['config.yml', ['Config.yml'], 'Config.yml'],
    ['config.yml', ['marina.yml', 'other.yml'], 'marina.yml'],
    ['config.yml', ['.github/config.yml'], '.github/config.yml'],
    ['config.yml', ['deploy/backup.yaml', '.github/dependabot.yml'], 'deploy/backup.yaml'],
    ['nas.yml', ['hosts/nsa.yml', 'config.txt'], 'hosts/nsa.yml'],
    ['config.yml', ['compose.yml', '.git/config.yml', 'node_modules/config.yml', '.github/workflows/backup.yml'], null],
    ['config.yml', [], null],
  ])('%s, where there is %j: %s', async (wanted, files, near) => {
    await rm(workspace, { recursive: true })
    for (const file of files) {
      await mkdir(dirname(join(workspace, file)), { recursive: true })
      await writeFile(join(workspace, file), 'x')
    }
    const hint =
      near === null
        ? '. Check out the repository first (actions/checkout), or set the input config'
        : `, but ${near} is there: set the input config to it`
    expect(await why(wanted)).toBe(`${wanted} could not be read: there is no such file in the workspace${hint}`)
    await mkdir(workspace, { recursive: true })
  })

  test('what is too large, not UTF-8, or has a name without end', async () => {
    await writeFile(join(workspace, 'large.yml'), 'x'.repeat(8 * 1024 * 1024 + 1))
    await writeFile(join(workspace, 'latin.yml'), Buffer.from('a: \xfc\n', 'latin1'))
    await writeFile(join(workspace, 'utf16.yml'), Buffer.from('\ufeffa: 1\n', 'utf16le'))
    expect(await why('large.yml')).toContain('it is larger than 8 MiB')
    expect(await why('latin.yml')).toContain('it is not text in UTF-8')
    expect(await why('utf16.yml')).toContain('it is not text in UTF-8')
    const long = await why('x'.repeat(5000))
    expect(long).toContain('its name is longer than any file can have')
    expect(long.length).toBeLessThan(300)
  })
})

describe('a script', () => {
  const read = (file: string, configFile = 'config.yml') => readScript({ workspace, configFile }, file)
  const why = async (file: string, configFile?: string) => {
    const error = await read(file, configFile).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InstanceError)
    return (error as Error).message
  }

  test("is looked for from the repository's root", async () => {
    expect((await read('root.sh', 'nas/config.yml')).toString()).toBe('root')
    expect((await read('nas/backup.sh')).toString()).toBe('beside')
  })

  test.each([
    [
      'backup.sh',
      'nas/config.yml',
      "script backup.sh is not in the repository: its path is from the root of the repository, not from the configuration's folder. Write script: nas/backup.sh",
    ],
    [
      './backup.sh',
      './nas/config.yml',
      "script ./backup.sh is not in the repository: its path is from the root of the repository, not from the configuration's folder. Write script: nas/backup.sh",
    ],
    [
      'backup.sh',
      'config.yml',
      'script backup.sh is not in the repository: check its name, and that the repository is checked out',
    ],
    [
      'other.sh',
      'nas/config.yml',
      'script other.sh is not in the repository: check its name, and that the repository is checked out',
    ],
    ['out.sh', 'config.yml', 'script out.sh is a link that leads out of the repository: name a file that is in it'],
    ['nas', 'config.yml', 'script nas is a folder: name the file in it that makes the backup'],
    ['pipe', 'config.yml', 'script pipe is no regular file (a device, a pipe or a socket)'],
    [
      'dangling.yml',
      'config.yml',
      'script dangling.yml is not in the repository: check its name, and that the repository is checked out',
    ],
  ])('%s beside %s', async (file, configFile, sentence) => {
    expect(await why(file, configFile)).toBe(sentence)
  })

  test("the configuration's folder by its whole path", async () => {
    await mkdir(join(workspace, 'deep/er'), { recursive: true })
    await writeFile(join(workspace, 'deep/er/b.sh'), 'x')
    expect(await why('b.sh', join(workspace, 'deep/er/config.yml'))).toContain('Write script: deep/er/b.sh')
  })
})
