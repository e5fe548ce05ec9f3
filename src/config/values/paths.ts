/** A target's `paths`: where inside a volume, written relative to its root. */

/**
 * Normalised paths: relative, without `.`, empty parts or a leading `/`; sorted, and none below another.
 * Empty where the whole volume is meant. The second value says what is wrong, one sentence a path.
 */
export function normalisePaths(paths: readonly string[]): {
  paths: readonly string[]
  problems: readonly { index: number; message: string }[]
} {
  const problems: { index: number; message: string }[] = []
  const clean: string[] = []
  for (const [index, path] of paths.entries()) {
    const message = problemOf(path)
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

function problemOf(path: string): string | null {
  if (path === '') return 'a path must not be empty: write "/" for the whole volume'
  if (path.includes('\0')) return 'a path must not hold a NUL character'
  if (path.split('/').includes('..')) return `"${path}" leads out of the volume: ".." is not taken`
  return null
}

function mergeOverlaps(paths: readonly string[]): readonly string[] {
  if (paths.includes('')) return []
  const unique = [...new Set(paths)].sort()
  return unique.filter((path) => !unique.some((other) => path !== other && path.startsWith(`${other}/`)))
}
