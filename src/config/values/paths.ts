/** Normalises a target's `paths`: places inside a volume, relative to its root. */
import { excerpt } from '../excerpt.ts'

/**
 * Returns normalised paths: relative, without `.`, empty parts or a leading `/`; sorted, and none below another. No paths mean the whole
 * volume. Wrong paths are left out: `problems` has one sentence for each, with its index in the argument.
 */
export function normalisePaths(paths: readonly string[]): {
  paths: readonly string[]
  problems: readonly { index: number; message: string }[]
} {
  const problems: { index: number; message: string }[] = []
  const clean: string[] = []
  for (const [index, path] of paths.entries()) {
    const message = pathProblem(path)
    if (message === null)
      clean.push(
        path
          .split('/')
          .filter((part) => part !== '' && part !== '.')
          .join('/'),
      )
    else problems.push({ index, message })
  }
  return { paths: mergeOverlaps(clean), problems }
}

/** Longest path that Linux takes, bytes. */
const LONGEST_PATH = 4095

function pathProblem(path: string): string | null {
  if (path === '') return 'a path must not be empty: write "/" for the whole volume'
  if (path.includes('\0')) return 'a path must not hold a NUL character'
  if (path.split('/').includes('..')) return `"${excerpt(path)}" leads out of the volume: ".." is not taken`
  const bytes = Buffer.byteLength(path)
  if (bytes > LONGEST_PATH)
    return `"${excerpt(path)}" has ${bytes} bytes: a path of Linux has ${LONGEST_PATH} at most, so nothing can have this one`
  return null
}

function mergeOverlaps(paths: readonly string[]): readonly string[] {
  if (paths.includes('')) return []
  const kept: string[] = []
  // ordered so that what lies below a path follows it directly
  const asKey = (path: string) => path.replaceAll('/', '\0')
  for (const key of [...new Set(paths.map(asKey))].sort()) {
    const above = kept.at(-1)
    if (above === undefined || !key.startsWith(`${above}\0`)) kept.push(key)
  }
  return kept.map((key) => key.replaceAll('\0', '/')).sort()
}
