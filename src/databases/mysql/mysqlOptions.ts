/** Knows which options of `mysqldump` and `mariadb-dump` leave something out of a dump. Pure. */
import { type HarmlessOptions, type JudgedOptions, judgeOptions } from '../dumpOptions.ts'

const HARMLESS: HarmlessOptions = {
  letters: 'ACEFKQRYaceilnqvxy',
  lettersWithValue: 'hPSu',
  otherLettersWithValue: 'rTw',
  names: [
    ...['add-drop-database', 'add-drop-table', 'add-drop-trigger', 'add-locks', 'all-databases', 'all-tablespaces'],
    ...['allow-keywords', 'column-statistics', 'complete-insert', 'compress', 'delayed-insert', 'disable-keys'],
    ...['dump-date', 'dump-history', 'enable-cleartext-plugin', 'extended-insert', 'flush-logs', 'flush-privileges'],
    ...['get-server-public-key', 'gtid', 'hex-blob', 'insert-ignore', 'lock-all-tables', 'lock-tables', 'master-data'],
    ...['no-autocommit', 'no-create-db', 'no-defaults', 'no-tablespaces', 'order-by-primary', 'order-by-size', 'quick'],
    ...['replace', 'single-transaction', 'source-data', 'verbose'],
    ...['ssl', 'ssl-ca', 'ssl-capath', 'ssl-cert', 'ssl-cipher', 'ssl-crl', 'ssl-crlpath', 'ssl-fips-mode', 'ssl-fp'],
    ...['ssl-fplist', 'ssl-key', 'ssl-mode', 'ssl-session-data', 'ssl-verify-server-cert'],
    ...['tls-ciphersuites', 'tls-sni-servername', 'tls-version'],
  ],
  namesWithValue: [
    ...['bind-address', 'character-sets-dir', 'compression-algorithms', 'default-auth', 'default-character-set'],
    ...['defaults-extra-file', 'defaults-file', 'defaults-group-suffix', 'host', 'login-path', 'max-allowed-packet'],
    ...['max-statement-time', 'net-buffer-length', 'network-timeout', 'plugin-dir', 'port', 'protocol'],
    ...['server-public-key-path', 'set-gtid-purged', 'socket', 'user', 'zstd-compression-level'],
  ],
  mustBeOn: [
    ...['comments', 'create-options', 'events', 'opt', 'quote-names', 'routines', 'set-charset', 'triggers', 'tz-utc'],
  ],
  // another one has no sign for what it does not know, and writes "?"
  values: { 'default-character-set': /^(utf8mb4|binary)$/i },
  // it names a database or a table
  isHarmlessWord: () => false,
  style: 'mysql',
}

/** Judges `dumpArgs`. */
export function judgeMysqlOptions(args: readonly string[]): JudgedOptions {
  return judgeOptions(args, HARMLESS)
}
