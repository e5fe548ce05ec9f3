/** Reads files of the checked-out repository: the configuration, and scripts for `/backup.sh`. */
import { lstat, readFile, realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { excerpt } from '../config/excerpt.ts'
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
  const found = await stat(path).catch(async (error: NodeJS.ErrnoException) => fail(await whyNotFound(path, error)))
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
