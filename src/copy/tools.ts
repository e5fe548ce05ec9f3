/** Finds out whether a helper's tools can copy, and what they keep. Each ability is tried in a scratch folder in the helper's own layer. */
import { InstanceError } from '../errors.ts'
import type { CopyTools, Exec } from './copyHelper.ts'
import { shownReason } from './readable.ts'

/** Options for both ends of a GNU `tar | tar`. SELinux labels are not copied: they belong to the host's policy. */
const GNU_TAR_OPTIONS = [
  '--numeric-owner',
  '--format=posix',
  '--xattrs',
  '--xattrs-include=*',
  '--xattrs-exclude=security.selinux',
  '--acls',
]
const NEEDED = [
  'sh',
  'find',
  'xargs',
  'stat',
  'cp',
  'tar',
  'mkdir',
  'rm',
  'ln',
  'readlink',
  'touch',
  'dd',
  'date',
  'sync',
]

const NO_ROOM = 70

/**
 * Tries the tools named by its arguments. Prints a line `missing NAME` for each that a copy cannot do without, and `has NAME` for each
 * ability. A tool that is there but lacks what we use of it counts as missing, with the option's name.
 */
const PROBE = `
LC_ALL=C; export LC_ALL; umask 022
for t in "$@"; do command -v "$t" >/dev/null 2>&1 || { echo "missing $t"; gone=1; }; done
[ -z "$gone" ] || exit 0
D=/marina-probe.$$
mkdir "$D" && mkdir "$D/a" "$D/a/sub" "$D/b" "$D/c" && cd "$D/a" || exit 70
dd if=/dev/zero of=room bs=65536 count=4 2>/dev/null && rm room || { cd / && rm -rf "$D"; exit 70; }
echo x >f && ln f g && ln -s nowhere l && ln -fn l m && dd if=/dev/zero of=h bs=1 count=1 seek=4194304 2>/dev/null || exit 71
touch -h -d @1000000000 l 2>/dev/null; touch -d @1000000000 sub
cp -a --parents -- ./f ./g ./l ./m ./h "$D/b/" 2>/dev/null || echo "missing cp --parents"
[ "$(stat -c %i "$D/b/f" 2>/dev/null)" = "$(stat -c %i "$D/b/g" 2>/dev/null)" ] || echo "missing cp that keeps hard links"
[ "$(stat -c %y f)" != "$(stat -c %y "$D/b/f" 2>/dev/null)" ] || echo has nanoseconds
[ "$(stat -c %Y l)" != "$(stat -c %Y "$D/b/l" 2>/dev/null)" ] || echo has linkTimes
[ "$(stat -c %i "$D/b/l" 2>/dev/null)" != "$(stat -c %i "$D/b/m" 2>/dev/null)" ] || echo has linkedOthers
[ "$(stat -c %b "$D/b/h" 2>/dev/null || echo 9999)" -gt 1024 ] || echo has holes
n=$(find . -type l -print0 2>/dev/null | xargs -0 stat -c '%d|%i|%f|%s|%b|%h|%u|%g|%y|%z|%Y|%Z|%t|%T|%n' 2>/dev/null)
case "$n" in *'|./l') ;; *) echo "missing find -print0 | xargs -0 stat -c";; esac
printf 'f\\0' | xargs -0 -s 130000 -n 2 true 2>/dev/null || echo "missing xargs -s"
n=$(stat -f -c '%t|%a|%S|%c|%d' . 2>/dev/null)
case "$n" in *'|'*'|'*'|'*'|'*) ;; *) echo "missing stat -f -c";; esac
tar -c -f - --no-recursion --numeric-owner ./sub 2>/dev/null | tar -x -p -f - --numeric-owner -C "$D/c" 2>/dev/null
[ "$(stat -c %Y "$D/c/sub" 2>/dev/null)" = 1000000000 ] || echo "missing tar --no-recursion"
tar -c -f - --no-recursion --format=posix --xattrs '--xattrs-include=*' --xattrs-exclude=security.selinux --acls ./sub 2>/dev/null | tar -t -f - >/dev/null 2>&1 &&
  tar -c -f - --no-recursion --format=posix --xattrs '--xattrs-include=*' --acls ./sub >/dev/null 2>&1 && echo has gnutar
[ "$(printf eA== | base64 -d 2>/dev/null)" = x ] && echo has base64
sync -f . 2>/dev/null && echo has syncOne
case "$(cp --version 2>/dev/null)" in *GNU*) echo has gnu;; *) case "$(cp --help 2>&1)" in *BusyBox*) echo has busybox;; esac;; esac
cd / && rm -rf "$D"`

export type Probe =
  | { readonly ok: true; readonly tools: CopyTools }
  | { readonly ok: false; readonly missing: readonly string[] }

/**
 * Tries the tools of a running helper. `missing` names the tools and options that every copy needs. Throws `InstanceError` if the probe
 * itself cannot run.
 */
export async function probeTools(exec: Exec, deadlineMs = 60_000, signal?: AbortSignal): Promise<Probe> {
  const result = await exec({ script: PROBE, args: NEEDED, deadlineMs, ...(signal && { signal }) })
  if (result.code === NO_ROOM)
    throw new InstanceError(
      'the helper cannot write 256 kB of its own: the disk where Docker keeps its data is full. Free space there',
    )
  if (result.code !== 0) throw new InstanceError(`the tools of the helper could not be tried: ${shownReason(result)}`)
  const lines = result.stdout.split('\n')
  const missing = lines.filter((line) => line.startsWith('missing ')).map((line) => line.slice('missing '.length))
  if (missing.length > 0) return { ok: false, missing }
  return { ok: true, tools: toolsOf(new Set(lines)) }
}

function toolsOf(lines: ReadonlySet<string>): CopyTools {
  const has = (what: string) => lines.has(`has ${what}`)
  const xattrs = has('gnu') && has('gnutar')
  const warnings = [
    ...(has('nanoseconds') ? [] : ['modification times are kept to the second only']),
    ...(has('linkTimes') ? [] : ['the times of symbolic links are not kept']),
    ...(has('holes') ? [] : ['holes of sparse files are filled with zeros']),
    ...(xattrs ? [] : ['extended attributes and access control lists are not kept']),
  ]
  return {
    flavour: has('gnu') ? 'gnu' : has('busybox') ? 'busybox' : 'other',
    nanoseconds: has('nanoseconds'),
    linkTimes: has('linkTimes'),
    linkedOthers: has('linkedOthers'),
    holes: has('holes'),
    xattrs,
    syncOne: has('syncOne'),
    base64: has('base64'),
    tarOptions: has('gnutar') ? GNU_TAR_OPTIONS : ['--numeric-owner'],
    warnings:
      warnings.length === 0
        ? []
        : [`copied with ${has('busybox') ? 'BusyBox' : 'other than GNU'} tools: ${warnings.join('; ')}`],
  }
}
