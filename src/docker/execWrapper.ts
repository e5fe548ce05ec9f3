/**
 * The wrapper around a script that `docker exec` runs: what it does in the container, and how what it prints is read here. It prints
 * one line on stderr, the verdict: a random word and the script's exit code; and the word again after the last byte of stdout.
 */
import { StringDecoder } from 'node:string_decoder'

/** Time between two signs of life, s. */
export const HEARTBEAT_S = 20
/** Bytes that are kept of the end of stderr. */
const KEPT_STDERR = 8 << 10
/** Longest line, bytes; a longer one is taken in pieces. */
const LONGEST_LINE = 64 << 10

/**
 * Shell functions of the wrapper. `tell` prints again where it could not: a tool can make the outputs, which it shares with us, fail
 * instead of wait while nobody reads (O_NONBLOCK); what is printed here is short enough to be written whole or not at all.
 * `below` prints the processes under one, for a container without `setsid`.
 */
const FUNCTIONS = `
tell() {
  tries=0
  until printf "$@" 2>/dev/null || [ $tries -ge 3000 ]; do tries=$((tries+1)); sleep 0.1 2>/dev/null || sleep 1; done
}
below() {
  kids=
  { read -r kids <"/proc/$1/task/$1/children"; } 2>/dev/null
  for kid in $kids; do printf '%s ' "$kid"; below "$kid"; done
}
finish() {
  kill -TERM $1; n=0
  while kill -0 $1 && [ $n -lt 20 ]; do sleep 0.1; n=$((n+1)); done
  kill -KILL $1
}`

/**
 * Reads its stdin as a dead-man, and stays until that is closed (why: `exec.ts`). The script is a session of its own where `setsid` is
 * there, so that its children die with it; else they are looked for in /proc. `rest` ends what a script that has ended leaves behind: a
 * tool that was killed cannot end its own children. Without `setsid` nobody knows those. `read` is a builtin: no stray process stays.
 */
const DEAD_MAN = `${FUNCTIONS}
word=$1 script=$2 beat=$3 rest=$4; shift 4
exec 3<&0 4>&2
if command -v setsid >/dev/null 2>&1; then setsid sh -c "$script" marina "$@" </dev/null 3<&- 4>&- & group=-
else sh -c "$script" marina "$@" </dev/null 3<&- 4>&- & group=
fi
pid=$!
( while read -r _ <&3; do :; done
  trap '' TERM # we are let finish
  if [ "$group" = - ]; then finish "-$pid"; else finish "$(below "$pid")$pid"; fi ) >/dev/null 2>&1 4>&- &
watch=$!
pulse=
if [ "$beat" != 0 ]; then
  ( while sleep "$beat" >/dev/null 2>&1; do printf '\\n%s alive\\n' "$word" >&2; done ) </dev/null 3<&- 4>&- & pulse=$!
fi
wait $pid; code=$?
kill -TERM $watch 2>/dev/null; kill -KILL $pulse 2>/dev/null; wait $watch $pulse 2>/dev/null
if [ "$rest$group" = ends- ]; then finish "-$pid" >/dev/null 2>&1; fi
tell '\\n%s %s\\n' "$word" "$code" >&4
tell '%s' "$word"
while read -r _ <&3; do :; done
exit $code`

/** Runs the script with our stdin as its own; the script ends when that ends. Its output on stdout is short and read at once, so the wrapper need not wait. */
const WITH_INPUT = `${FUNCTIONS}
word=$1 script=$2; shift 2
sh -c "$script" marina "$@"; code=$?
tell '\\n%s %s\\n' "$word" "$code" >&2
tell '%s' "$word"
exit $code`

export interface Wrapped {
  /** The random word that begins each line of the wrapper. */
  readonly word: string
  readonly script: string
  readonly args: readonly string[]
  readonly hasInput: boolean
  readonly heartbeat: boolean
  /** See `ExecRequest`. */
  readonly endsRest: boolean
}

/** Makes the command that runs a script in the wrapper. */
export function wrappedCommand({ word, script, args, hasInput, heartbeat, endsRest }: Wrapped): readonly string[] {
  return hasInput
    ? ['sh', '-c', WITH_INPUT, 'marina', word, script, ...args]
    : [
        'sh',
        '-c',
        DEAD_MAN,
        'marina',
        word,
        script,
        String(heartbeat ? HEARTBEAT_S : 0),
        endsRest ? 'ends' : '',
        ...args,
      ]
}

export interface VerdictReader {
  write(chunk: Buffer): Promise<void>
  end(): Promise<void>
  /** The script's exit code; `null` if the wrapper did not report it. */
  code(): number | null
  /** The end of what the script itself wrote. */
  tail(): string
}

/**
 * Splits stderr into lines, keeps their end, and takes the wrapper's own lines out. The wrapper prints a line break first, so that the
 * word begins a line whatever the script wrote before; an empty line is therefore held until the next one shows whose it is.
 */
export function readVerdict(word: string, onLine?: (line: string) => void | Promise<void>): VerdictReader {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isHeld = false
  let tail = ''
  let code: number | null = null
  const emit = async (line: string) => {
    tail = `${tail}${line}\n`.slice(-KEPT_STDERR)
    await onLine?.(line)
  }
  const take = async (line: string) => {
    if (line.startsWith(`${word} `)) {
      const said = line.slice(word.length + 1)
      if (/^\d{1,3}$/.test(said)) code = Number(said)
      isHeld = false
      return
    }
    if (isHeld) await emit('')
    isHeld = line === ''
    if (!isHeld) await emit(line)
  }
  return {
    async write(chunk) {
      rest += decoder.write(chunk)
      const lines = rest.split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) await take(line.replace(/\r$/, ''))
      if (rest.length <= LONGEST_LINE) return
      await take(rest)
      rest = ''
    },
    async end() {
      rest += decoder.end()
      // a verdict without its line break was cut off: of a code 137 only the 1 may be there, or nothing
      if (rest !== '' && !rest.startsWith(`${word} `)) await take(rest)
      rest = ''
    },
    code: () => code,
    tail: () => tail,
  }
}

/** Returns the bytes before the word, however chunks are cut, and drops those after it: processes that outlived the script wrote them. */
export function untilWord(word: string) {
  const mark = Buffer.from(word)
  const none: Buffer = Buffer.alloc(0)
  let held = none // what may be the word's beginning
  let reached = false
  return {
    take(chunk: Buffer): Buffer {
      if (reached) return none
      const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk])
      const at = bytes.indexOf(mark)
      reached = at >= 0
      const end = reached ? at : bytes.length - lengthOfBeginning(mark, bytes)
      held = reached ? none : bytes.subarray(end)
      return bytes.subarray(0, end)
    },
    /** Bytes that were kept back, if the word never came. */
    rest: () => held,
    isReached: () => reached,
  }
}

/** Returns how many of the last bytes are the beginning of the mark. The whole mark is not among them. */
function lengthOfBeginning(mark: Buffer, bytes: Buffer): number {
  for (let length = Math.min(mark.length - 1, bytes.length); length > 0; length--) {
    if (bytes.subarray(-length).equals(mark.subarray(0, length))) return length
  }
  return 0
}
