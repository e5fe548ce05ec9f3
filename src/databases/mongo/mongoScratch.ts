/** Knows how a scratch server of MongoDB is started. Pure. */
import type { ScratchPlan } from '../scratchContract.ts'

/** Size of its cache, GB: well below the memory that a scratch server has. */
const CACHE_GB = '0.25'

/** Starts the server without accounts: nobody reaches it but us. The usual entrypoint gives the folder to the server's user. */
const SERVE = `
for folder in /data/db /tmp/marina-db; do
  if mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ]; then break; fi
done
start=; if command -v docker-entrypoint.sh >/dev/null 2>&1; then start=docker-entrypoint.sh; fi
exec $start mongod --bind_ip 127.0.0.1 --port 27017 --dbpath "$folder" --wiredTigerCacheSizeGB ${CACHE_GB}`

const READY = `
for tool in mongosh mongo; do if command -v "$tool" >/dev/null 2>&1; then break; fi; done
exec "$tool" --port 27017 --quiet --norc --eval 'if (!db.adminCommand({ping: 1}).ok) throw new Error("no answer")' </dev/null >/dev/null`

/** Plans a server without accounts. */
export function planMongoScratch(): ScratchPlan {
  return {
    env: {},
    entrypoint: 'sh',
    command: ['-c', SERVE],
    data: '/data/db',
    ready: { script: READY, args: [], env: {} },
    setUp: null,
    dumpArgs: ['--port=27017'],
  }
}
