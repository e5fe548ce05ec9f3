/** The list of a copy: of a real tree with odd names, by this machine's tools and by BusyBox where it is there. */
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CopyHelper } from '../../../src/copy/copyHelper.ts'
import { type Entry, eachEntry } from '../../../src/copy/listing.ts'
import { listingLines, parseListingLine } from '../../../src/copy/treeListing.ts'
import { targetsIn, writeListing } from '../../../src/copy/writeListing.ts'

let folder: string
let tree: string

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'listing-'))
  tree = join(folder, 'tree')
  mkdirSync(join(tree, 'a', 'deep folder'), { recursive: true })
  for (const name of ODD) writeFileSync(join(tree, 'a', name), name)
  writeFileSync(join(tree, 'b'), 'bb')
  chmodSync(join(tree, 'b'), 0o4711)
  utimesSync(join(tree, 'b'), 1, 1_600_000_000.5)
  linkSync(join(tree, 'b'), join(tree, 'c'))
  for (const [i, target] of TARGETS.entries()) symlinkSync(target, join(tree, `link${i}`))
  symlinkSync('x', join(tree, "odd' -> '\nlink"))
})

afterAll(() => rmSync(folder, { recursive: true }))

const ODD = ["q'uote", 'tab\there', 'line\nend', 'back\\slash', 'back\\x41', '-dash', 'ünïcode', ' ', '%s|x']
const TARGETS = ['b', '/nowhere/at all', "it's", 'a -> b', 'line\nend\n', "' -> '", '//end', 'ü']

/** Runs scripts here; `path` holds other tools. */
function helperWith(path = process.env.PATH ?? ''): Pick<CopyHelper, 'exec'> {
  return {
    exec: (request) =>
      new Promise((resolve, reject) => {
        const child = spawn('sh', ['-c', request.script, 'sh', ...(request.args ?? [])], { env: { PATH: path } })
        let stdout = ''
        let stderr = ''
        child.stdout.on('data', (chunk: Buffer) => {
          stdout += chunk
          request.onStdout?.(chunk)
        })
        child.stderr.on('data', (chunk: Buffer) => {
          stderr += chunk
          for (const line of String(chunk).split('\n')) if (line !== '') request.onStderr?.(line)
        })
        child.on('close', (code) => {
          const exit = code ?? -1
          resolve({ code: exit, ended: { kind: 'exit', code: exit }, silent: false, stdout, stderr })
        })
        const feed = async () => {
          for await (const chunk of request.input ?? []) child.stdin.write(chunk)
          child.stdin.end()
        }
        child.stdin.on('error', () => {})
        feed().catch(reject)
      }),
  }
}

async function list(helper: Pick<CopyHelper, 'exec'>, contents: boolean) {
  const entries: Entry[] = []
  const options = { what: 'the copy', paths: [], live: false, deadlineMs: 60_000 }
  await eachEntry(helper as CopyHelper, tree, options, (entry) => void entries.push(entry))
  const file = join(folder, 'out', 'listings', 'data.txt')
  const written = await writeListing(
    helper,
    { what: 'the copy', root: tree, file, contents, deadlineMs: 60_000 },
    entries,
  )
  return { written, text: readFileSync(file), entries }
}

function busybox(): string {
  const bin = join(folder, 'busybox')
  mkdirSync(bin)
  spawnSync('busybox', ['--install', '-s', bin])
  return bin
}

