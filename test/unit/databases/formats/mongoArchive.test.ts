import { describe, expect, test } from 'vitest'
import { mongoArchive } from '../../../../src/databases/formats/mongoArchive.ts'

const MAGIC = Buffer.from([0x6d, 0xe2, 0x99, 0x81])
const END = Buffer.from([0xff, 0xff, 0xff, 0xff])

/** Writes a BSON document of texts and booleans. */
function bson(fields: Readonly<Record<string, string | boolean>>): Buffer {
  const elements = Object.entries(fields).map(([key, value]) => {
    const name = Buffer.from(`${key}\0`)
    if (typeof value === 'boolean') return Buffer.concat([Buffer.from([8]), name, Buffer.from([Number(value)])])
    const size = Buffer.alloc(4)
    const text = Buffer.from(`${value}\0`)
    size.writeInt32LE(text.length)
    return Buffer.concat([Buffer.from([2]), name, size, text])
  })
  const body = Buffer.concat([...elements, Buffer.from([0])])
  const size = Buffer.alloc(4)
  size.writeInt32LE(body.length + 4)
  return Buffer.concat([size, body])
}

/** Checks an archive that announces a collection of this metadata, and holds one of its documents or nothing. */
async function checked(announced: Readonly<Record<string, string>>, holds: boolean) {
  const name = { db: 'app', collection: 'orders' }
  const block = [bson({ ...name, EOF: false }), bson({ n: '1' }), END, bson({ ...name, EOF: true }), END]
  const check = mongoArchive()
  await check.pass(
    Buffer.concat([
      MAGIC,
      bson({ server_version: '7.0' }),
      bson({ ...name, ...announced }),
      END,
      ...(holds ? block : []),
    ]),
  )
  const { missing, counted } = await check.end()
  return { missing, counted }
}

const json = (options: object, indexes: readonly object[] = []) => JSON.stringify({ options, indexes })
const WORDS = [{ key: { viewOn: 1, timeseries: 1 }, name: '"viewOn" "timeseries"' }]

describe('a collection with indexes and validators on fields named viewOn and timeseries is one', () => {
  test.each([
    ['by its type', { type: 'collection', metadata: json({ validator: { viewOn: 'x' } }, WORDS) }],
    ['by an older tool', { metadata: json({ validator: { $and: [{ viewOn: 1 }, { timeseries: 1 }] } }, WORDS) }],
    ['with metadata that cannot be read', { metadata: '{"viewOn"' }],
    ['without options', { metadata: JSON.stringify({ indexes: WORDS }) }],
  ])('%s', async (_, announced) => {
    expect(await checked(announced, false)).toMatchObject({
      missing: expect.stringContaining('app.orders does not come to its end'),
    })
    expect(await checked(announced, true)).toMatchObject({
      missing: null,
      counted: { rows: { 'app.orders': 1 }, unknown: null },
    })
  })
})

test.each([[{ type: 'view', metadata: json({}) }], [{ metadata: json({ viewOn: 'orders', pipeline: [] }) }]])(
  'a view has no data: %j',
  async (announced) => {
    expect(await checked(announced, false)).toMatchObject({ missing: null, counted: { rows: {} } })
  },
)

test.each([[{ type: 'timeseries', metadata: json({}) }], [{ metadata: json({ timeseries: { timeField: 't' } }) }]])(
  'a time series is not counted: %j',
  async (announced) => {
    expect(await checked(announced, true)).toMatchObject({
      missing: null,
      counted: { unknown: expect.stringContaining('a time series') },
    })
  },
)
