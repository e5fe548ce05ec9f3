import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { GO, readVerdict, wrappedCommand } from '../../../src/docker/execWrapper.ts'

async function read(...chunks: string[]) {
  const lines: string[] = []
  const verdict = readVerdict('word', (line) => void lines.push(line))
  for (const chunk of chunks) await verdict.write(Buffer.from(chunk))
  await verdict.end()
  return { lines, code: verdict.code(), tail: verdict.tail() }
}

test.each<[string, string[], string[], number | null]>([
  ['a script that said nothing', ['\nword 0\n'], [], 0],
  ['one that wrote a line', ['oops\n\nword 3\n'], ['oops'], 3],
  ['one that ended within a line', ['oops\nword 3\n'], ['oops'], 3],
  ['one that wrote an empty line', ['a\n\nb\n\n\nword 0\n'], ['a', '', 'b', ''], 0],
  ['a verdict in pieces', ['oops\n', '\nwo', 'rd 1', '2\n'], ['oops'], 12],
  ['a wrapper that is ready', ['\nword ready\na\n\nword 0\n'], ['a'], 0],
  ['signs of life between', ['a\n\nword alive\nb\n\nword alive\n\nword 0\n'], ['a', 'b'], 0],
  ['no verdict', ['cut of'], ['cut of'], null],
  ['a verdict that was cut', ['\nword '], [], null],
  ['a verdict that was cut within its code', ['\nword 1'], [], null],
  ['a code that is none', ['\nword \n'], [], null],
  ['a word that stands elsewhere', ['the word 0\n'], ['the word 0'], null],
])('%s', async (_, chunks, lines, code) => {
  const said = await read(...chunks)
  expect(said.lines).toEqual(lines)
  expect(said.code).toBe(code)
})

test.each([
  ['its exit code', 'echo out; echo err >&2; exit 7', 7, 'out\n', 'err\n'],
  ['its arguments', 'printf %s "$2"', 0, 'b c', ''],
])('the wrapper runs a script and says %s', async (_, script, code, out, err) => {
  const [program = '', ...args] = wrappedCommand({
    word: 'word',
    script,
    args: ['a', 'b c'],
    hasInput: false,
    heartbeat: false,
    endsRest: false,
  })
  const child = spawn(program, args)
  child.stdin.write(GO)
  const verdict = readVerdict('word')
  let stdout = ''
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk
  })
  for await (const chunk of child.stderr) {
    await verdict.write(chunk as Buffer)
    if (verdict.code() !== null) child.stdin.end() // it stays until it is let go
  }
  await verdict.end()
  if (!child.stdout.readableEnded) await once(child.stdout, 'end')
  expect({ code: verdict.code(), stdout, tail: verdict.tail() }).toEqual({ code, stdout: `${out}word`, tail: err })
})
