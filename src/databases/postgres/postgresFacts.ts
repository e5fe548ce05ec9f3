/** Asks a PostgreSQL server about itself, for the manifest. Pure. */
import type { ServerFacts } from '../engineContract.ts'
import { LOG_IN } from './postgresLogin.ts'

/**
 * Asks the server about itself, then its databases for their extensions: each that takes connections and is no template, 200 at most. The
 * first call of the client writes the lines that connect the second one. The last argument names the database to begin with.
 */
export const FACTS_SCRIPT = `${LOG_IN}
export PGCLIENTENCODING=UTF8
ask() { "$tool" --no-password -X -qAt "$@"; }
lines=$(ask "$@" -c "$MARINA_LIST") || exit 1
printf '%s\n' "$MARINA_SERVER;" "$lines" | ask "$@" || true`

const SETTINGS = [
  'server_encoding',
  'lc_collate',
  'lc_ctype',
  'lc_messages',
  'TimeZone',
  'DateStyle',
  'shared_preload_libraries',
  'data_checksums',
  'block_size',
  'wal_segment_size',
]
export const SERVER_SQL = `SELECT json_build_object('version', current_setting('server_version'),
'settings', (SELECT json_object_agg(name, setting) FROM pg_catalog.pg_settings WHERE name IN (${SETTINGS.map((name) => `'${name}'`).join(', ')})),
'databases', (SELECT json_agg(json_build_object('name', datname, 'settings', json_build_object('encoding', pg_catalog.pg_encoding_to_char(encoding), 'collate', datcollate, 'ctype', datctype, 'provider', to_jsonb(d)->>'datlocprovider', 'locale', coalesce(to_jsonb(d)->>'datlocale', to_jsonb(d)->>'daticulocale'))) ORDER BY datname) FROM pg_catalog.pg_database d WHERE NOT datistemplate),
'roles', (SELECT json_agg(rolname ORDER BY rolname) FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'))`
/** Makes a line that connects to a database, and one that asks it, for each database, 200 at most. A name with a line end cannot be connected to. */
export const LIST_SQL = `SELECT format(E'\\\\connect "%s"\nSELECT json_build_object(''database'', current_database(), ''extensions'', (SELECT json_agg(json_build_object(''name'', extname, ''version'', extversion) ORDER BY extname) FROM pg_catalog.pg_extension));', replace(datname, '"', '""')) FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate AND datname !~ E'[\\n\\r]' ORDER BY datname LIMIT 200`

/** Reads the answers: a line about the server, then one for each database with its extensions. */
export function readFacts(stdout: string): ServerFacts {
  const [server, ...databases] = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
  const extensions = new Map(databases.map((one) => [one.database, one.extensions ?? []]))
  return {
    version: server.version,
    settings: withoutNulls(server.settings ?? {}),
    databases: (server.databases ?? []).map((one: { name: string; settings: Record<string, string | null> }) => ({
      name: one.name,
      settings: withoutNulls(one.settings),
      extensions: extensions.get(one.name) ?? [],
    })),
    roles: server.roles ?? [],
  }
}

function withoutNulls(settings: Readonly<Record<string, string | null>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(settings).flatMap(([name, value]) => (value === null ? [] : [[name, value]])),
  )
}
