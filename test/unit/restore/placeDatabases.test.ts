import { expect, test } from 'vitest'
import { type DatabasePlacement, refusePartOf } from '../../../src/restore/placeDatabases.ts'

const placement = (leftOutBy: string | null | undefined, dumpArgs: readonly string[], kind = 'postgres') =>
  ({
    kind,
    entry: {
      name: 'shop-db',
      files: [{ database: null }],
      ...(leftOutBy === undefined ? {} : { leftOutBy }),
    },
    source: { target: { dumpArgs } },
  }) as unknown as DatabasePlacement

test.each`
  backup       | kind          | dumpArgs          | words
  ${'-t'}      | ${'postgres'} | ${[]}             | ${/^database shop-db: dumpArgs has "-t", so the dump may hold only a part.*into: new/}
  ${null}      | ${'postgres'} | ${['--no-owner']} | ${null}
  ${null}      | ${'postgres'} | ${[]}             | ${null}
  ${undefined} | ${'postgres'} | ${['--no-owner']} | ${/has "--no-owner"/}
  ${undefined} | ${'postgres'} | ${['--clean']}    | ${null}
  ${null}      | ${'mongo'}    | ${['--db=app']}   | ${/has "--db"/}
  ${null}      | ${'mongo'}    | ${['--query={}']} | ${null}
`('a backup made with $backup, and dumpArgs $dumpArgs today', ({ backup, kind, dumpArgs, words }) => {
  const refuse = () => refusePartOf(placement(backup, dumpArgs, kind))
  if (words === null) expect(refuse).not.toThrow()
  else expect(refuse).toThrow(words)
})
