/** Leads the stack trace of a bug from the minified bundle to the lines of `src/`, by the source map beside the bundle. */
import { readFileSync } from 'node:fs'
import { SourceMap, type SourceOrigin } from 'node:module'
import { fileURLToPath } from 'node:url'

/**
 * The stack with each place in `bundle` (a file's URL) replaced by the place in `src/` that it was made from. The map is read here, when
 * a bug is reported, and not before; where it is missing the stack stays as it is.
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
