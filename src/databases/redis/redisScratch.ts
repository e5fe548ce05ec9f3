/** Knows how a scratch server of Redis or Valkey is started. Pure. */
import type { ScratchPlan, ScratchQuestion } from '../scratchContract.ts'

/** Files in the server's folder: the dump as it comes, and whole; the mark that the server did not take it; what it said. */
export const PART = 'marina.part'
export const NEXT = 'marina.next'
export const FAILED = 'marina.failed'
export const LOG = 'marina.log'
/** The file that the server reads when it starts. */
const LOADED = 'marina.rdb'

/** Number of databases, so that a dump of a server with many is taken. */
const DATABASES = 16_384

/**
 * Runs the server, and again when it has ended and the file is there. With the file it is a replica that never finds its master: a master
 * leaves out keys whose time is over, so that they could not be counted. A file that it does not take leaves `FAILED` behind, and a server
 * without data. The usual entrypoint loads the modules of the image.
 */
const SERVE = `
for folder in /data /tmp .; do if [ -d "$folder" ] && [ -w "$folder" ]; then break; fi; done
cd "$folder" || exit 1
start=; if command -v docker-entrypoint.sh >/dev/null 2>&1; then start=docker-entrypoint.sh; fi
for server in "$@"; do if command -v "$server" >/dev/null 2>&1; then break; fi; done
serve() {
  $start "$server" --port 6379 --bind 127.0.0.1 --dir "$PWD" --dbfilename ${LOADED} --save '' --appendonly no --databases ${DATABASES} "$@"
}
serve; code=$?
while [ -e ${NEXT} ]; do
  mv ${NEXT} ${LOADED} || exit 1
  serve --replicaof 127.0.0.1 1 >${LOG} 2>&1; code=$?
  cat ${LOG} >&2
  if [ $code -gt 128 ]; then echo "the server was terminated by signal $((code-128))" >&2; fi
  if [ $code = 0 ]; then continue; fi
  rm -f ${LOADED}; echo $code >${FAILED}
  serve; code=$?
done
exit $code`

/** Plans a server that saves nothing and is reached at its usual port alone. */
export function planRedisScratch({ kind }: ScratchQuestion): ScratchPlan {
  const servers = kind === 'valkey' ? ['valkey-server', 'redis-server'] : ['redis-server', 'valkey-server']
  const client = kind === 'valkey' ? 'valkey-cli' : 'redis-cli'
  return {
    env: {},
    entrypoint: 'sh',
    command: ['-c', SERVE, 'marina', ...servers],
    data: '/data',
    ready: {
      script: `tool=${client}; command -v "$tool" >/dev/null 2>&1 || tool=$1
said=$("$tool" -h 127.0.0.1 PING 2>&1); [ "$said" = PONG ] || { printf '%s\\n' "$said" >&2; exit 1; }`,
      args: [kind === 'valkey' ? 'redis-cli' : 'valkey-cli'],
      env: {},
    },
    setUp: null,
    dumpArgs: ['-h', '127.0.0.1', '-p', '6379'],
  }
}