describe.each([
  ['the tools of this machine', () => helperWith()],
  ...(spawnSync('busybox', ['true']).status === 0 ? [['BusyBox', () => helperWith(busybox())] as const] : []),
] as const)('with %s', (_, make) => {
  test('every entry is there as it is on disk, and the digest is that of the file', async () => {
    const { written, text, entries } = await list(make(), true)
    expect(written).toMatchObject({
      sha256: createHash('sha256').update(text).digest('hex'),
      entries: entries.length,
      contents: true,
    })
    const lines = text.toString('latin1').split('\n')
    expect(lines.pop()).toBe('')
    const listed = new Map(lines.map(parseListingLine).map((one) => [one.path, one]))
    const latin1 = (name: string) => Buffer.from(name).toString('latin1')
    for (const name of ODD)
      expect(listed.get(latin1(`a/${name}`))).toMatchObject({
        type: 'file',
        size: Buffer.byteLength(name),
        sha256: createHash('sha256').update(name).digest('hex'),
      })
    for (const [i, target] of TARGETS.entries())
      expect(listed.get(`link${i}`)).toMatchObject({ type: 'link', target: latin1(target), sha256: null })
    expect(listed.get('b')).toMatchObject({ mode: 0o4711, mtime: '1600000000.500000000', linkOf: null })
    expect(listed.get('c')).toMatchObject({ linkOf: 'b', sha256: listed.get('b')?.sha256 })
    expect(listed.get('a/deep folder')).toMatchObject({ type: 'directory', size: null, sha256: null })
    expect(listed.size).toBe(entries.length)
    // lines of plain ASCII, in the order of the paths
    expect(text.toString('latin1')).toMatch(/^[\t\n -~]*$/)
  })
})

test('without contents no file is read', async () => {
  const { text } = await list(helperWith(), false)
  expect(text.toString()).toMatch(/^f\t0644\t\d+\t\d+\t2?\d\t\d+\.\d{9}\t-\ta\//m)
  expect(text.toString()).not.toMatch(/[0-9a-f]{64}/)
})

test('a list that cannot be written fails, and says why', async () => {
  const helper = helperWith()
  const request = {
    what: 'the copy of volume data',
    root: tree,
    file: '/proc/none/data.txt',
    contents: false,
    deadlineMs: 60_000,
  }
  await expect(writeListing(helper, request, [])).rejects.toThrow(
    /^the list of the copy of volume data could not be written: /,
  )
  const short = {
    exec: (one) => helper.exec({ ...one, script: one.script.replace('cat >"$1"', 'head -c 3 >"$1"') }),
  } as typeof helper
  const file = join(folder, 'short', 'data.txt')
  await expect(writeListing(short, { ...request, file }, [entryOf('a')])).rejects.toThrow(/the list has 3 bytes of \d+/)
})

const entryOf = (path: string, more: Partial<Entry> = {}): Entry => ({
  ...{ path, type: 'file', mode: 0o100644, dev: 1, ino: 1, size: 1, blocks: 1, nlink: 1, uid: 0, gid: 0 },
  ...{ mtime: 1, mtimeNs: 2, ctime: 3, ctimeNs: 4, device: '' },
  ...more,
})

test('any path and target comes back', () => {
  const bytes = fc.string({
    unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
    minLength: 1,
  })
  fc.assert(
    fc.property(bytes, bytes, (path, target) => {
      const [line = ''] = listingLines([entryOf(path, { type: 'link', size: 3 })], {
        targets: new Map([[path, target]]),
        hashes: new Map(),
      })
      expect(line).toMatch(/^[\t -~]*\n$/)
      expect(parseListingLine(line.slice(0, -1))).toMatchObject({ path, target, mode: 0o644, mtime: '1.000000002' })
    }),
  )
})

test('a device has its numbers', () => {
  const [line = ''] = listingLines([entryOf('tty', { type: 'character', device: '5:1', mode: 0o020620 })], {
    targets: new Map(),
    hashes: new Map(),
  })
  expect(parseListingLine(line.trimEnd())).toMatchObject({ type: 'character', device: '5:1', mode: 0o620 })
})

test('what stat does not print is refused', () => {
  const links = [{ path: 'a', size: 1 }]
  expect(targetsIn('//1|./a -> b\n//end\n', links)).toEqual(new Map([['a', 'b']]))
  for (const said of ['', '//1|./a\n//end\n', '//1|./a -> bc\n//end\n', '//1|./b -> b\n//end\n', '//1|./a -> b\n'])
    expect(() => targetsIn(said, links)).toThrow('the target of the link "a" could not be read')
  expect(() => parseListingLine('f\t0644\t0')).toThrow(/^not a line of a volume's list/)
})
