/** Knows which options of `mongodump` leave something out of a dump. Pure. */
import { type HarmlessOptions, type JudgedOptions, judgeOptions } from '../dumpOptions.ts'

const HARMLESS: HarmlessOptions = {
  letters: 'v',
  lettersWithValue: 'dhju',
  otherLettersWithValue: 'coq',
  names: [
    ...[
      'dumpDbUsersAndRoles',
      'forceTableScan',
      'gzip',
      'ipv6',
      'oplog',
      'quiet',
      'ssl',
      'sslAllowInvalidCertificates',
    ],
    ...['sslAllowInvalidHostnames', 'sslFIPSMode', 'tls', 'tlsInsecure', 'verbose'],
  ],
  namesWithValue: [
    ...['authMechanismProperties', 'authenticationDatabase', 'authenticationMechanism', 'compressors', 'config', 'db'],
    ...[
      'dialTimeout',
      'gssapiHostName',
      'gssapiServiceName',
      'host',
      'numParallelCollections',
      'port',
      'readPreference',
    ],
    ...['serverSelectionTimeout', 'socketTimeout', 'sslCAFile', 'sslCRLFile', 'sslPEMKeyFile', 'uri', 'username'],
  ],
  isHarmlessWord: (word) => /^mongodb(\+srv)?:\/\//.test(word),
  style: 'plain',
}

/** Judges `dumpArgs`; `isServer`: the dump has no name of a database, and so counts as one of the whole server. */
export function judgeMongoOptions(args: readonly string[], isServer: boolean): JudgedOptions {
  const judged = judgeOptions(args, HARMLESS)
  return { ...judged, leftOutBy: judged.leftOutBy ?? (isServer ? namedDatabase(args) : null) }
}

/**
 * Returns the words that name a database, to which the tool then keeps itself; `null` if there are none. They stay among the arguments, since
 * they may also say where the account lies.
 */
function namedDatabase(args: readonly string[]): string | null {
  if (args.some((arg) => /^-v*d|^--db(=|$)/.test(arg))) return '--db'
  const hasPath = args.some((arg) => /^(--uri=)?mongodb(\+srv)?:\/\/[^/]*\/[^?]/.test(arg))
  return hasPath ? 'a database in the connection URI' : null
}
