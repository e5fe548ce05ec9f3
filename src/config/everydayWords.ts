/** Lists words that stand in many logs, ids and paths. Masking such a value would hide much harmless text. Pure. */
import { DB_KINDS } from '../databases/engines.ts'

const WORDS = new Set([
  ...DB_KINDS,
  ...`access actions admin administrator archive auth backup backups borg bucket cache changeme client cluster config container
  daily data database databases debug default demo development docker documents dump dumps email engine error event example
  failed false file files folder github gitea guest hello home host hourly https image images info instance internal json
  latest list local localhost login logs mail main marina master mongodb monthly mount name nextcloud
  node none normal null number online password path photos postgresql prefix prod production project public query
  rclone remote repository restic restore root runner running schedule script secret server service snapshot socket
  source staging standard start started state status step stopped storage success system target targets temp test testing
  text time token true tuesday undefined unknown update upload user users value version video videos volume volumes warning
  weekly windows world yearly`.split(/\s+/),
])

/** Tells whether a value is an everyday word, such as `backup` or `localhost`. Capitals and white space around it do not count. */
export function isEverydayWord(value: string): boolean {
  return WORDS.has(value.trim().toLowerCase())
}
