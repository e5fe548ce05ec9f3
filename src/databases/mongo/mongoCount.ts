/** Knows how a MongoDB server is asked for its documents, or in somebody's own words. Pure. */
import type { AskQuestion, CountPlan, CountQuestion, ServerRows } from '../countContract.ts'
import type { LoadScript } from '../loadContract.ts'
import { shellCall } from './mongoShell.ts'

/** Prints a line of JSON for each collection that a dump holds: its database, its name, its documents, and whether it is a time series. */
const COUNT_CODE = `names.forEach(function (name) {
  var one = db.getSiblingDB(name);
  one.getCollectionInfos().forEach(function (info) {
    if (info.type === 'view' || (/^system\\./.test(info.name) && info.name !== 'system.js')) return;
    print(JSON.stringify(['marina', name, info.name, Number(one.getCollection(info.name).countDocuments({})), info.type === 'timeseries']));
  });
});`

/** The databases of the server itself. */
const OWN = ['admin', 'config', 'local']

/** Plans the count of a whole server, or of one database. */
export function planMongoCount(question: CountQuestion): CountPlan {
  return { count: shellCall(question, COUNT_CODE), read: readCounts }
}

/** Makes the script that asks by code for the shell, which prints the value of its last expression: `db.orders.countDocuments()`. */
export function planMongoAsk({ ask, ...question }: AskQuestion): LoadScript {
  return shellCall(question, `if (named) db = db.getSiblingDB(named);\n${ask}`)
}

function readCounts(stdout: string): ServerRows {
  const found = stdout
    .split('\n')
    .filter((line) => line.startsWith('["marina",'))
    .map((line) => {
      const [, database, collection, count, isTimeSeries] = JSON.parse(line)
      return { name: `${database}.${collection}`, count: Number(count), isTimeSeries }
    })
  return {
    rows: Object.fromEntries(found.map(({ name, count }) => [name, count])),
    exempt: found.filter(({ isTimeSeries }) => isTimeSeries).map(({ name }) => name),
  }
}

/** Tells whether a collection is the server's own: of the accounts, say, of which each server has some. */
export function isOwnCollection(name: string): boolean {
  return OWN.some((database) => name.startsWith(`${database}.`))
}
