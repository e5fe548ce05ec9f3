// The program behind scripted-docker.ts; plain JavaScript, since it is started often and must start fast.

import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { setTimeout as delay } from 'node:timers/promises'

const [folder, ...argv] = process.argv.slice(2)
const { rules, watchEnv } = JSON.parse(readFileSync(join(folder, 'script.json'), 'utf8'))
const id = `${process.hrtime.bigint()}-${process.pid}`
const line = argv.join(' ')
const at = rules.findIndex((rule, index) => new RegExp(rule.on, rule.flags).test(line) && takeUse(rule, index))
const rule = rules[at]
const env = Object.fromEntries(watchEnv.filter((key) => key in process.env).map((key) => [key, process.env[key]]))
const record = rule ? null : (recordAnswer() ?? coverageAnswer())
const expected = at >= 0 || record !== null
appendFileSync(join(folder, 'calls', 'log'), `${JSON.stringify({ id, argv, env, expected })}\n`)

if (record !== null) {
  process.stdout.write(record.stdout)
  process.stderr.write(record.stderr)
  process.exit(record.code)
}
if (!rule) {
  process.stderr.write(`scripted docker: no rule fits: docker ${line}\n`)
  process.exit(125)
}
if (rule.readsStdin) {
  const chunks = []
  for await (const chunk of process.stdin) chunks.push(chunk)
  writeFileSync(join(folder, 'calls', `${id}.stdin`), Buffer.concat(chunks))
}
if (rule.delayMs) await delay(rule.delayMs)
if (rule.stderr) process.stderr.write(rule.stderr)
if (rule.stdout) await pipeline(repeated(rule.stdout, rule.repeat ?? 1), process.stdout, { end: false })
// one that nobody ended goes with its test's folder
if (rule.hangs) setInterval(() => existsSync(folder) || process.exit(1), 2_000)
else if (rule.signal) process.kill(process.pid, rule.signal)
else process.exitCode = rule.code ?? 0

/** Whether a volume of that name is a record, of this repository or of another one. */
function isRecordName(name) {
  return /^marina-record[-.]/.test(name)
}

/** What an engine says to calls about the volumes of records, which it keeps in files; `null` to any other call no rule fits. */
function recordAnswer() {
  const [object, verb] = argv
  const name = argv.at(-1)
  const ok = (stdout) => ({ stdout, stderr: '', code: 0 })
  if (object !== 'volume') return null
  if (verb === 'ls' && line.includes('kind=record')) {
    const names = readdirSync(folder).filter(isRecordName)
    return ok(names.map((one) => `${one}\n`).join(''))
  }
  if (!isRecordName(name)) return null
  const file = join(folder, name)
  if (verb === 'create') {
    const labels = argv.filter((_, index) => argv[index - 1] === '--label')
    const pairs = labels.map((label) => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)])
    if (!existsSync(file)) writeFileSync(file, JSON.stringify({ Name: name, Labels: Object.fromEntries(pairs) }))
    return ok(`${name}\n`)
  }
  if (verb === 'rm') {
    rmSync(file, { force: true })
    return ok(`${name}\n`)
  }
  if (verb !== 'inspect') return null
  const asked = argv.filter(isRecordName)
  const found = asked.filter((one) => existsSync(join(folder, one)))
  const stdout = `[${found.map((one) => readFileSync(join(folder, one), 'utf8')).join()}]\n`
  const missing = asked.filter((one) => !found.includes(one)).map((one) => `Error: No such volume: ${one}\n`)
  return { stdout, stderr: missing.join(''), code: missing.length === 0 ? 0 : 1 }
}

/** What an engine without containers and volumes says to calls that list all of them; `null` to any other call no rule fits. */
function coverageAnswer() {
  const isList = line === 'volume ls --quiet' || (line.startsWith('ps --all --no-trunc') && !line.includes('--filter'))
  return isList ? { stdout: '', stderr: '', code: 0 } : null
}

/** Whether this call is among the first `times`: each takes a file that only one can make. */
function takeUse(rule, index) {
  for (let use = 0; use < (rule.times ?? 0); use++) {
    try {
      closeSync(openSync(join(folder, 'calls', `rule-${index}-${use}`), 'wx'))
      return true
    } catch (error) {
      if (error.code !== 'EEXIST') throw error
    }
  }
  return rule.times === undefined
}

function* repeated(text, times) {
  const perChunk = Math.max(1, Math.floor(65536 / text.length))
  const chunk = text.repeat(perChunk)
  let left = times
  for (; left >= perChunk; left -= perChunk) yield chunk
  if (left > 0) yield text.repeat(left)
}
