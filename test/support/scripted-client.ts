/** A docker client as the product calls it, which answers by a script. For unit tests. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { Docker } from '../../src/docker/process.ts'
import { type Rule, type ScriptedDocker, scriptDocker } from './scripted-docker.ts'
import { atTestEnd } from './testEnd.ts'

/** The client of these rules, first on the PATH until the test has ended. */
export async function scriptedClient(
  ...rules: readonly Rule[]
): Promise<Docker & { readonly scripted: ScriptedDocker }> {
  const folder = await mkdtemp(join(tmpdir(), 'marina-docker-'))
  const path = process.env.PATH ?? ''
  process.env.PATH = folder + delimiter + path
  atTestEnd(async () => {
    process.env.PATH = path
    await rm(folder, { recursive: true })
  })
  const scripted = await scriptDocker(folder, rules)
  return { env: { PATH: process.env.PATH }, redact: (text) => text, scripted }
}
