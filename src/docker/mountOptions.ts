/** Takes mount options that may be secret out of an engine's or a driver's words, and out of a volume's own options. Pure. */

/** Parts of names: an option whose name contains one holds a secret or an account. */
const SECRET_WORD = 'pass|pwd|secret|token|cred|key|auth|user'
const SECRET_NAME = `(?:[\\w.-]*(?:${SECRET_WORD})[\\w.-]*|pw|sig)`
/**
 * Names that end with the word for a secret. Before a colon or a quoted text only these count, since the name of a volume or a container may
 * stand there too (`keycloak: …`, `user-data: …`).
 */
const PLAIN_NAME =
  '(?:(?:[\\w.-]*[_.-])?(?:password\\d?|passwd|passphrase|pass|pwd|token|secret|credentials?|username|user|authorization)|[\\w.-]*[_-]key|(?:api|access|account|secret|private)key)'
const isSecretName = (name: string) => new RegExp(`^${SECRET_NAME}$`, 'i').test(name)

/**
 * Names of options of mount.cifs, mount.nfs, bind mounts and FUSE whose values may be seen. A password may hold commas: a comma ends it
 * only if one of these names, or the name of another secret, follows.
 */
const OPEN_OPTION =
  '(?:addr|clientaddr|ip|port|mountport|mountaddr|mountvers|mountproto|vers|nfsvers|minorversion|proto|sec|domain|dom|workgroup|iocharset|' +
  'uid|gid|forceuid|forcegid|umask|fmask|dmask|file_mode|dir_mode|r[ow]|(?:no)?(?:exec|suid|dev|atime|diratime|perm|serverino|brl|lock|ac|cto|acl|resvport|unix|posix|sharecache|intr)|' +
  'relatime|soft|hard|timeo|retrans|retry|rsize|wsize|bsize|actimeo|acregmin|acregmax|acdirmin|acdirmax|cache|seal|mfsymlinks|nobrl|nounix|mapposix|fsc|tcp|udp|rdma|' +
  'bind|rbind|private|rprivate|slave|rslave|shared|rshared|size|mode|nr_inodes|type|device|fstype|subvol|compress|allow_other|allow_root|default_permissions|' +
  'reconnect|sshfs_[a-z]+|ServerAlive[a-zA-Z]+|StrictHostKeyChecking|fsname|max_read|lookupcache|local_lock|snapshot|handletimeout|echo_interval|multichannel|max_channels|nconnect)'

/**
 * Matches where a secret value ends: at the next option with a known or a secret name, a closing quote, the reason behind the last colon, a
 * command's next flag, or the line's end.
 */
const VALUE_END = [
  `[,;]\\s*${OPEN_OPTION}(?:[=,\\s]|$|:\\s)`,
  `[,;\\s&]+\\\\?["']?${SECRET_NAME}\\\\?["']?\\s*=`,
  `\\\\?["'](?:[\\s,:;)\\]}]|$)`,
  `: [^:\\n]*$`,
  `\\s+--?[a-z]`,
  '\\n',
  '$',
].join('|')

const NAMED_VALUE = new RegExp(
  `(?<![\\w/.-])(-{0,2}(?:${SECRET_NAME}(?:\\\\?["'])?\\s*=|${PLAIN_NAME}(?:\\\\?["'])?\\s*:)\\s*(?:\\\\?["'])?)(?!["'\\\\\\s]*\\*\\*\\*)(?=\\S)[^\\n]*?(?=${VALUE_END})`,
  'gi',
)
const FLAG_VALUE = new RegExp(
  `(?<![\\w-])(--?${SECRET_NAME}\\s+|sshpass\\s+-p\\s*)(?!\\s*\\*\\*\\*)[^\\n]*?(?=${VALUE_END})`,
  'gi',
)
const QUOTED_VALUE = new RegExp(`(?<![\\w/.-])(${PLAIN_NAME}\\s+)(["'])(?:(?!\\2)[^\\n])*\\2`, 'gi')

/**
 * Returns an engine's or a driver's words without what may be secret: the options of a failed mount, values under secret names, and what
 * stands before the `@` of an address. Words that speak of no mount come back as they are. A secret may hold any character, so its end
 * cannot always be told; then more is taken out rather than less.
 */
