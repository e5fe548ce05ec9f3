/** Reads files of the checked-out repository: the configuration, and scripts for `/backup.sh`. */
import { lstat, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { excerpt } from '../config/excerpt.ts'
import { nearestWord } from '../config/nearestWord.ts'
import { InputError, InstanceError } from '../errors.ts'

const MIB = 1024 * 1024
/** Size limit of a configuration, bytes: ten thousand instances fit. */
const MOST_CONFIGURATION = 8 * MIB
/** Size limit of a script, bytes: it is put into the container in one piece. */
const MOST_SCRIPT = 16 * MIB

/** Reads the text of the configuration. `file` is relative to the folder `workspace`. Throws an `InputError` that says why it cannot be read. */
export async function readConfigurationText(workspace: string, file: string): Promise<string> {
  const fail = (why: string): never => {
    throw new InputError(`${excerpt(file)} could not be read: ${why}`)
  }
  const path = resolve(workspace, file)
  const found = await stat(path).catch(async (error: NodeJS.ErrnoException) => {
    const near = error.code === 'ENOENT' && !(await isLink(path)) ? await nearFile(workspace, path) : null
    if (near !== null)
      fail(`there is no such file in the workspace, but ${excerpt(near)} is there: set the input config to it`)
    return fail(await whyNotFound(path, error))
  })
  if (found.isDirectory()) fail('it is a folder: name the file in it, such as config.yml, by the input config')
  if (!found.isFile()) fail('it is no regular file (a device, a pipe or a socket)')
  if (found.size > MOST_CONFIGURATION) fail('it is larger than 8 MiB: that is no configuration')
  const bytes = await readFile(path).catch(async (error: NodeJS.ErrnoException) => fail(await whyNotFound(path, error)))
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return fail('it is not text in UTF-8: save it in that encoding')
  }
}

/** Names under which a configuration may stand if it is not called as the input says, without their extension. */
const USUAL_NAMES = ['config', 'marina', 'backup', 'backups']
/** Folders in which nobody keeps a configuration. */
const OTHER_FOLDERS = new Set(['.git', 'node_modules'])

/**
 * Finds the file that was probably meant by `wanted`, which does not exist: first beside it, then at the top of the workspace, then in the
 * folders there. Returns its path from the workspace; `null` if there is none.
 */
async function nearFile(workspace: string, wanted: string): Promise<string | null> {
  const top = await readdir(workspace, { withFileTypes: true }).catch(() => [])
  const folders = top.filter((one) => one.isDirectory() && !OTHER_FOLDERS.has(one.name)).map(({ name }) => name)
  const places = [dirname(wanted), workspace, ...folders.sort().map((name) => join(workspace, name))]
  for (const place of new Set(places)) {
    const entries = await readdir(place, { withFileTypes: true }).catch(() => [])
    const files = entries.filter((one) => one.isFile() && /\.ya?ml$/i.test(one.name)).map(({ name }) => name)
    const name = nearestFile(basename(wanted), files.sort())
    const path = name === null ? null : relative(workspace, join(place, name))
    if (path !== null && !path.startsWith('..')) return path
  }
  return null
}

/** Returns the file name that is `wanted` with another extension, another case or a slip; else one of the usual names; `null` if there is none. */
function nearestFile(wanted: string, files: readonly string[]): string | null {
  const stem = (name: string) => name.replace(/\.[^.]*$/, '').toLowerCase()
  const slip = nearestWord(stem(wanted), files.map(stem))
  const stems = [stem(wanted), ...(slip === null ? [] : [slip]), ...USUAL_NAMES]
  for (const one of stems) {
    const found = files.find((name) => stem(name) === one)
    if (found !== undefined) return found
  }
  return null
}

/** Says in words why the file at `path` could not be opened, which `error` tells by its code. */
async function whyNotFound(path: string, error: NodeJS.ErrnoException): Promise<string> {
  if (error.code === 'ENOENT') {
    return (await isLink(path))
      ? 'it is a link to something that is not there'
      : 'there is no such file in the workspace. Check out the repository first (actions/checkout), or set the input config'
  }
  if (error.code === 'EACCES' || error.code === 'EPERM')
    return 'the user of this runner may not read it: mind its mode, and those of the folders above it'
  if (error.code === 'ENOTDIR') return 'a part of its path is a file, not a folder'
  if (error.code === 'ELOOP') return 'it is a link that leads to itself'
  if (error.code === 'ENAMETOOLONG') return 'its name is longer than any file can have'
  return error.message
}

async function isLink(path: string): Promise<boolean> {
  return lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  )
}

/** The folder in which scripts are looked for, and the configuration that names them. */
interface ScriptPlace {
  readonly workspace: string
  /** Path of the configuration. It is needed only to say that a script lies in the configuration's folder, and not where it was looked for. */
  readonly configFile: string
}

/** Reads a script. Throws an `InstanceError` if it is missing, lies outside the repository, is no regular file, is too large or cannot be read. */
export async function readScript({ workspace, configFile }: ScriptPlace, file: string): Promise<Buffer> {
  const name = `script ${excerpt(file)}`
  const path = await realpath(join(workspace, file)).catch(() => null)
  if (path === null) {
    const beside = relative(workspace, resolve(workspace, dirname(configFile), file))
    const isBeside =
      beside !== join(file) &&
      !beside.startsWith('..') &&
      (await stat(resolve(workspace, beside)).catch(() => null))?.isFile()
    throw new InstanceError(
      isBeside
        ? `${name} is not in the repository: its path is from the root of the repository, not from the configuration's folder. Write script: ${excerpt(beside)}`
        : `${name} is not in the repository: check its name, and that the repository is checked out`,
    )
  }
  if (!path.startsWith(`${await realpath(workspace)}${sep}`))
    throw new InstanceError(`${name} is a link that leads out of the repository: name a file that is in it`)
  const found = await stat(path)
  if (found.isDirectory()) throw new InstanceError(`${name} is a folder: name the file in it that makes the backup`)
  if (!found.isFile()) throw new InstanceError(`${name} is no regular file (a device, a pipe or a socket)`)
  if (found.size > MOST_SCRIPT) throw new InstanceError(`${name} is larger than 16 MiB: build it into an image instead`)
  return readFile(path).catch((error: Error) => {
    throw new InstanceError(`${name} could not be read: ${error.message}`)
  })
}
