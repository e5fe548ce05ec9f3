/** Asks a MySQL or MariaDB server about itself, for the manifest. Pure. */
import type { ServerFacts } from '../engineContract.ts'

const SETTINGS = [
  'sql_mode',
  'lower_case_table_names',
  'character_set_server',
  'collation_server',
  'default_storage_engine',
  'innodb_page_size',
  'innodb_default_row_format',
  'innodb_strict_mode',
  'explicit_defaults_for_timestamp',
  'max_allowed_packet',
  'time_zone',
]
export const FACTS_SQL = `SET SESSION sql_mode=''; SELECT 'version', VERSION();
SELECT 'database', SCHEMA_NAME, DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ('information_schema', 'performance_schema', 'sys');
SELECT DISTINCT 'account', GRANTEE FROM information_schema.USER_PRIVILEGES;
SELECT 'settings'; SHOW GLOBAL VARIABLES WHERE Variable_name IN (${SETTINGS.map((name) => `'${name}'`).join(', ')})`

/** Reads the answer to `FACTS_SQL`: lines of words with tabs between them; behind the line `settings` a name and a value each. */
export function readFacts(stdout: string): ServerFacts {
  const lines = stdout.split('\n').map((line) => line.split('\t'))
  const split = lines.findIndex(([first], i) => first === 'settings' && lines[i]?.length === 1)
  if (split < 0) throw new Error(`the server answered ${JSON.stringify(stdout.slice(0, 80))}`)
  const told = (what: string) => lines.slice(0, split).filter(([first]) => first === what)
  return {
    version: told('version')[0]?.[1] ?? null,
    settings: Object.fromEntries(
      lines.slice(split + 1).flatMap(([name = '', value = '']) => (name === '' ? [] : [[name, value]])),
    ),
    databases: told('database').map(([, name = '', charset = '', collation = '']) => ({
      name,
      settings: { character_set: charset, collation },
      extensions: [],
    })),
    roles: told('account').map(([, name = '']) => name),
  }
}
