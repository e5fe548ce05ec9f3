/**
 * Builds the bundle into a folder (`node .ci/bundle.ts dist`): `tsc`, then `ncc` with a minifier, then source maps that lead from
 * the files that hold code of ours to the lines of `src/`. Only a bug report reads a map (src/action/sourceLines.ts). The same input gives
 * the same bytes.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { SourceMap, type SourceMapPayload, type SourceMapping } from 'node:module'
import { join, relative, resolve } from 'node:path'

const ROOT = join(import.meta.dirname, '..')
const BUILD = join(ROOT, 'build')

/** A place in the bundle's code and the place in `src/` that it was made from; `null` where it is a package's. */
interface Segment {
  /** Columns count from 0, as in the map's own text. */
  readonly column: number
  readonly origin: { readonly source: number; readonly line: number; readonly column: number } | null
}

function main(out: string): void {
  rmSync(BUILD, { recursive: true, force: true })
  rmSync(out, { recursive: true, force: true })
  mkdirSync(out, { recursive: true })
  start('tsc', ['-p', 'src'])
  start('ncc', [
    'build',
    'build/main.js',
    '-o',
    out,
    '-q',
    '-m',
    '-s',
    '--no-source-map-register',
    '--license',
    'licenses.txt',
  ])
  writeFileSync(join(out, 'post.js'), withoutMap(readFileSync(join(BUILD, 'post.js'), 'utf8')))
  for (const name of readdirSync(out).filter((one) => /^(\d+\.)?index\.js$/.test(one))) {
    const path = join(out, name)
    const map = JSON.parse(readFileSync(`${path}.map`, 'utf8')) as SourceMapPayload
    if (map.sources.some(isOwn)) writeFileSync(`${path}.map`, `${JSON.stringify(ownMap(map, name))}\n`)
    else {
      rmSync(`${path}.map`)
      writeFileSync(path, withoutMap(readFileSync(path, 'utf8')))
    }
  }
}

function withoutMap(code: string): string {
  return code.replace(/\/\/# sourceMappingURL=\S+\s*$/, '')
}

function start(program: string, args: readonly string[]): void {
  const ran = spawnSync(join(ROOT, 'node_modules/.bin', program), args, { cwd: ROOT, stdio: 'inherit' })
  if (ran.status !== 0) throw new Error(`${program} ended with ${ran.status ?? ran.signal ?? ran.error?.message}`)
}

/** The map of one of the bundle's files, led on from `build/*.js` to `src/*.ts`; what is not ours is left out. */
function ownMap(map: SourceMapPayload, file: string): object {
  const sources: string[] = []
  const origins = map.sources.map((source) => (isOwn(source) ? sourceOf(source) : null))
  const indexOf = (path: string) => (sources.includes(path) ? sources.indexOf(path) : sources.push(path) - 1)
  const lines = decode(map.mappings).map((segments) => {
    const own: Segment[] = []
    for (const { column, origin } of segments) {
      const from = origin === null ? null : (origins[origin.source] ?? null)
      const entry = (
        from === null || origin === null ? {} : from.map.findEntry(origin.line, origin.column)
      ) as Partial<SourceMapping>
      const { originalLine: line, originalColumn } = entry
      if (from !== null && line !== undefined)
        own.push({ column, origin: { source: indexOf(from.path), line, column: originalColumn ?? 0 } })
      else if (own.at(-1)?.origin) own.push({ column, origin: null })
    }
    return own
  })
  return { version: 3, file, sourceRoot: '', sources, names: [], mappings: encode(lines) }
}

function isOwn(source: string): boolean {
  return /(^|\/)build\/[^ ]+\.js$/.test(source) && !source.includes('node_modules')
}

function sourceOf(source: string): { path: string; map: SourceMap } {
  const built = source.slice(source.lastIndexOf('build/') + 'build/'.length)
  const map = JSON.parse(readFileSync(join(BUILD, `${built}.map`), 'utf8')) as SourceMapPayload
  const path = relative(ROOT, resolve(join(BUILD, built), '..', map.sources[0] ?? ''))
  return { path: path.replaceAll('\\', '/'), map: new SourceMap(map) }
}

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** The segments of each line, from the map's text: numbers relative to those before them, in base 64 with a bit for "more". */
function decode(mappings: string): Segment[][] {
  let [source, line, column] = [0, 0, 0]
  return mappings.split(';').map((text) => {
    let at = 0
    return text.split(',').flatMap((segment): Segment[] => {
      if (segment === '') return []
      const [ahead = 0, ...rest] = numbers(segment)
      at += ahead
      if (rest.length < 3) return [{ column: at, origin: null }]
      source += rest[0] ?? 0
      line += rest[1] ?? 0
      column += rest[2] ?? 0
      return [{ column: at, origin: { source, line, column } }]
    })
  })
}

function numbers(segment: string): number[] {
  const found: number[] = []
  let [value, shift] = [0, 0]
  for (const letter of segment) {
    const digit = DIGITS.indexOf(letter)
    value |= (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    found.push(value & 1 ? -(value >> 1) : value >> 1)
    value = 0
    shift = 0
  }
  return found
}

function encode(lines: readonly (readonly Segment[])[]): string {
  const last = { source: 0, line: 0, column: 0 }
  return lines
    .map((segments) => {
      let at = 0
      return segments
        .map(({ column, origin }) => {
          const ahead = letters(column - at)
          at = column
          if (origin === null) return ahead
          const text = [origin.source - last.source, origin.line - last.line, origin.column - last.column]
          Object.assign(last, origin)
          return ahead + text.map(letters).join('')
        })
        .join(',')
    })
    .join(';')
}

function letters(value: number): string {
  let left = value < 0 ? (-value << 1) | 1 : value << 1
  let text = ''
  do {
    const digit = left & 31
    left >>>= 5
    text += DIGITS[left > 0 ? digit | 32 : digit]
  } while (left > 0)
  return text
}

main(resolve(process.argv[2] ?? join(ROOT, 'dist')))
