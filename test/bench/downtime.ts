/**
 * How long an application is away: a backup through the built action beside `docker stop; docker start` and
 * `docker stop; cp -a; docker start`, in one run on one engine. By hand: `node test/bench/downtime.ts [rounds]`.
 *
 * The application writes a line every 50 ms, and each time one of 20 files of a volume of 800 MB in 20,000 files; the image works 30 s.
 */

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { runAction } from '../../examples/demo/action.ts'
import { type Engine, startEngine } from '../../examples/demo/engine.ts'
import { shell, toldImage } from '../support/run.ts'

const FILES = 20_000
const FILE_BYTES = 40_960

/** The time of a line is the host's uptime, whose steps are 10 ms. */
const APP = `
trap 'exit 0' TERM
n=0
while :; do
  n=$(((n+1)%20)); read -r up rest </proc/uptime
  echo "$up" >>/lines/lines; echo "$up" >/data/0/$n
  sleep 0.05
done`

const FILL = `
my $bytes = join '', map { chr int rand 256 } 1 .. ${FILE_BYTES};
for my $i (0 .. ${FILES - 1}) {
  my ($folder, $name) = (int($i / 200), $i % 200);
  mkdir "/data/$folder";
  open my $file, '>', "/data/$folder/$name" or die; print $file $bytes, $i; close $file;
}`

const engine = await startEngine({ prefix: 'marina-bench' })
const temp = await mkdtemp(join(tmpdir(), 'marina-bench-'))
try {
  await main(Number(process.argv[2] ?? 1))
} finally {
  await engine.stop()
  await rm(temp, { recursive: true, force: true })
}

async function main(rounds: number): Promise<void> {
  const debian = await engine.debian()
  const gnu = await toldImage(engine, 'gnu')
  await engine.ok(['build', '-q', '-t', `${gnu}-gnu`, '-'], {
    input: `FROM ${debian}\nRUN printf '#!/bin/sh\\neval "$DO"\\n' >/backup.sh && chmod 755 /backup.sh\n`,
  })
  const volumes = ['--mount', 'type=volume,src=data,dst=/data', '--mount', 'type=volume,src=lines,dst=/lines']
  await engine.ok(['run', '--rm', ...volumes, debian, 'perl', '-e', FILL], { timeoutMs: 600_000 })
  await engine.ok(['run', '-d', '--name', 'app', ...volumes, debian, 'sh', '-c', APP])
  const ways: [string, () => Promise<string>][] = [
    ['docker stop; docker start', async () => stopped(engine, async () => {})],
    ['docker stop; cp -a; docker start', async () => stopped(engine, () => copy(engine, debian))],
    ['Marina, image with GNU tools', () => marina(engine, `${gnu}-gnu`)],
    ['Marina, image with BusyBox', () => marina(engine, gnu)],
  ]
  for (let round = 0; round < rounds; round++)
    for (const [what, work] of ways) {
      const from = await lines(engine)
      const told = await work()
      await delay(1_000)
      const gap = longestGap((await lines(engine)).slice(from.length - 1))
      console.log(`${what.padEnd(36)} the lines stop for ${gap.toFixed(2)} s${told}`)
    }
}

async function stopped(engine: Engine, work: () => Promise<void>): Promise<string> {
  await engine.ok(['stop', 'app'])
  await work()
  await engine.ok(['start', 'app'])
  return ''
}

async function copy(engine: Engine, image: string): Promise<void> {
  const mounts = ['--mount', 'type=volume,src=data,dst=/data,readonly', '--mount', 'type=volume,dst=/copy']
  await engine.ok(['run', '--rm', ...mounts, image, 'cp', '-a', '/data/.', '/copy'], { timeoutMs: 600_000 })
}

async function marina(engine: Engine, image: string): Promise<string> {
  const workspace = join(temp, 'repository')
  await mkdir(workspace, { recursive: true })
  const instance = {
    id: 'bench',
    customImage: image,
    pull: 'never',
    targets: [{ volume: 'data', stopAttached: true }],
    env: { DO: shell('find $MARINA_BACKUP_DIR/volume/data -type f | wc -l; sleep 30') },
  }
  await writeFile(join(workspace, 'config.yml'), JSON.stringify({ instances: [instance] }))
  const ran = await runAction({ docker: engine, workspace, inputs: { 'upload-logs': 'false' } })
  const report = ran.report?.instances[0]
  if (ran.code !== 0 || !report || !ran.stdout.includes(String(FILES))) throw new Error(ran.stdout)
  return `; it says ${report.downtimeSeconds?.toFixed(2)} s, the whole run took ${report.seconds.toFixed(0)} s`
}

async function lines(engine: Engine): Promise<number[]> {
  const said = await engine.ok(['exec', 'app', 'cat', '/lines/lines'])
  return said.split('\n').map(Number)
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, index) => time - (times[index] ?? time)))
}
