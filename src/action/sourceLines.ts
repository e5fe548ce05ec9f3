/** Translates the stack trace of a bug from the minified bundle to lines of `src/`, by the source maps beside the bundle. */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceOrigin } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Returns `stack` with each place in `bundle` (a file's URL) and in the bundle's other files in the same folder replaced by its place in
 * `src/`. The maps are read only here, when a bug is reported; a place in a file without a map stays unchanged.
 */
export function withSourceLines(stack: string, bundle: string): string {
  const folder = bundle.slice(0, bundle.lastIndexOf('/') + 1)
  const maps = new Map<string, SourceMap | null>()
  return stack.replaceAll(/(file:\/\/\S+?):(\d+):(\d+)/g, (place, file: string, line: string, column: string) => {
    if (file.slice(0, file.lastIndexOf('/') + 1) !== folder) return place
    const map = maps.get(file) ?? readMap(file)
    maps.set(file, map)
    const origin = map?.findOrigin(Number(line), Number(column)) as Partial<SourceOrigin> | undefined
    return origin?.fileName === undefined ? place : `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`
  })
}

function readMap(file: string): SourceMap | null {
  try {
    return new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(file)}.map`, 'utf8')))
  } catch {
    return null
  }
}
