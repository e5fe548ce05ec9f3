/** Knows how the documents of a MongoDB server are counted. Pure. */
import type { CountPlan, CountQuestion, ServerRows } from './countContract.ts'
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
