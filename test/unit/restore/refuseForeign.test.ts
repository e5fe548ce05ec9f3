import { expect, test } from 'vitest'
import type { Target } from '../../../src/config/model.ts'
import type { ManifestTarget } from '../../../src/container/manifest.ts'
import { refuseForeign } from '../../../src/restore/refuseForeign.ts'

const target = (text: string) => {
  const [kind, name] = text.split(' ')
  return (kind === 'db' ? { kind, container: name } : { kind, name }) as unknown as Target
}
const entry = (text: string) => {
  const [kind, name] = text.split(' ')
  return { kind, name } as unknown as ManifestTarget
}

test.each`
  held                          | own               | isDiscovered | existing   | foreign
  ${['volume app']}             | ${['volume app']} | ${false}     | ${['app']} | ${null}
  ${['volume app', 'volume b']} | ${['volume app']} | ${false}     | ${['app']} | ${'volume b'}
  ${['db app']}                 | ${['volume app']} | ${false}     | ${['app']} | ${'database app'}
  ${['volume app']}             | ${['db app']}     | ${false}     | ${['app']} | ${'volume app'}
  ${['volume app']}             | ${['volume app']} | ${true}      | ${['app']} | ${null}
  ${['volume app']}             | ${[]}             | ${true}      | ${['app']} | ${'volume app'}
  ${['volume app']}             | ${['db app']}     | ${true}      | ${['app']} | ${'volume app'}
  ${['db app']}                 | ${['volume app']} | ${true}      | ${['app']} | ${'database app'}
  ${['volume app', 'db app']}   | ${['db app']}     | ${true}      | ${[]}      | ${null}
  ${['volume gone']}            | ${[]}             | ${true}      | ${['app']} | ${null}
`('a backup of $held, and $own today (discovered: $isDiscovered)', ({ held, own, isDiscovered, existing, foreign }) => {
  const refuse = () =>
    refuseForeign(held.map(entry), {
      ...{ instance: 'shop', own: own.map(target), isDiscovered },
      existing: new Set<string>(existing),
    })
  if (foreign === null) expect(refuse).not.toThrow()
  else expect(refuse).toThrow(`the backup holds ${foreign}, which`)
})
