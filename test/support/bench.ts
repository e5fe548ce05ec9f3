/** A helper for tests, and an independent description of a tree: made by GNU find, sha256sum and getfattr, not by our listing. */

import { randomBytes } from 'node:crypto'
import type { Engine } from '../../examples/demo/engine.ts'
import type { CopyHelper } from '../../src/copy/copyHelper.ts'
import { probeTools } from '../../src/copy/tools.ts'
import { execTruthfully } from '../../src/docker/exec.ts'

export interface TestBench extends CopyHelper {
  readonly container: string
  remove(): Promise<void>
}

/** A running container of `image` as the helper is: the volumes read-only at `/marina/source/N`, `staging` (or a new volume) at `/backup`; `more` goes to docker run. */
export async function openTestBench(
  engine: Engine,
  image: string,
  volumes: readonly string[],
  staging = '',
  more: readonly string[] = [],
): Promise<TestBench> {
  const container = engine.name(`bench-${randomBytes(3).toString('hex')}`)
  const mounts = volumes.flatMap((volume, index) => [
    '--mount',
    `type=volume,src=${volume},dst=/marina/source/${index},volume-nocopy,readonly`,
  ])
  await engine.ok([
    'run',
    '-d',
    '--name',
    container,
    '--network',
    'none',
    '--user',
    '0:0',
    ...mounts,
    '--mount',
    `type=volume,${staging === '' ? '' : `src=${staging},`}dst=/backup,volume-nocopy`,
    ...more,
    '--entrypoint',
    'sh',
    image,
    '-c',
    "trap 'exit 0' TERM; while :; do sleep 3600 & wait $!; done",
  ])
  const docker = {
    env: { ...(process.env as Record<string, string>), ...engine.env() },
    redact: (text: string) => text,
  }
  const exec: CopyHelper['exec'] = (request) => execTruthfully(docker, { ...request, container })
  const probe = await probeTools(exec)
  if (!probe.ok) throw new Error(`the test's image lacks ${probe.missing.join(', ')}`)
  return { container, exec, tools: probe.tools, remove: async () => void (await engine.ok(['rm', '-fv', container])) }
}

/** Runs a script in a container of `image` with the volume writable at `/v`, its working directory. */
export async function inVolume(engine: Engine, image: string, volume: string, script: string): Promise<string> {
  return engine.ok(['run', '--rm', '-i', '--network', 'none', '-v', `${volume}:/v`, '-w', '/v', image, 'sh', '-s'], {
    input: `set -e\n${script}`,
  })
}

export interface DescribeOptions {
  /** Nanoseconds and the times of links; GNU tools keep them. */
  readonly fine: boolean
}

const DESCRIBE = `
export LC_ALL=C
for folder in "$@"; do
cd "$folder"
find . -printf '%y|%m|%U|%G|%s|%T@|%n|%i|%l|%p\\0' | perl -0 -ne '
  chomp; my @f = split /\\|/, $_, 10; my $p = $f[9];
  $f[4] = 0 if $f[0] eq "d"; $f[6] = 1 if $f[0] eq "d";
  $f[5] =~ s/\\..*// unless $ENV{FINE}; $f[5] = 0 if $f[0] eq "l" && !$ENV{FINE};
  $f[9] = (lstat $p)[6] if $f[0] =~ /[bc]/; $f[9] = "" unless $f[0] =~ /[bc]/;
  push @all, [$p, @f];
  END { my %first; for (sort { $a->[0] cmp $b->[0] } @all) {
    my ($p, @f) = @$_; my $i = $f[7]; $first{$i} = $p unless exists $first{$i};
    $f[7] = $f[0] eq "d" ? "" : $first{$i};
    my $line = "$p " . join("|", @f); $line =~ s/([^ -~]|\\\\)/sprintf("\\\\x%02x", ord $1)/ge; print "$line\\n" } }'
find . -type f -print0 | sort -z | xargs -0 -r sha256sum -z | tr '\\0' '\\n'
if [ -n "$FINE" ]; then find . -print0 | sort -z | xargs -0 -r getfattr -h -d -m - -e hex -- 2>/dev/null; fi
printf '\\0'; done`

/**
 * What stands in folders of a container with GNU tools, perl and getfattr: every path with type, mode, owner, size, time, link
 * target, hard-link group, then hashes and extended attributes, sorted.
 */
export async function describeTrees(
  engine: Engine,
  container: string,
  folders: readonly string[],
  options: DescribeOptions,
): Promise<string[]> {
  const fine = `FINE=${options.fine ? '1' : ''}`
  const said = await engine.ok(['exec', '-e', fine, container, 'sh', '-c', DESCRIBE, 'sh', ...folders])
  return said.split('\0').slice(0, folders.length)
}
