/** Makes from the schema what people and editors read: the JSON Schema, and the rows of the table of docs/configuration.md. */
import { z } from 'zod'
import {
  DAEMON_KEYS,
  drillCheckShape,
  drillShape,
  fileSchema,
  instanceShape,
  resourcesShape,
  sharedShape,
  targetShape,
} from './schema.ts'

/** Makes the JSON Schema (2020-12) of the file, for editors. */
export function jsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(fileSchema, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // zod drops the default of whatever is transformed, which here is every scalar.
      const fallback = z.globalRegistry.get(zodSchema as unknown as z.ZodType)?.default
      if (fallback !== undefined) (jsonSchema as Record<string, unknown>).default = fallback
    },
  })
  return {
    $schema,
    title: 'Marina for GitHub Actions: config.yml',
    ...schema,
    patternProperties: { '^x-': { description: 'Free for anchors and notes.' } },
  }
}

interface KeyRow {
  readonly key: string
  readonly where: string
  readonly default: string
  readonly description: string
}

/** Returns the rows of the table of docs/configuration.md, one for each key but those of Marina's daemon. */
export function keyRows(): readonly KeyRow[] {
  const rows = [
    ...rowsOf(fileSchema.shape, 'top', Object.keys(sharedShape)),
    ...rowsOf(sharedShape, 'top and instance', []),
    ...rowsOf(instanceShape, 'instance', Object.keys(sharedShape)),
    ...rowsOf(targetShape, 'target', []),
    ...rowsOf(resourcesShape, 'resources', []),
    ...rowsOf(drillShape, 'drill', []),
    ...rowsOf(drillCheckShape, 'drill.checks', []),
  ]
  return rows.filter(({ key: name }) => !Object.hasOwn(DAEMON_KEYS, name))
}

function rowsOf(shape: Readonly<Record<string, z.ZodType>>, where: string, without: readonly string[]): KeyRow[] {
  return Object.entries(shape)
    .filter(([name]) => !without.includes(name))
    .map(([name, type]) => {
      const meta = type.meta() ?? {}
      const fallback =
        meta.default === undefined
          ? ''
          : `\`${typeof meta.default === 'object' ? JSON.stringify(meta.default) : meta.default}\``
      return { key: name, where, default: fallback, description: meta.description ?? '' }
    })
}