export function withoutMountOptions(words: string): string {
  if (!/mount|volume ?driver/i.test(words)) return words
  // what the client adds in lines of its own is not the reason, nor is the end of a line
  const said = words.slice(0, words.search(/\n(?:Error: |failed to start|Run '|See ')|\s*$/))
  return (
    withoutUserInfo(
      said
        // the engine gives all options of a failed mount before its reason: `mount SOURCE:TARGET, data: OPTIONS: REASON`
        .replace(/(, data: )(?!\*\*\*)(?:[\s\S]*(?=: [^:\n]*$)|[\s\S]*)/, '$1***')
        .replace(/(?<=\bmap\[)[^\n]*(?=\])/g, '***')
        .replace(/\b(Bearer|Basic)\s+(?!\*\*\*)\S+/gi, '$1 ***'),
    )
      .replace(NAMED_VALUE, '$1***')
      .replace(FLAG_VALUE, '$1***')
      .replace(QUOTED_VALUE, '$1***') + words.slice(said.length)
  )
}

/** Puts `***` in place of user and password in addresses: `//user:password@nas/share`, `user:password@nas:/folder`. */
function withoutUserInfo(text: string): string {
  return text
    .replace(/(\/\/)(?:[^/\s:@'"]+:[^\n'"]*|[^\s'"]*)@/g, '$1***@')
    .replace(/(^|[\s'"=([,])[\w.+~\\-]+:(?=[^\s/])[^\s'"]*@(?=[\w[])/gm, '$1***@')
}

type Options = Readonly<Record<string, string>>

/** Returns a volume's options with `***` for each value that may be secret: `o=addr=nas,password=***`. */
export function shownOptions(options: Options): Options {
  return Object.fromEntries(
    Object.entries(options).map(([key, value]) => [key, isSecretName(key) ? '***' : shownValue(value)]),
  )
}

/**
 * Masks the secrets in one option's value, which may be a list (`addr=nas,password=a,b`). A password may hold commas, so behind a secret
 * part all parts are masked but those with a known name.
 */
function shownValue(value: string): string {
  const parts = value.split(',')
  const first = parts.findIndex(isSecretPart)
  if (first < 0) return withoutUserInfo(value)
  return parts
    .map((part, index) => {
      if (isSecretPart(part)) return `${part.split('=')[0]}=***`
      return index < first || isOpenPart(part) ? withoutUserInfo(part) : '***'
    })
    .join(',')
}

const isSecretPart = (part: string) => part.includes('=') && isSecretName(part.split('=')[0]?.trim() ?? '')
const isOpenPart = (part: string) => new RegExp(`^${OPEN_OPTION}(=[\\w./:-]*)?$`).test(part)

/**
 * Returns the secrets in a volume's options as they stand there, so that they can be masked wherever they appear: passwords, keys and
 * tokens, but no names of accounts.
 */
export function secretsOfOptions(options: Options): readonly string[] {
  const found = Object.entries(options).flatMap(([key, value]) =>
    isPassword(key) ? [value] : [...secretsInList(value), ...secretsInAddress(value)],
  )
  return [...new Set(found)].filter((secret) => secret !== '')
}

const isPassword = (name: string) => /(pass(?!.*file)|pwd|secret|token|key(?!.*file)|^pw$)/i.test(name)

/**
 * Returns each secret in a list of options in both ways that a mount may read it: up to the first comma, and up to the next option that is
 * known or secret.
 */
function secretsInList(value: string): readonly string[] {
  const parts = value.split(',')
  return parts.flatMap((part, index) => {
    const [, name = '', begin = ''] = /^\s*([\w.-]+)=([\s\S]*)$/.exec(part) ?? []
    if (!isPassword(name)) return []
    const rest = parts.slice(index + 1)
    const end = rest.findIndex((one) => isOpenPart(one) || isSecretPart(one))
    return [begin, [begin, ...(end < 0 ? rest : rest.slice(0, end))].join(',')]
  })
}

function secretsInAddress(value: string): readonly string[] {
  const password = /^(?:[\w+.-]+:)?(?:\/\/)?[^/\s:@]+:(?!\/)(.+)@/s.exec(value)?.[1]
  return password === undefined ? [] : [password]
}
