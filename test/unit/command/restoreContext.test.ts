import { expect, test } from 'vitest'
import { restoreContext } from '../../../src/command/restoreContext.ts'

test.each([
  ['of the instance', 'nas-of-instance', 'nas-of-file', 'nas-of-instance'],
  ['of the file, if the instance has none', null, 'nas-of-file', 'nas-of-file'],
  ['of the Docker host, if nobody names one', null, null, 'docker-host'],
])('a restore and a drill use the name %s, as the backup did', (_, ofInstance, ofFile, expected) => {
  const action = { event: { runUrl: null, workspace: '/w' }, inputs: { config: 'config.yml' } } as never
  const plan = { hostName: ofFile, here: [], instances: [], config: {}, lockWaitMs: 0 } as never
  const subject = { instance: { nodeName: ofInstance }, host: { engine: { hostName: 'docker-host' } } } as never
  expect(restoreContext(action, plan, subject).hostName).toBe(expected)
})

test('a name of the file whose variable has no value is refused, unless the instance has one of its own', () => {
  const action = { event: { runUrl: null, workspace: '/w' }, inputs: { config: 'config.yml' } } as never
  const plan = { hostName: null, hostNameProblem: 'NAS is not set', here: [], instances: [], config: {} } as never
  const pendingOf = (nodeName: string | null) => {
    const instance = { nodeName } as never
    return restoreContext(action, plan, { instance, host: { engine: { hostName: 'docker' } } } as never).pending(
      instance,
    )
  }
  expect(pendingOf(null)).toEqual(['NAS is not set'])
  expect(pendingOf('nas')).toEqual([])
})
