/**
 * Knows how an RDB file is loaded into a scratch server of Redis or Valkey. A running server reads its file only when it starts, so the
 * scratch server is told to end, and starts again with the file (`redisScratch.ts`). Pure.
 */
import { InstanceError } from '../../errors.ts'
import { findTool } from '../engineContract.ts'
import { type LoadPlan, type LoadQuestion, unchanged } from '../loadContract.ts'
import { LOG_IN, redisClients, redisLogin } from './redisLogin.ts'
import { FAILED, LOG, NEXT, PART } from './redisScratch.ts'

/** Goes to the folder of the server's file. */
const IN_FOLDER = `${LOG_IN}
folder=$("$tool" "$@" CONFIG GET dir | tail -n 1) && cd "$folder" || exit 1`

const LOAD_SCRIPT = `${IN_FOLDER}
exec cat >${PART}`

/** Ends the server, which starts again with the file. It has read the file when it answers as the replica that it then is. */
const FINISH_SCRIPT = `${IN_FOLDER}
rm -f ${FAILED}; mv ${PART} ${NEXT} || exit 1
"$tool" "$@" SHUTDOWN NOSAVE 2>/dev/null
while ! [ -e ${FAILED} ]; do
  if [ -e ${NEXT} ]; then sleep 0.1 2>/dev/null || sleep 1; continue; fi
  case $("$tool" "$@" INFO replication 2>/dev/null) in *role:slave*)
    case $("$tool" "$@" INFO persistence 2>/dev/null) in *loading:0*) exit 0 ;; esac ;;
  esac
  sleep 0.2 2>/dev/null || sleep 1
done
sed -n 's/^[^#]* # //p' ${LOG} | grep -v ^WARNING | tail -n 2 | tr '\\n' ' ' >&2
exit 1`

/** Plans the load of an RDB file into a scratch server. Any other server is loaded while it is stopped, by its file. */
export function planRedisLoad(question: LoadQuestion): LoadPlan {
  if (question.purpose !== 'empty')
    throw new InstanceError('a server with data is loaded by its file, while it is stopped')
  const tool = findTool(question.tools, redisClients(question.kind), 'one')
  const { args, env } = redisLogin(question, tool)
  return {
    tool,
    prepare: null,
    load: { script: LOAD_SCRIPT, args, env },
    filter: unchanged,
    finish: { script: FINISH_SCRIPT, args, env },
    cleanUp: null,
    isError: () => true,
    hint: hintForLoad,
    lack: lackOf,
    secrets: [],
  }
}

/** Says what the server lacks; `null` if the words do not tell that. */
function lackOf(words: string): string | null {
  if (/can't handle RDB format version/i.test(words))
    return "the server's image is older than the dump, or of another kind"
  if (/\bmodule\b/i.test(words)) return 'the image of the server lacks a module that the dump needs'
  return /No space left on device/i.test(words) ? "the server's disk is full" : null
}

/** Says what to do after the server did not take the file, with these words; `null` if they suggest nothing. */
export function hintForLoad(words: string): string | null {
  if (/can't handle RDB format version|Unknown RDB|wrong signature/i.test(words))
    return 'the server is older than the one that made the dump, or Redis in place of Valkey: take the image of the backup'
  if (/module/i.test(words)) return 'the server lacks a module that the dump needs: take the image of the backup'
  return null
}
