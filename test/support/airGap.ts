/** A site without internet and registry: a `node` without a way out, and images that are carried there in a file. */
import { chmod, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../../examples/demo/engine.ts'

/** Writes a program into the folder that runs `node` in a network namespace which has its loopback device only. Returns its path. */
export async function isolatedNode(folder: string): Promise<string> {
  const path = join(folder, 'node')
  await writeFile(
    path,
    `#!/bin/sh\nexec unshare --net sh -c 'ip link set lo up; exec "$@"' sh '${process.execPath}' "$@"\n`,
  )
  await chmod(path, 0o755)
  return path
}

/** Gives an image another name, by which the engine has it as it is carried to such a site: saved elsewhere, and loaded. */
export async function carryImage(engine: Engine, image: string, name: string, folder: string): Promise<void> {
  const file = join(folder, 'image.tar')
  await engine.ok(['tag', image, name])
  await engine.ok(['save', '--output', file, name])
  await engine.ok(['rmi', name])
  await engine.ok(['load', '--input', file])
  await rm(file)
}
