/** Decides which values are masked, and announces it once, before anything else is printed. */
import type { Console } from '../action/console/console.ts'
import { isEverydayWord } from '../config/everydayWords.ts'
import type { SecretText } from '../config/secretValues.ts'
import { createRedactor, maskable, type Redactor } from '../secrets/redaction.ts'

/** The single redactor of a run, which also registers secrets with the runner. */
interface SecretRegister {
  /** Masks these values too, also in streams that are already open. The runner is told of each value once. */
  add(values: Iterable<string>): void
  /** Masks these values in all that this action writes. The runner is not told: its log shows to whoever reads it raw what it is told. */
  addUntold(values: Iterable<string>): void
  /** Masks all values that were added until now, and those that are added later. */
  readonly redactor: Redactor
}

/** Opens the register of a run, without any secret yet. */
export function openSecretRegister(console: Console): SecretRegister {
  const told = new Set<string>()
  const redactor = createRedactor([])
  return {
    add(values) {
      const added = [...values]
      redactor.add(added)
      const fresh = maskable(added).values.filter((value) => !told.has(value))
      for (const value of fresh) told.add(value)
      console.mask(fresh, redactor)
    },
    addUntold(values) {
      redactor.add(values)
      console.mask([], redactor)
    },
    redactor,
  }
}

/** What is decided on the secrets of a run. */
interface Masking {
  readonly masked: readonly SecretText[]
  /** One sentence that names all values that are not masked although their names suggest a secret; `null` if there are none. */
  readonly notice: string | null
  /** One sentence for each masked value that also hides harmless text, and for values too short to be masked. */
  readonly warnings: readonly string[]
}

/**
 * Decides which values are masked. `open` are texts of ids, links and paths of this run, which may contain a secret's value by chance. In
 * that case a value whose name suggests something other than a secret (`S3_KEY_PREFIX`) is not masked. Pure.
 */
export function decideMasking(secrets: readonly SecretText[], open: readonly string[]): Masking {
  const isLong = (value: string) => maskable([value]).tooShort === 0
  const isCommon = ({ value }: SecretText) =>
    isLong(value) && (isEverydayWord(value) || open.some((text) => text.includes(value.trim())))
  const certain = new Set(secrets.filter((secret) => secret.isCertain).map(({ value }) => value))
  const common = secrets.filter(isCommon)
  const unmasked = common.filter((secret) => !certain.has(secret.value))
  const masked = secrets.filter((secret) => !unmasked.includes(secret))
  const { tooShort } = maskable(masked.map(({ value }) => value))
  const hiding = common.filter((secret) => secret.isCertain)
  return {
    masked,
    notice:
      unmasked.length === 0
        ? null
        : `Not masked, since the name tells of something else than a secret, and the value is an everyday word or stands in an id, a link or a path of this run: ${originsOf(unmasked)}.`,
    warnings: [
      ...(tooShort === 0
        ? []
        : [
            `${tooShort === 1 ? 'One secret is' : `${tooShort} secrets are`} shorter than 4 characters and cannot be masked: use longer ones.`,
          ]),
      ...(hiding.length === 0
        ? []
        : [
            `Masked as *** wherever it stands, though it is an everyday word or stands in an id, a link or a path of this run: the value of ${originsOf(hiding)}. GitHub drops the outputs of a job that hold it. If it is no secret, write it into the configuration instead of a variable; if it is one, choose one that is harder to guess.`,
          ]),
    ],
  }
}

function originsOf(secrets: readonly SecretText[]): string {
  return [...new Set(secrets.map(({ origin }) => origin))].join(', ')
}
