/** Finds which containers can write to a volume's data, by the volume's name or by another way to the same place. Pure. */
import { posix } from 'node:path'
import type { Container, ContainerMount } from '../docker/parseContainer.ts'
import type { Volume } from '../docker/volumes.ts'

/**
 * A place where data lies. `space` names what `path` is a path of: the engine's host, one NFS server, CIFS shares, or devices. Two places
 * of one space overlap if their paths are equal or one lies below the other. Symbolic links on the host are not resolved, because neither
 * the engine nor this process can do that.
 */
interface Place {
  readonly space: string
  readonly path: string
}

/** Says how `container` can write to `volume`: `has volume "data" mounted`, …; `null` if it cannot. `others` are all volumes of the host. */
export function howItWrites(
  container: Pick<Container, 'mounts'>,
  volume: Volume,
  others: readonly Volume[],
): string | null {
  const places = placesOf(volume)
  for (const mount of container.mounts) {
    if (!mount.writable) continue
    const way = wayThrough(mount, volume, places, others)
    if (way !== null) return way
  }
  return null
}

function wayThrough(
  mount: ContainerMount,
  volume: Volume,
  places: readonly Place[],
  others: readonly Volume[],
): string | null {
  if (mount.type === 'volume' && mount.name === volume.name) return `has volume "${volume.name}" mounted`
  if (mount.type === 'bind' && meet(places, hostPath(mount.source)))
    return `binds ${mount.source}, where volume "${volume.name}" has its data`
  if (mount.type !== 'volume') return null
  const other = others.find((candidate) => candidate.name === mount.name)
  const otherPlaces = other ? placesOf(other) : hostPath(mount.source)
  return meet(places, otherPlaces)
    ? `has volume "${mount.name}" mounted, which lies where volume "${volume.name}" does`
    : null
}

/** Returns the places of a volume's data: its mount point and, if the `local` driver was given a device, the place that is mounted there. */
function placesOf(volume: Volume): readonly Place[] {
  // a driver that does not say where its data lies gives no mount point, or `/`: that must not meet everything
  const mountpoint = volume.mountpoint === '/' ? [] : hostPath(volume.mountpoint)
  return [...mountpoint, ...(volume.driver === 'local' ? devicePlace(volume.options) : [])]
}

function devicePlace(options: Readonly<Record<string, string>>): readonly Place[] {
  const device = options.device ?? ''
  const mountOptions = (options.o ?? '').split(',')
  if (mountOptions.includes('bind') || mountOptions.includes('rbind')) return hostPath(device)
  const type = options.type ?? ''
  // each tmpfs is one of its own, whatever its device is called
  if (device === '' || type === 'tmpfs') return []
  if (!type.startsWith('nfs')) return [{ space: type === 'cifs' ? 'cifs' : 'device', path: tidy(device) }]
  const addr = mountOptions.find((option) => option.startsWith('addr='))?.slice('addr='.length)
  const colon = device.indexOf(':')
  const server = addr ?? device.slice(0, Math.max(colon, 0))
  return [{ space: `nfs ${server}`, path: tidy(device.slice(colon + 1)) }]
}

function hostPath(path: string): readonly Place[] {
  return path.startsWith('/') ? [{ space: 'host', path: tidy(path) }] : []
}

function tidy(path: string): string {
  const normal = posix.normalize(path)
  return normal.length > 1 ? normal.replace(/\/$/, '') : normal
}

function meet(a: readonly Place[], b: readonly Place[]): boolean {
  return a.some((x) => b.some((y) => x.space === y.space && (within(x.path, y.path) || within(y.path, x.path))))
}

function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory.endsWith('/') ? directory : `${directory}/`)
}
