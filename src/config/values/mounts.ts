/** Parses the user's own mounts, in the forms of `docker run`: `--mount` text, or the short `source:/target[:ro]`. */

/** A mount of the user's for the backup container. The source of a bind is a path on the Docker host. */
export interface UserMount {
  readonly type: 'bind' | 'volume' | 'tmpfs'
  /** `null` for a tmpfs, and for a volume without a name. */
  readonly source: string | null
  readonly target: string
  readonly readonly: boolean
}

type MountResult = { readonly ok: true; readonly mount: UserMount } | { readonly ok: false; readonly message: string }

const VOLUME_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/**
 * Parses one mount, or says in one sentence what is wrong with it. A mount at or below `/backup` is refused, because it would hide the
 * staged data.
 */
export function parseMount(text: string): MountResult {
  const read = /^[a-z-]+=/.test(text) ? readLong(text) : readShort(text)
  if (typeof read === 'string') return { ok: false, message: read }
  const message = mountProblem(read)
  return message === null ? { ok: true, mount: read } : { ok: false, message }
}

function readShort(text: string): UserMount | string {
  const parts = text.split(':')
  const [source = '', target = '', mode] = parts
  if (parts.length < 2 || parts.length > 3)
    return 'a mount is written source:/target, with :ro after it where it is read-only'
  if (mode !== undefined && mode !== 'ro' && mode !== 'rw') return `the mount's mode "${mode}" is neither ro nor rw`
  return { type: source.startsWith('/') ? 'bind' : 'volume', source, target, readonly: mode === 'ro' }
}

const LONG_KEYS: Readonly<Record<string, 'type' | 'source' | 'target' | 'readonly'>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'target',
  destination: 'target',
  dst: 'target',
  readonly: 'readonly',
  ro: 'readonly',
}

function readLong(text: string): UserMount | string {
  const values: { type?: string; source?: string; target?: string; readonly?: string } = {}
  for (const option of text.split(',')) {
    const [name = '', ...rest] = option.split('=')
    const key = Object.hasOwn(LONG_KEYS, name) ? LONG_KEYS[name] : undefined
    if (key === undefined) return `the mount option "${name}" is not taken: type, source, target and readonly are`
    if (values[key] !== undefined) return `the mount names its ${key} twice`
    values[key] = rest.length === 0 && key === 'readonly' ? 'true' : rest.join('=')
  }
  const { type = 'volume', source = null, target = '', readonly = 'false' } = values
  if (type !== 'bind' && type !== 'volume' && type !== 'tmpfs')
    return `the mount's type "${type}" is not bind, volume or tmpfs`
  if (!['true', 'false', '1', '0'].includes(readonly)) return "the mount's readonly is neither true nor false"
  return { type, source: source === '' ? null : source, target, readonly: readonly === 'true' || readonly === '1' }
}

function mountProblem({ type, source, target }: UserMount): string | null {
  if (!target.startsWith('/')) return 'the mount needs a target that begins with "/": a path in the backup container'
  const parts = target.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) return 'the mount\'s target must not hold ".."'
  if (parts.length === 0) return 'nothing can be mounted at "/"'
  if (parts[0] === 'backup')
    return 'the mount lies at or below /backup, where the staged data is: choose another target'
  if (/[",\n\r\0]/.test(`${source ?? ''}${target}`)) return 'a mount must not hold commas, quotes or line breaks'
  if (type === 'bind' && !source?.startsWith('/'))
    return 'a bind mount needs a source that begins with "/": a path on the Docker host'
  if (type === 'volume' && source !== null && !VOLUME_NAME.test(source)) {
    return 'the mount\'s source is neither a path on the Docker host (it begins with "/") nor the name of a volume'
  }
  if (type === 'tmpfs' && source !== null) return 'a tmpfs mount has no source'
  return null
}
