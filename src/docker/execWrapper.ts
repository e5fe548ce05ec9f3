/**
 * Holds the wrapper around a script that `docker exec` runs: its shell code, and how what it prints is read here. At the end it prints one
 * line on stderr, the verdict: a random word and the script's exit code. It prints the word again after the last byte of stdout. Signs of
 * life are lines on stderr that begin with the word, too.
 *
 * The wrapper first says that it is ready, and starts the script only when a line has come by stdin: the go. So a client that was given up
 * before the exec began inside starts nothing, however late the engine begins it.
 */
import { StringDecoder } from 'node:string_decoder'

/** The line that lets the wrapper start the script. */
export const GO = 'go\n'
/** Time between two signs of life, s. */
export const HEARTBEAT_S = 20
/** Length of the end of stderr that is kept, characters. */
const KEPT_STDERR = 8 << 10
/** Longest line of stderr, characters; a longer one is taken in pieces. */
const LONGEST_LINE = 64 << 10

/**
 * Shell functions of the wrapper. `tell` prints, and tries again if it could not: a tool that set O_NONBLOCK on the outputs, which it
 * shares with us, makes a print fail instead of wait while nobody reads. What is printed here is short enough to be written whole or not at
 * all. `await_go` ends the wrapper if its stdin ends before the go; `read` takes no byte beyond the line. `below` prints the processes under
 * one, for a container without `setsid`. `finish` ends processes: SIGTERM, then SIGKILL after 2 s.
 */
const FUNCTIONS = `
tell() {
  tries=0
  until printf "$@" 2>/dev/null || [ $tries -ge 3000 ]; do tries=$((tries+1)); sleep 0.1 2>/dev/null || sleep 1; done
}
await_go() {
  tell '\\n%s ready\\n' "$1" >&2
  read -r _ || exit 1
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
 * The wrapper of a script without input. It reads its stdin as a dead-man, and stays until that is closed (why: `exec.ts`). Where `setsid`
 * is there, the script is a session of its own, so that its children die with it; else they are looked for in /proc. `rest` ends the
 * processes that a script leaves behind when it has ended: a tool that was killed cannot end its own children. Without `setsid` those
 * cannot be found. `read` is a builtin, so that no stray process stays.
 */
const DEAD_MAN = `${FUNCTIONS}
word=$1 script=$2 beat=$3 rest=$4; shift 4
await_go "$word"
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

/**
 * The wrapper of a script that gets our stdin as its own, and must end when that ends. Its output on stdout is short and read at once, so
 * the wrapper need not wait.
 */
const WITH_INPUT = `${FUNCTIONS}
word=$1 script=$2; shift 2
await_go "$word"
sh -c "$script" marina "$@"; code=$?
tell '\\n%s %s\\n' "$word" "$code" >&2
tell '%s' "$word"
exit $code`

export interface Wrapped {
  /** The random word that begins each line of the wrapper, and stands after the last byte of stdout. */
  readonly word: string
  readonly script: string
  readonly args: readonly string[]
  readonly hasInput: boolean
  readonly heartbeat: boolean
  /** Ends processes that the script leaves behind in its session (see `ExecRequest`). */
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
  /** Returns true if the wrapper waits for the go, or has got it. */
  isReady(): boolean
  /** Returns the script's exit code; `null` if the wrapper did not report it. */
  code(): number | null
  /** Returns the last 8192 characters that the script itself wrote on stderr. */
  tail(): string
}

/**
 * Makes a reader of stderr. It splits stderr into lines, keeps their end, and takes the wrapper's own lines out. The wrapper prints a line
 * break first, so that the word begins a line whatever the script wrote before; an empty line is therefore held until the next one shows
 * whose it is.
 */
export function readVerdict(word: string, onLine?: (line: string) => void | Promise<void>): VerdictReader {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isHeld = false
  let tail = ''
  let code: number | null = null
  let isReady = false
  const emit = async (line: string) => {
    tail = `${tail}${line}\n`.slice(-KEPT_STDERR)
    await onLine?.(line)
  }
  const take = async (line: string) => {
    if (line.startsWith(`${word} `)) {
      const said = line.slice(word.length + 1)
      if (/^\d{1,3}$/.test(said)) code = Number(said)
      isReady ||= said === 'ready'
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
    isReady: () => isReady,
    code: () => code,
    tail: () => tail,
  }
}

/**
 * Makes a filter for stdout. `take` returns the bytes before the word, however chunks are cut, and drops those after it: processes that
 * outlived the script wrote them.
 */
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
    /** Returns the bytes that were kept back, because they may have been the beginning of a word that never came whole. */
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
