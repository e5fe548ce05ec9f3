/** Translates the stack trace of a bug from the minified bundle to lines of `src/`, by the source map beside the bundle. */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceOrigin } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * Returns `stack` with each place in `bundle` (a file's URL) replaced by its place in `src/`. The map is read only here, when a bug is
 * reported; without a map the stack stays unchanged.
 */
export function withSourceLines(stack: string, bundle: string): string {
  try {
    const map = new SourceMap(JSON.parse(readFileSync(`${fileURLToPath(bundle)}.map`, 'utf8')))
    return stack.replaceAll(/(file:\/\/\S+?):(\d+):(\d+)/g, (place, file: string, line: string, column: string) => {
      if (file !== bundle) return place
      const origin = map.findOrigin(Number(line), Number(column)) as Partial<SourceOrigin>
      return origin.fileName === undefined ? place : `${origin.fileName}:${origin.lineNumber}:${origin.columnNumber}`
    })
  } catch {
    return stack
  }
}
