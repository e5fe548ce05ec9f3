/**
 * Knows how an RDB file is put in the place of a Redis or Valkey server's data while it is stopped. With `appendonly yes` the server reads
 * its append-only file and no other, so the dump becomes the base of that: since version 7 by a list of its parts, before as the file
 * itself. Pure.
 */
import { InstanceError } from '../../errors.ts'
import { findTool } from '../engineContract.ts'
import type { FilesPlan, FilesQuestion, LoadedKeys, ServerFiles } from '../fileContract.ts'
import type { LoadScript } from '../loadContract.ts'
import { LOG_IN, redisClients, redisLogin } from './redisLogin.ts'

const SETTINGS = ['dir', 'dbfilename', 'appendonly', 'appenddirname', 'appendfilename'] as const

/** Prints the settings, the server's roles, and the owner of its process, each as `name=value`. */
const LOOK_SCRIPT = `${LOG_IN}
for name in ${SETTINGS.join(' ')}; do
  said=$("$tool" "$@" CONFIG GET "$name")
  case $said in "$name"*) printf '%s=%s\\n' "$name" "$(printf '%s\\n' "$said" | sed 1d)" ;; ?*) printf 'refused=%s\\n' "$said" ;; esac
done
"$tool" "$@" INFO | tr -d '\\r' | sed -n 's/^\\(redis_version\\|server_name\\|valkey_version\\|process_id\\|role\\|connected_slaves\\|cluster_enabled\\):/\\1=/p'
pid=$("$tool" "$@" INFO server | tr -d '\\r' | sed -n 's/^process_id://p')
for id in Uid Gid; do sed -n "s/^$id:[[:space:]]*[0-9]*[[:space:]]*\\([0-9]*\\).*/$id=\\1/p" "/proc/$pid/status" 2>/dev/null; done
exit 0`

/**
 * Brings the dump `$1` into the folder `$2`. `$3`: name of the file. `$4`: its owner; empty: that of the folder. `$5`: form of the
 * append-only file (`parts`, `one`, or empty). `$6`, `$7`: its folder, its name. What is there is removed: a server whose append-only file
 * is switched on later would read an old one. The modes are those of before.
 */
const BRING_SCRIPT = `
from=$1 file=$3 owner=$4 form=$5 parts=$6 name=$7
cd -- "$2" || exit 80
mode=600
for one in "$file" "$name" "$parts"/*.rdb; do if [ -f "./$one" ]; then mode=$(stat -c %a "./$one"); break; fi; done
folder_mode=755
if [ -n "$parts" ] && [ -d "./$parts" ]; then folder_mode=$(stat -c %a "./$parts"); fi
if [ -z "$owner" ]; then owner=$(stat -c %u:%g .); fi
rm -f -- "./$file" "./$name" || exit 81
if [ -n "$parts" ]; then rm -rf -- "./$parts" || exit 81; fi
put() { cp -- "$from" "./$1" && chown "$owner" "./$1" && chmod "$mode" "./$1" && cmp "$from" "./$1"; }
put "$file" || exit 82
case $form in
one) put "$name" || exit 82 ;;
parts)
  mkdir "./$parts" && chown "$owner" "./$parts" && chmod "$folder_mode" "./$parts" || exit 82
  put "$parts/$name.1.base.rdb" || exit 82
  list="./$parts/$name.manifest"
  printf 'file %s.1.base.rdb seq 1 type b\\n' "$name" >"$list" && chown "$owner" "$list" && chmod "$mode" "$list" || exit 82 ;;
esac
sync`

const SAVE_SCRIPT = `${LOG_IN}
said=$("$tool" "$@" SAVE); [ "$said" = OK ] || { printf '%s\\n' "$said" >&2; exit 1; }`

const LOADED_SCRIPT = `${LOG_IN}
"$tool" "$@" INFO | tr -d '\\r'`

/** Plans how the files of a running server are found. */
export function planRedisFiles(question: FilesQuestion): FilesPlan {
  const tool = findTool(question.tools, redisClients(question.kind), 'one')
  const { args, env } = redisLogin(question, tool)
  const call = (script: string): LoadScript => ({ script, args, env })
  return { look: call(LOOK_SCRIPT), read: (stdout) => readFiles(stdout, call) }
}

function readFiles(stdout: string, call: (script: string) => LoadScript): ServerFiles {
  const found = new Map(
    stdout
      .split('\n')
      .map((line) => [line.slice(0, Math.max(0, line.indexOf('='))), line.slice(line.indexOf('=') + 1)]),
  )
  const value = (name: string) => found.get(name) ?? ''
  refuseMember(value)
  const folder = value('dir')
  const names = [value('dbfilename'), value('appendfilename') || 'appendonly.aof', value('appenddirname')]
  if (!folder.startsWith('/') || names[0] === '')
    throw new InstanceError(
      `it does not say where its file is (CONFIG GET: ${value('refused') || 'no answer'}): give the account the right +config|get, or restore it by hand`,
    )
  const odd = names.find((name) => name !== '' && !/^[\w+-][\w.+-]*$/.test(name))
  if (odd !== undefined)
    throw new InstanceError(`its file is named ${JSON.stringify(odd)}, which is not replaced here: restore it by hand`)
  const [file = '', name = '', parts = ''] = names
  const isLogged = value('appendonly') === 'yes'
  const form = !isLogged ? '' : parts === '' ? 'one' : 'parts'
  const owner = value('Uid') !== '' && value('Gid') !== '' ? `${value('Uid')}:${value('Gid')}` : ''
  return {
    folder,
    bring: { script: BRING_SCRIPT, args: [file, owner, form, parts, name] },
    copies: isLogged ? 2 : 1,
    save: isLogged ? null : call(SAVE_SCRIPT),
    loaded: call(LOADED_SCRIPT),
    readLoaded,
  }
}

/** Refuses a server whose data others have, too: it would get theirs, or they would take over. */
function refuseMember(value: (name: string) => string): void {
  if (value('cluster_enabled') === '1')
    throw new InstanceError('it is a member of a cluster, which keeps its keys in several servers: restore it by hand')
  if (value('role') === 'slave')
    throw new InstanceError('it is a replica, and would take the data of its master again: restore the master')
  if (Number(value('connected_slaves')) > 0)
    throw new InstanceError(
      'it has replicas, and one of them may become the master while it is stopped: restore it by hand, or stop the replicas',
    )
}

function readLoaded(stdout: string): LoadedKeys | null {
  const value = (name: string) => new RegExp(`^${name}:(\\d+)`, 'm').exec(stdout)?.[1] ?? null
  const loading = value('loading')
  if (loading === null) throw new Error(stdout.trim().slice(0, 200) || 'it does not answer')
  if (loading === '1' || value('async_loading') === '1') return null
  const loaded = value('rdb_last_load_keys_loaded')
  if (loaded !== null) return { keys: Number(loaded) + Number(value('rdb_last_load_keys_expired')), isExact: true }
  const keys = [...stdout.matchAll(/^db\d+:keys=(\d+)/gm)].reduce((sum, [, count]) => sum + Number(count), 0)
  return { keys, isExact: false }
}
