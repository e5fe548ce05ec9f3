/**
 * Takes image references apart by Docker's rules (the registry, the repository in it, whether a digest pins the content), and compares them.
 * Pure.
 */

/** The registry of a name that does not begin with one. Anybody can own a name there. */
const HUB = 'docker.io'

interface ImageName {
  /** `docker.io` where the reference names none. */
  readonly registry: string
  /** Without tag and digest: `library/alpine`. */
  readonly repository: string
  /** The reference ends in a digest: no registry can answer with other content. */
  readonly isPinned: boolean
}

/**
 * Reads a reference that passed the configuration's grammar. The part before the first slash is a registry if it has a dot, a colon or a
 * capital, or is `localhost`; every other reference is Docker Hub's. Source: distribution/reference, splitDockerDomain.
 */
export function parseImageName(reference: string): ImageName {
  const [named = '', digest] = reference.split('@')
  const slash = named.indexOf('/')
  const first = slash < 0 ? '' : named.slice(0, slash)
  const isRegistry = /[.:A-Z]/.test(first) || first === 'localhost'
  const path = (isRegistry ? named.slice(slash + 1) : named).replace(/:[^/]*$/, '')
  const registry = !isRegistry || first === `index.${HUB}` ? HUB : first
  const repository = registry === HUB && !path.includes('/') ? `library/${path}` : path
  return { registry, repository, isPinned: digest !== undefined }
}

/** Tells whether a reference names a tag. The colon of a registry's port is none. */
export function hasTag(reference: string): boolean {
  return /:[^/]*$/.test(reference.split('@')[0] as string)
}

/** Tells whether two references name the same repository of the same registry, whatever their tags. */
export function isSameRepository(a: string, b: string): boolean {
  const [one, other] = [parseImageName(a), parseImageName(b)]
  return one.registry === other.registry && one.repository === other.repository
}

/**
 * Tells whether only the Docker host itself can serve this name: docker asks a registry such as `localhost` on the engine's own machine. So
 * a name like that is for an image that is built on the host.
 */
export function isOfHostOnly(reference: string): boolean {
  return /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])(?::\d+)?$/.test(parseImageName(reference).registry)
}
