/** A disk of the host that is mounted within a volume: a mounted volume shows it and warns of it, a copy refuses it and names the place. */
import { expect, test } from 'vitest'
import { enginePid } from '../../../examples/demo/engine.ts'
import { runOk } from '../../../examples/demo/process.ts'
import {
  expectNoTrace,
  filledVolume,
  leftOf,
  reportOf,
  runJob,
  shell,
  testEngine,
  toldImage,
} from '../../support/run.ts'

const engine = testEngine()

/** Runs a command where the engine has its mounts. */
const beside = async (...command: string[]) =>
  runOk('nsenter', ['-t', String(await enginePid(engine)), '-m', ...command])

test('a disk within a volume is warned of in place, and refused in a copy', async () => {
  const volume = await filledVolume(engine, 'disks', 'mkdir -p photos/disk; echo data >file')
  const folder = (await engine.ok(['volume', 'inspect', '--format', '{{.Mountpoint}}', volume])).trim()
  const disk = `${folder}/photos/disk`
  await beside('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk)
  try {
    await beside('sh', '-c', `echo "on the disk" >'${disk}/note'`)
    const customImage = await toldImage(engine)
    const say = shell(`cat "$MARINA_BACKUP_DIR/volume/${volume}/photos/disk/note"`)
    const instance = (name: string, target: object, text = say) => ({
      ...{ id: engine.name(name), customImage, pull: 'never', env: { DO: text } },
      targets: [{ volume, ...target }],
    })
    const ran = await runJob(engine, {
      instances: [
        instance('mounted', {}),
        instance('copied', { staging: 'copy' }),
        instance('stopped', { stopAttached: true }),
        instance('without', { staging: 'copy', exclude: ['/photos/disk'] }, 'echo good'),
      ],
    })
    expectNoTrace(ran)
    const report = (name: string) => reportOf(ran, engine.name(name))
    expect(report('mounted')).toMatchObject({
      status: 'success',
      tail: expect.arrayContaining(['on the disk']),
      targets: [{ staging: 'mount', status: 'staged' }],
    })
    expect(JSON.stringify(report('mounted'))).toContain(String.raw`another disk mounted at \"photos/disk\"`)
    for (const name of ['copied', 'stopped']) {
      expect(report(name)).toMatchObject({ status: 'failed', targets: [{ status: 'failed' }] })
      expect(report(name).error).toContain(`"photos/disk" in volume ${volume} lies on another device`)
    }
    expect(report('without').status).toBe('success')
  } finally {
    await beside('umount', disk)
  }
  expect(await leftOf(engine)).toEqual([])
})
