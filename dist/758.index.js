export const id = 758;
export const ids = [758];
export const modules = {

/***/ 93758:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  check: () => (/* binding */ check)
});

// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./build/action/forge/askForge.js
var askForge = __webpack_require__(44947);
// EXTERNAL MODULE: ./build/action/forge/workflowRuns.js
var workflowRuns = __webpack_require__(74992);
// EXTERNAL MODULE: ./build/action/outputs.js
var outputs = __webpack_require__(92309);
// EXTERNAL MODULE: ./build/action/pages.js
var pages = __webpack_require__(84871);
// EXTERNAL MODULE: ./build/action/stepSummary.js
var stepSummary = __webpack_require__(5713);
// EXTERNAL MODULE: ./build/config/openSchedule.js
var openSchedule = __webpack_require__(70702);
// EXTERNAL MODULE: ./build/config/values/duration.js
var duration = __webpack_require__(47772);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/report/markdown.js
var markdown = __webpack_require__(34902);
// EXTERNAL MODULE: ./build/report/summary.js + 2 modules
var summary = __webpack_require__(41737);
;// CONCATENATED MODULE: ./build/report/checkPage.js
/** Draws the page of a `check`: which backups and drills are overdue, which backups are too old, why, and what else threatens them. Pure. */



/** Draws the page. What does not fit into `limitBytes` is left out, and that is said; empty if nothing fits. */
function renderCheck(page) {
    for (const most of [Number.POSITIVE_INFINITY, 1000, 100, 10, 0]) {
        const text = (0,summary/* joinWithin */.U)(checkParts(page, most), page.limitBytes);
        if (text !== null)
            return text;
    }
    return '';
}
/** Writes the first line of the page: the overdue; else what is unknown; else the alarms; else that all is in time. */
function checkVerdict({ rows, alarms }) {
    const judged = (what) => rows.filter((row) => row.what === what && row.state !== 'byHand').length;
    const said = (state, end, old) => ['backup', 'drill', 'age'].flatMap((what) => {
        const many = rows.filter((row) => row.what === what && row.state === state).length;
        if (many === 0)
            return [];
        return what === 'age' ? [old(many)] : [`${(0,format/* count */.U9)(many, what)} of ${judged(what)} ${end(many)}`];
    });
    const is = (many) => (many === 1 ? 'is' : 'are');
    const overdue = said('overdue', (many) => `${is(many)} overdue`, (many) => `${(0,format/* count */.U9)(many, 'backup')} ${is(many)} older than maxAge`);
    if (overdue.length > 0)
        return `❌ ${overdue.join(', ')}`;
    const unknown = said('unknown', (many) => `${is(many)} in time`, (many) => `${(0,format/* count */.U9)(many, 'backup')} ${is(many)} younger than maxAge`);
    if (unknown.length > 0)
        return `❌ It is not known whether ${unknown.join(', and whether ')}`;
    if (alarms.length > 0)
        return '❌ Backups are in danger';
    const [backups, drills] = [judged('backup'), judged('drill')];
    const inTime = (many, noun) => many === 1 ? `the ${noun} is in time` : `all ${many} ${noun}s are in time`;
    const good = [
        ...(backups === 0 ? ['no backup has a schedule'] : [inTime(backups, 'backup')]),
        ...(drills === 0 ? [] : [inTime(drills, 'drill')]),
    ].join(', ');
    return `✅ ${good[0]?.toUpperCase()}${good.slice(1)}`;
}
const BAD_HEADS = {
    backup: '| backup | no success since | why |',
    drill: '| drill | no success since | why |',
    age: '| backup | newest | why |',
};
function checkParts(page, most) {
    const { rows, alarms, warnings, config, workflow, workflowPage, drillWorkflows } = page;
    const isBad = ({ state }) => state === 'overdue' || state === 'unknown';
    const of = (what) => rows.filter((row) => row.what === what);
    const bad = (what) => of(what).filter((row) => isBad(row) && !alarms.includes(row.cause));
    const good = (what) => of(what).filter((row) => !isBad(row));
    const again = (0,markdown/* link */.nf)(workflow, workflowPage) ?? (0,markdown/* code */.aY)(workflow);
    const drills = drillWorkflows.map(({ name, page: address }) => (0,markdown/* link */.nf)(name, address) ?? (0,markdown/* code */.aY)(name)).join(', ');
    const hasBad = ['backup', 'drill', 'age'].some((what) => bad(what).length > 0);
    const badPart = (what, hint) => bad(what).length === 0 ? [] : [badTable(bad(what), { what, config, most }), ...(hint === '' ? [] : [hint])];
    const goodPart = (what) => (good(what).length === 0 ? [] : [goodTable(good(what), config, most)]);
    return [
        `### ${checkVerdict(page)}`,
        ...alertBlock('CAUTION', alarms, most),
        ...badPart('backup', `Back up what is overdue: start ${again} by hand.`),
        ...badPart('age', bad('backup').length > 0 ? '' : `Back up what is too old: start ${again} by hand.`),
        ...badPart('drill', drills === '' ? '' : `Drill what is overdue: start ${drills} by hand.`),
        ...alertBlock('WARNING', warnings, most),
        ...goodPart('backup'),
        ...goodPart('drill'),
        ...(hasBad
            ? []
            : [`<sub>Judged by the runs of ${drills === '' ? again : `${again}, ${drills}`} and their reports.</sub>`]),
    ];
}
function alertBlock(kind, messages, most) {
    if (messages.length === 0)
        return [];
    const shown = messages.slice(0, most).map((message) => (0,markdown/* inline */.mG)(message));
    const more = messages.length - shown.length;
    const lines = [...shown, ...(more > 0 ? [`and ${(0,format/* count */.U9)(more, 'more message')}, in the job's log`] : [])];
    const list = lines.length === 1 ? lines : lines.map((line) => `- ${line}`);
    return [[`> [!${kind}]`, ...list.map((line) => `> ${line}`)].join('\n')];
}
function badTable(rows, { what, config, most }) {
    const lines = rows.slice(0, most).map((row) => {
        const why = (0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(row.cause));
        const run = (0,markdown/* link */.nf)('run', row.url);
        return `| ${nameOf(row, config)} | ${row.when === '' ? '–' : (0,markdown/* inline */.mG)(row.when)} | ${why}${run === null ? '' : ` (${run})`} |`;
    });
    return [BAD_HEADS[what], '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n');
}
function goodTable(rows, config, most) {
    const lines = rows
        .slice(0, most)
        .map((row) => `| ${nameOf(row, config)} | ${lastCell(row)} | ${row.next === '' ? '–' : (0,markdown/* inline */.mG)(row.next)} |`);
    const what = rows[0]?.what ?? 'backup';
    const table = [`| ${what} | last success | next |`, '|---|---|---|', ...lines, ...moreRow(rows, most)].join('\n');
    return rows.length <= 10
        ? table
        : `<details><summary>${(0,format/* count */.U9)(rows.length, what)} in time</summary>\n\n${table}\n\n</details>`;
}
function lastCell({ state, when, url }) {
    if (state === 'byHand')
        return 'by hand only';
    const shown = (0,markdown/* link */.nf)(when, url) ?? (0,markdown/* inline */.mG)(when);
    if (state === 'running')
        return `runs since ${shown}`;
    return state === 'assumed' ? `${shown}, by its job: there is no report` : shown;
}
function nameOf({ id, line }, config) {
    const name = (0,markdown/* link */.nf)(id, config === null ? null : `${config}#L${line}`) ?? (0,markdown/* inline */.mG)(id);
    return `<b>${(0,markdown/* breakable */.mo)(name)}</b>`;
}
function moreRow(rows, most) {
    const more = rows.length - most;
    return more > 0 ? [`| _and ${(0,format/* count */.U9)(more, `more ${rows[0]?.what === 'drill' ? 'drill' : 'backup'}`)}_ | | |`] : [];
}
//# sourceMappingURL=checkPage.js.map
;// CONCATENATED MODULE: ./build/schedule/idleSchedule.js
/** Judges whether GitHub has disabled a workflow's schedules, or will: it does so in public repositories after 60 days without a commit. Pure. */

const DAY = 86_400_000;
const IDLE_DAYS = 60;
const WARNED_DAYS = 45;
/** Judges a workflow's schedules. `repository` is `owner/name`, for the command that enables it again. */
function judgeIdle(facts, now, repository) {
    const { workflow, state, isPublic, defaultBranch, lastCommitAt } = facts;
    const enable = `gh workflow enable ${workflow} --repo ${repository}`;
    if (state !== 'active') {
        const why = {
            disabled_inactivity: `GitHub has disabled ${workflow}, because the repository had no commit for ${IDLE_DAYS} days`,
            disabled_manually: `Somebody has disabled ${workflow}`,
            disabled_fork: `GitHub has disabled ${workflow}, because the repository is a fork`,
        };
        const reason = why[state] ?? `GitHub calls the state of ${workflow} "${state}"`;
        return { kind: 'disabled', message: `${reason}: nothing is backed up by schedule. Enable it again: ${enable}` };
    }
    const idle = lastCommitAt === null ? 0 : Math.floor((now - lastCommitAt) / DAY);
    if (!isPublic || idle < WARNED_DAYS)
        return { kind: 'enabled', message: '' };
    const left = IDLE_DAYS - idle;
    const when = left > 0 ? `in ${(0,format/* count */.U9)(left, 'day')}` : 'at any time now';
    return {
        kind: 'soon',
        message: `GitHub will disable the schedules of ${workflow} ${when}: the last commit on ${defaultBranch} is ${(0,format/* count */.U9)(idle, 'day')} old, and in public repositories it disables them after ${IDLE_DAYS} days. A commit prevents that; so does ${enable}`,
    };
}
//# sourceMappingURL=idleSchedule.js.map
// EXTERNAL MODULE: ./build/workflows/readWorkflows.js + 2 modules
var readWorkflows = __webpack_require__(90695);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 15 modules
var schemas = __webpack_require__(9691);
// EXTERNAL MODULE: ./build/outcome.js
var outcome = __webpack_require__(97072);
;// CONCATENATED MODULE: ./build/command/checking/drillReports.js
/** Reads the reports of drills as `check` reads those of backups. */


const verdict = schemas/* enum */.k5n(outcome/* DRILL_VERDICTS */.D7);
/** The part of `drill.json` that tells when an instance was drilled. A later release may write more. */
const drillSchema = schemas/* object */.Ikc({
    version: schemas/* literal */.euz(1),
    repository: schemas/* string */.YjP(),
    configFile: schemas/* string */.YjP(),
    startedAt: schemas/* string */.YjP(),
    instances: schemas/* array */.YOg(schemas/* object */.Ikc({
        id: schemas/* string */.YjP(),
        verdict,
        error: schemas/* string */.YjP().nullable(),
        startedAt: schemas/* string */.YjP().nullable(),
        history: schemas/* array */.YOg(schemas/* object */.Ikc({ startedAt: schemas/* string */.YjP(), verdict })),
    })),
});
/** `drill.json`: in `marina-drill-<host>-<attempt>`. */
const DRILL_REPORTS = {
    fileName: 'drill.json',
    isName: (artifact) => /^marina-drill-.+-\d+(\.\d+)?$/.test(artifact),
    parse(text) {
        const read = drillSchema.safeParse(JSON.parse(text));
        return read.success ? asReport(read.data) : 'foreign';
    },
};
/** Returns a verdict as the status of a run. Without any backup yet, a drill is no failure: a missing backup has an alarm of its own. */
function statusOf(one) {
    return one === 'proven' || one === 'nothing-to-drill' ? 'success' : 'failed';
}
function asReport({ instances, ...report }) {
    return {
        ...report,
        dryRun: false,
        instances: instances.map(({ id, verdict: said, error, startedAt, history }) => ({
            id,
            status: statusOf(said),
            error: said === 'inconclusive' ? `inconclusive: ${error}` : error,
            startedAt,
            history: history.map((past) => ({ startedAt: past.startedAt, status: statusOf(past.verdict) })),
        })),
    };
}
//# sourceMappingURL=drillReports.js.map
// EXTERNAL MODULE: ./build/action/platform.js
var platform = __webpack_require__(30032);
// EXTERNAL MODULE: ./build/schedule/slots.js
var slots = __webpack_require__(10293);
;// CONCATENATED MODULE: ./build/schedule/overdue.js


/** Returns what is expected of a schedule; `null` if it has had no slot until now. */
function expectationOf(schedule, now, graceMs) {
    const slot = (0,slots/* previousSlot */.Wk)(schedule, new Date(now - graceMs)).getTime();
    return Number.isNaN(slot) ? null : { slot, next: (0,slots/* nextSlot */.yo)(schedule, new Date(now)).getTime() };
}
/** A job that has run longer than this is no sign any more that a backup will come, ms. */
const LONGEST_JOB_MS = 24 * 3_600_000;
/**
 * Judges one instance. A job that succeeded may have left it out as not due: that is assumed to be well for the time of grace only, in which
 * its report may still come.
 */
function judgeFreshness(facts, { work, now, graceMs, workflow }) {
    const { slot, success, failure, job, problem } = facts;
    if (success !== null && success.at >= slot)
        return { kind: 'fresh', at: success.at, url: success.url };
    if (failure !== null)
        return { kind: 'overdue', cause: sayFailure(failure, work), url: failure.url };
    if (job?.kind === 'running' && now - job.at < LONGEST_JOB_MS)
        return { kind: 'running', at: job.at, url: job.url };
    if (problem !== null)
        return { kind: 'unknown', cause: problem, url: null };
    if (job?.kind === 'succeeded')
        return now - job.at <= graceMs
            ? { kind: 'assumed', at: job.at, url: job.url }
            : { kind: 'unknown', cause: sayUntold(job, work), url: job.url };
    if (job === null)
        return { kind: 'overdue', cause: `no run of ${workflow} has taken it since`, url: null };
    return { kind: 'overdue', cause: sayJob(job, work), url: job.url };
}
function sayFailure({ status, at, error }, work) {
    const words = {
        success: 'succeeded',
        partial: 'lacks some of its targets',
        failed: 'failed',
        cancelled: 'was cancelled',
        skipped: 'was not begun',
    };
    return `its ${work === 'backup' ? 'run' : 'drill'} of ${said(at)} ${words[status]}${error === null ? '' : `: ${(0,format/* withoutEnd */.Mx)(error)}`}`;
}
function sayUntold({ name, at }, work) {
    return `the job "${name}" of ${said(at)} succeeded, but no report says whether it took this ${work} (reports are artifacts, which expire after artifact-retention-days)`;
}
function sayJob({ kind, name, at, labels }, work) {
    const runner = labels.join(', ');
    if (kind === 'waiting')
        return `the job "${name}" has waited since ${said(at)} for a runner with the labels ${runner}`;
    if (kind === 'running')
        return `the job "${name}" has run since ${said(at)}, longer than a ${work} may take`;
    return `the job "${name}" of ${said(at)} did not succeed, and left no report`;
}
/** Writes a time to the minute: `2026-11-28 02:00 UTC`. */
function said(at) {
    return (0,format/* minute */.Vc)(new Date(at).toISOString());
}
//# sourceMappingURL=overdue.js.map
;// CONCATENATED MODULE: ./build/schedule/waitingJobs.js
/** Finds jobs that wait for a runner that does not come, and the jobs of an instance's runner. Pure. Times are ms since 1970 in UTC. */
/** Time in the queue after which a job counts as waiting for a runner, ms. The runner is offline, or busy. */
const QUEUED_MS = 30 * 60_000;
/** Returns the jobs that have been queued for more than half an hour. */
function waitingJobs(jobs, now) {
    const running = jobs.filter((job) => job.status === 'in_progress');
    return jobs
        .filter((job) => job.status === 'queued' && now - job.createdAt > QUEUED_MS)
        .map((job) => ({ ...job, mayBeBusy: running.some((other) => labelKey(other.labels) === labelKey(job.labels)) }));
}
/**
 * Tells whether a job runs on the instance's runner: it has all labels of `runsOn`, `self-hosted` not counted. A job on one of GitHub's own
 * runners never does.
 */
function isJobFor(labels, runsOn) {
    if (labels.length === 0 || labels.every(isHosted))
        return false;
    const own = new Set(labels.map((label) => label.toLowerCase()));
    return runsOn.every((label) => label.toLowerCase() === 'self-hosted' || own.has(label.toLowerCase()));
}
function isHosted(label) {
    return /^(ubuntu|windows|macos)-/i.test(label);
}
function labelKey(labels) {
    return labels
        .map((label) => label.toLowerCase())
        .sort()
        .join();
}
//# sourceMappingURL=waitingJobs.js.map
;// CONCATENATED MODULE: ./build/command/checking/findings.js
function emptyFindings(wanted) {
    return new Map(wanted.map((one) => [one.id, { wanted: one, success: null, failure: null, job: null, host: null }]));
}
/** Tells whether a success since the slot is known: then no more needs to be read for the instance. */
function isServed({ wanted, success }) {
    return success !== null && success.at >= wanted.slot;
}
/**
 * Takes in how a run of the instance ended. `isGood` tells whether that counts as a success. A failure before the slot, and a run that was
 * skipped, are left out.
 */
function addSighting(finding, sighting, isGood) {
    if (isGood) {
        if (sighting.at > (finding.success?.at ?? Number.NEGATIVE_INFINITY))
            finding.success = sighting;
        return;
    }
    if (sighting.at < finding.wanted.slot || sighting.status === 'skipped')
        return;
    if (sighting.at > (finding.failure?.at ?? Number.NEGATIVE_INFINITY))
        finding.failure = sighting;
}
//# sourceMappingURL=findings.js.map
;// CONCATENATED MODULE: ./build/command/checking/jobSigns.js


function createJobReader(forge) {
    const known = new Map();
    const problems = [];
    async function ask(run) {
        const jobs = await (0,workflowRuns/* listJobs */.N6)(forge, run.id);
        if ('unknown' in jobs) {
            problems.push(jobs.unknown);
            return jobs;
        }
        return { value: jobs.value.items.map(runnerJob) };
    }
    return {
        problems,
        async jobsOf(run) {
            const asked = known.get(run.id) ?? ask(run);
            known.set(run.id, asked);
            const answer = await asked;
            return 'unknown' in answer ? null : answer.value;
        },
    };
}
/** Number of runs after a slot whose jobs are looked at. */
const MOST_RUNS = 5;
/**
 * Looks at the jobs of the first runs after the instance's slot (`runs`), and at those of runs that have not ended. A job that ended counts
 * only if a report is missing in its run: otherwise the report says that the instance was not in it. After a job that failed, the success
 * of one that a schedule started says nothing: the slot counts as served by the first, and the second leaves the instance out. Returns the
 * last sign of the first kind that is there: running, succeeded, waiting, failed; `null` without a sign.
 */
async function findJobSign(finding, runs, { reports, jobs }) {
    const { wanted } = finding;
    const open = runs.filter((run) => run.status !== 'completed');
    const looked = new Set([...runs.slice(0, MOST_RUNS), ...open.slice(-MOST_RUNS)]);
    const signs = [];
    for (const run of looked) {
        const all = (await jobs.jobsOf(run)) ?? [];
        const begun = all.filter((job) => job.startedAt !== null && isJobFor(job.labels, []));
        const lacksReport = reports.reportsOf(run) < begun.length && !reports.tellsOf(run, finding);
        for (const job of all.filter(({ labels }) => isJobFor(labels, wanted.runsOn))) {
            const sign = signOf(job, wanted.slot);
            if (sign === null || (!lacksReport && sign.kind !== 'running' && sign.kind !== 'waiting'))
                continue;
            const mayBeLeftOut = run.event === 'schedule' && signs.some(({ kind }) => kind === 'failed');
            if (sign.kind !== 'succeeded' || !mayBeLeftOut)
                signs.push(sign);
        }
    }
    const order = ['running', 'succeeded', 'waiting', 'failed'];
    for (const kind of order) {
        const last = signs.findLast((sign) => sign.kind === kind);
        if (last !== undefined)
            return last;
    }
    return null;
}
function signOf(job, slot) {
    const { name, labels, url } = job;
    if (job.status === 'queued')
        return { kind: 'waiting', name, labels, url, at: job.createdAt };
    if (job.startedAt === null || job.startedAt < slot)
        return null;
    const end = job.conclusion === 'success' ? 'succeeded' : 'failed';
    return { kind: job.status === 'completed' ? end : 'running', name, labels, url, at: job.startedAt };
}
function runnerJob(job) {
    const { name, status, conclusion, labels, url } = job;
    const startedAt = job.startedAt === null ? null : Date.parse(job.startedAt);
    return { name, status, conclusion, labels, url, createdAt: Date.parse(job.createdAt), startedAt };
}
//# sourceMappingURL=jobSigns.js.map
// EXTERNAL MODULE: external "node:zlib"
var external_node_zlib_ = __webpack_require__(38522);
;// CONCATENATED MODULE: ./build/action/forge/zipEntry.js
/** Reads one file out of a small ZIP archive. Pure. A file that would grow beyond a bound is refused. */

const END = 0x06054b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const END_BYTES = 22;
/** The longest comment behind the end record, bytes. */
const LONGEST_COMMENT = 0xffff;
/**
 * Returns the content of the file `name`, or says why it cannot be read: it is not in the archive, it is larger than `mostBytes`, or
 * the archive is damaged, encrypted, or of a kind that is not read (ZIP64, other compressions than deflate).
 */
function zipEntry(archive, name, mostBytes) {
    try {
        return readEntry(archive, name, mostBytes);
    }
    catch {
        return { why: 'the archive is damaged' };
    }
}
function readEntry(archive, name, mostBytes) {
    const end = endRecord(archive);
    if (end === null)
        return { why: 'it is no ZIP archive, or it is cut off' };
    let at = archive.readUInt32LE(end + 16);
    for (let left = archive.readUInt16LE(end + 10); left > 0; left--) {
        if (archive.readUInt32LE(at) !== CENTRAL)
            return { why: 'the archive is damaged' };
        const nameBytes = archive.readUInt16LE(at + 28);
        if (archive.toString('utf8', at + 46, at + 46 + nameBytes) === name)
            return content(archive, at, mostBytes);
        at += 46 + nameBytes + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
    }
    return { why: `it holds no ${name}` };
}
function endRecord(archive) {
    const first = Math.max(0, archive.length - END_BYTES - LONGEST_COMMENT);
    for (let at = archive.length - END_BYTES; at >= first; at--)
        if (archive.readUInt32LE(at) === END)
            return at;
    return null;
}
function content(archive, at, mostBytes) {
    const method = archive.readUInt16LE(at + 10);
    const packed = archive.readUInt32LE(at + 20);
    const local = archive.readUInt32LE(at + 42);
    if ((archive.readUInt16LE(at + 8) & 1) === 1 || (method !== 0 && method !== 8))
        return { why: 'it is encrypted or packed in an unknown way' };
    if (archive.readUInt32LE(local) !== LOCAL)
        return { why: 'the archive is damaged' };
    const from = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
    const data = archive.subarray(from, from + packed);
    if (data.length !== packed)
        return { why: 'the archive is cut off' };
    const tooLarge = { why: `its file is larger than ${Math.round(mostBytes / 1024 / 1024)} MiB` };
    if (method === 0 && packed > mostBytes)
        return tooLarge;
    const file = method === 0 ? data : inflated(data, mostBytes);
    if (file === null)
        return tooLarge;
    return (0,external_node_zlib_.crc32)(file) === archive.readUInt32LE(at + 16)
        ? file
        : { why: 'the archive is damaged (its checksum is wrong)' };
}
/** Unpacks data; `null` if it is larger than the bound. The size that the archive claims is not trusted. */
function inflated(data, mostBytes) {
    try {
        return (0,external_node_zlib_.inflateRawSync)(data, { maxOutputLength: mostBytes });
    }
    catch (error) {
        if (error.code === 'ERR_BUFFER_TOO_LARGE')
            return null;
        throw error;
    }
}
//# sourceMappingURL=zipEntry.js.map
;// CONCATENATED MODULE: ./build/action/forge/runArtifacts.js
/** Lists the artifacts of a run, and reads one file out of a small one. */


const artifactPage = schemas/* object */.Ikc({
    total_count: schemas/* number */.aig().nullish(),
    artifacts: schemas/* array */.YOg(schemas/* object */.Ikc({
        id: schemas/* number */.aig(),
        name: schemas/* string */.YjP(),
        size_in_bytes: schemas/* number */.aig(),
        expired: schemas/* boolean */.zMY().nullish(),
        created_at: schemas/* string */.YjP().nullish(),
    })),
})
    .transform((page) => ({
    total: page.total_count ?? null,
    items: page.artifacts.map((one) => ({
        id: one.id,
        name: one.name,
        bytes: one.size_in_bytes,
        isExpired: one.expired ?? false,
        createdAt: one.created_at ?? null,
    })),
}));
/** A run has 500 artifacts at most. */
const ARTIFACT_PAGES = 5;
/** Lists the artifacts of all attempts of a run. */
function listArtifacts(forge, runId) {
    return forge.list({
        route: '/actions/runs/{run}/artifacts',
        parameters: { run: runId },
        page: artifactPage,
        perPage: 100,
        mostPages: ARTIFACT_PAGES,
        what: `the artifacts of run ${runId}`,
        permission: 'actions: read',
    });
}
/** Size limit of the archive, and of the file in it, bytes. */
const MOST_ARCHIVE = 8 * 1024 * 1024;
const MOST_FILE = 64 * 1024 * 1024;
/**
 * Downloads an artifact and reads a file in it as text. `null` if it has no such file, is too large, damaged, or no longer kept: asking
 * again changes nothing.
 */
async function readArtifactFile(forge, artifact, file) {
    if (artifact.isExpired || artifact.bytes > MOST_ARCHIVE)
        return { value: null };
    const archive = await forge.download({
        route: '/actions/artifacts/{artifact}/zip',
        parameters: { artifact: artifact.id },
        what: `what is in the artifact ${artifact.name}`,
        permission: 'actions: read',
    }, MOST_ARCHIVE);
    if ('unknown' in archive)
        return archive.status === 410 ? { value: null } : archive;
    const content = zipEntry(archive.value, file, MOST_FILE);
    return { value: Buffer.isBuffer(content) ? content.toString('utf8') : null };
}
//# sourceMappingURL=runArtifacts.js.map
// EXTERNAL MODULE: ./build/command/runAll.js
var runAll = __webpack_require__(43160);
;// CONCATENATED MODULE: ./build/command/checking/reportReader.js
/** Reads the reports in the artifacts of runs, as far as they may tell of instances that are still looked for. */





const DOWNLOADS_AT_ONCE = 4;
const MOST_FAILURES = 3;
/** The runs of the instance that its host remembers; a report of an earlier version has none. */
const reportReader_history = schemas/* array */.YOg(schemas/* object */.Ikc({ startedAt: schemas/* string */.YjP(), status: schemas/* string */.YjP() })).optional();
const reportSchema = schemas/* object */.Ikc({
    version: schemas/* literal */.euz(1),
    dryRun: schemas/* boolean */.zMY(),
    repository: schemas/* string */.YjP(),
    configFile: schemas/* string */.YjP(),
    startedAt: schemas/* string */.YjP(),
    instances: schemas/* array */.YOg(schemas/* object */.Ikc({
        id: schemas/* string */.YjP(),
        status: schemas/* enum */.k5n(['success', 'partial', 'failed', 'cancelled', 'skipped']),
        error: schemas/* string */.YjP().nullable(),
        startedAt: schemas/* string */.YjP().nullable(),
        history: reportReader_history,
    })),
    notDue: schemas/* array */.YOg(schemas/* object */.Ikc({ id: schemas/* string */.YjP(), history: reportReader_history })).optional(),
});
/** `report.json` of a backup: in `marina-<host>-<attempt>`. No artifact of logs and no plan has such a name; those of drills and restores do. */
const BACKUP_REPORTS = {
    fileName: 'report.json',
    isName: (artifact) => ATTEMPT.test(artifact),
    parse(text) {
        const read = reportSchema.safeParse(JSON.parse(text));
        return read.success ? read.data : 'foreign';
    },
};
/** Matches artifacts of other commands. A host may have such a name, too: the file inside tells. */
const OF_OTHERS = /^marina-(drill|restore)-/;
function createReportReader(findings, options) {
    const { forge, signal, kind } = options;
    const problems = [];
    const reports = new Map();
    const told = new Map();
    let failures = 0;
    async function read(run) {
        if (reports.has(run.id))
            return;
        reports.set(run.id, 0);
        const artifacts = await listArtifacts(forge, run.id);
        if ('unknown' in artifacts)
            return fail(artifacts.unknown);
        const named = artifacts.value.items.filter(({ name }) => kind.isName(name));
        reports.set(run.id, named.filter((one) => !one.isExpired && attemptOf(one.name) === run.attempt).length);
        const wanted = named.filter((one) => isWanted(findings, one));
        await (0,runAll/* runAll */.$)(wanted, { atOnce: DOWNLOADS_AT_ONCE, cancel: signal }, (artifact) => readOne(run, artifact), () => undefined);
    }
    async function readOne(run, artifact) {
        if (failures >= MOST_FAILURES)
            return;
        const text = await readArtifactFile(forge, artifact, kind.fileName);
        if ('unknown' in text)
            return fail(text.unknown);
        failures = 0;
        const report = text.value === null ? null : parseReport(text.value, kind);
        if (report === null) {
            // the job that left it did other work, and is no job without a report
            if (OF_OTHERS.test(artifact.name))
                return;
            reports.set(run.id, Math.max(0, (reports.get(run.id) ?? 0) - 1));
            return;
        }
        if (report === 'foreign') {
            problems.push(`The report in the artifact ${artifact.name} of run ${run.id} is not of a kind that this version reads`);
            return;
        }
        if (!isAbout(report, options))
            return;
        const names = [...report.instances, ...(report.notDue ?? [])].map(({ id }) => idKey(id));
        const known = told.get(run.id) ?? new Set();
        told.set(run.id, known);
        for (const name of names)
            known.add(name);
        if (attemptOf(artifact.name) === run.attempt)
            known.add(hostKey(hostOf(artifact.name)));
        takeIn(findings, report, { run, artifact, allowPartial: options.allowPartial });
    }
    function fail(why) {
        failures++;
        problems.push(why);
    }
    return {
        read,
        tellsOf(run, { wanted, host }) {
            const known = told.get(run.id);
            return known !== undefined && (known.has(idKey(wanted.id)) || (host !== null && known.has(hostKey(host))));
        },
        reportsOf: (run) => reports.get(run.id) ?? 0,
        problems,
        hasGivenUp: () => failures >= MOST_FAILURES || signal.aborted,
    };
}
const idKey = (id) => `id ${id}`;
const hostKey = (host) => `host ${host}`;
/** Matches the attempt at the end of an artifact's name, and the number of a name that was taken. */
const ATTEMPT = /^marina-.+-(\d+)(\.\d+)?$/;
function hostOf(name) {
    return name.replace(/^marina-/, '').replace(/-\d+(\.\d+)?$/, '');
}
function attemptOf(name) {
    return Number(ATTEMPT.exec(name)?.[1]);
}
/** Tells whether a report may tell of an instance that is still looked for: it was made after the slot, by the instance's host if that is known. */
function isWanted(findings, artifact) {
    const host = hostOf(artifact.name);
    const madeAt = artifact.createdAt === null ? Number.POSITIVE_INFINITY : Date.parse(artifact.createdAt);
    for (const one of findings.values()) {
        if (!isServed(one) && one.wanted.slot <= madeAt && (one.host === null || one.host === host))
            return true;
    }
    return false;
}
/** Parses a report; `null` if the text is none, `foreign` if it is one of another version. */
function parseReport(text, kind) {
    try {
        return kind.parse(text);
    }
    catch {
        return null;
    }
}
function isAbout(report, { configFile, repository }) {
    const isOwn = report.repository === '' || report.repository === repository;
    return isOwn && !report.dryRun && external_node_path_.posix.normalize(report.configFile) === external_node_path_.posix.normalize(configFile);
}
function takeIn(findings, report, origin) {
    for (const one of report.instances) {
        const finding = findings.get(one.id);
        if (finding === undefined)
            continue;
        finding.host = hostOf(origin.artifact.name);
        const at = timeOf(one.startedAt ?? report.startedAt, origin);
        const { status, error } = one;
        const isGood = status === 'success' || (status === 'partial' && origin.allowPartial);
        addSighting(finding, { status, error, at, url: origin.run.url }, isGood);
        addHistory(finding, one.history ?? [], origin);
    }
    for (const { id, history } of report.notDue ?? []) {
        const finding = findings.get(id);
        if (finding === undefined)
            continue;
        finding.host = hostOf(origin.artifact.name);
        addHistory(finding, history ?? [], origin);
    }
}
/** Takes in what the instance's host remembers of earlier runs. A failure that a report tells of is not replaced: it names the cause. */
function addHistory(finding, history, origin) {
    for (const past of history) {
        const at = Math.min(Date.parse(past.startedAt), madeAt(origin.artifact));
        const isGood = past.status === 'success' || (past.status === 'partial' && origin.allowPartial);
        if (Number.isNaN(at) || (!isGood && finding.failure !== null))
            continue;
        const status = isGood
            ? 'success'
            : past.status === 'partial' || past.status === 'cancelled'
                ? past.status
                : 'failed';
        addSighting(finding, { status, error: null, at, url: null }, isGood);
    }
}
/**
 * Returns when an instance began, by the runner's clock. A clock that is wrong must not hide a missing backup: it cannot have begun before
 * its run was created, nor after its report was uploaded, by GitHub's clock.
 */
function timeOf(startedAt, { run, artifact }) {
    const said = Date.parse(startedAt);
    const created = Date.parse(run.createdAt);
    return Math.min(Number.isNaN(said) ? created : Math.max(said, created), madeAt(artifact));
}
function madeAt(artifact) {
    return artifact.createdAt === null ? Number.POSITIVE_INFINITY : Date.parse(artifact.createdAt);
}
//# sourceMappingURL=reportReader.js.map
;// CONCATENATED MODULE: ./build/command/checking/runWindow.js


const runWindow_DAY = 24 * 3_600_000;
/** Time after its creation within which a run may still begin, or be repeated, and so serve a later slot, ms. */
const LATE_MS = 2 * runWindow_DAY;
/** Span of time of which runs are listed at once, ms. */
const RECENT_MS = 32 * runWindow_DAY;
/** The API shows no more than 1000 runs of one search. */
const MOST_PAGES = 10;
/** Lists the runs since the oldest of the slots that are looked for, at first those of the last `RECENT_MS` at most. */
async function openRunWindow(forge, workflow, { oldest, now }) {
    const from = Math.max(Math.min(oldest, now) - LATE_MS, now - RECENT_MS);
    const listed = await (0,workflowRuns/* listRuns */.v)(forge, { workflow, created: `>=${seconds(from)}`, perPage: 100, mostPages: MOST_PAGES });
    if ('unknown' in listed)
        return listed;
    const recent = listed.value.items.filter(isOurs);
    const covered = listed.value.isCut ? Math.min(...recent.map((run) => Date.parse(run.createdAt)), now) + LATE_MS : from;
    const problems = [];
    const known = new Map();
    async function listSince(slot) {
        const later = recent.filter((run) => Date.parse(run.updatedAt) >= slot);
        if (slot >= covered)
            return ascending(later);
        const created = `${seconds(slot)}..${seconds(slot + runWindow_DAY)}`;
        const around = await (0,workflowRuns/* listRuns */.v)(forge, { workflow, created, perPage: 100 });
        if ('unknown' in around)
            problems.push(around.unknown);
        const older = 'unknown' in around ? [] : around.value.items.filter(isOurs);
        return ascending([...new Map([...older, ...later].map((run) => [run.id, run])).values()]);
    }
    return {
        value: {
            recent,
            problems,
            since(slot) {
                const runs = known.get(slot) ?? listSince(slot);
                known.set(slot, runs);
                return runs;
            },
        },
    };
}
/** Tells whether a run can be a backup: not one that a stranger's pull request started. */
function isOurs(run) {
    return (0,platform/* refusedEvent */.Fo)(run.event) === null;
}
function ascending(runs) {
    return runs.toSorted((a, b) => Date.parse(a.createdAt) - Date.parse(b.createdAt));
}
function seconds(at) {
    return `${new Date(at).toISOString().slice(0, 19)}Z`;
}
//# sourceMappingURL=runWindow.js.map
;// CONCATENATED MODULE: ./build/command/checking/runEvidence.js




/** Number of runs that have not ended whose jobs are looked at. */
const MOST_OPEN_RUNS = 30;
/** Collects the evidence. Unknown only if the runs themselves cannot be listed. */
async function collectEvidence(request) {
    const { forge, workflow, wanted, now } = request;
    const oldest = Math.min(now, ...slotsOf(wanted));
    const opened = await openRunWindow(forge, workflow, { oldest, now });
    if ('unknown' in opened)
        return opened;
    const window = opened.value;
    const findings = emptyFindings(wanted);
    const reports = createReportReader(findings, request);
    const jobs = createJobReader(forge);
    const openJobs = [];
    for (const run of window.recent.filter((one) => one.status !== 'completed').slice(0, MOST_OPEN_RUNS))
        openJobs.push(...((await jobs.jobsOf(run)) ?? []));
    await readReports([...findings.values()], window, reports);
    for (const one of findings.values()) {
        if (isServed(one) || one.failure !== null || reports.hasGivenUp())
            continue;
        one.job = await findJobSign(one, await window.since(one.wanted.slot), { reports, jobs });
    }
    const of = (id) => findings.get(id) ?? NOTHING;
    return { value: { of, openJobs, problems: [...window.problems, ...reports.problems, ...jobs.problems] } };
}
const NOTHING = { success: null, failure: null, job: null };
/**
 * Reads reports until every instance is known to be served, or all runs since its slot are read. In each round it reads one more run after
 * each slot: first the first run after it, which probably served it, then the last, whose report tells what its host remembers of all, and
 * so on from both ends. Stops if the reader has given up.
 */
async function readReports(findings, window, reports) {
    for (let round = 0, isOver = false; !isOver; round++) {
        isOver = true;
        const open = bySlot(findings.filter((one) => !isServed(one)));
        for (const [slot, group] of [...open].sort(([a], [b]) => b - a)) {
            if (reports.hasGivenUp())
                return;
            const runs = await window.since(slot);
            const run = round < runs.length ? runs.at(round % 2 === 0 ? round / 2 : -(round + 1) / 2) : undefined;
            if (run === undefined)
                continue;
            isOver = false;
            if (group.some((one) => !isServed(one)))
                await reports.read(run);
        }
    }
}
function bySlot(findings) {
    const groups = new Map();
    for (const one of findings) {
        const group = groups.get(one.wanted.slot) ?? [];
        groups.set(one.wanted.slot, group);
        group.push(one);
    }
    return groups;
}
function slotsOf(wanted) {
    return [...new Set(wanted.map((one) => one.slot))];
}
//# sourceMappingURL=runEvidence.js.map
;// CONCATENATED MODULE: ./build/command/checking/judgeWork.js





/** Makes the subject of an instance with a schedule, as it was read. */
function subjectOf(raw, schedule, { now, graceMs }) {
    if (schedule === null)
        return { raw, expected: null };
    return { raw, expected: 'why' in schedule ? schedule.why : expectationOf(schedule, now, graceMs) };
}
/** Judges each subject, and says which jobs wait for a runner that does not come. */
async function judgeWork(action, forge, request) {
    const { work, workflows, subjects, now, graceMs } = request;
    const answers = [];
    for (const workflow of workflows)
        answers.push(await ask(action, forge, { ...request, workflow }));
    const known = answers.flatMap((one) => ('value' in one ? [one.value] : []));
    const unknown = answers.flatMap((one) => ('unknown' in one ? [one.unknown] : []));
    const problem = unknown[0] ?? known.find(({ problems }) => problems.length > 0)?.problems[0] ?? null;
    const hidesErrors = (0,platform/* isForStrangers */.ZD)(action.event);
    const of = (id) => merged(known.map((one) => one.of(id)));
    const judge = ({ raw, expected }) => {
        if (expected === null)
            return null;
        if (typeof expected === 'string')
            return { kind: 'unknown', cause: expected, url: null };
        const seen = of(raw.id);
        const failure = seen.failure !== null && hidesErrors ? { ...seen.failure, error: null } : seen.failure;
        const facts = { ...seen, ...expected, failure, problem };
        return judgeFreshness(facts, { work, now, graceMs, workflow: workflows.join(', ') });
    };
    const jobs = known.map((evidence) => sayJobs(evidence, now));
    return {
        rows: subjects.map((subject) => rowOf(work, subject, judge(subject))),
        newest: (id) => of(id).success?.at ?? null,
        alarms: [...unknown, ...jobs.flatMap(({ alarms }) => alarms)],
        warnings: jobs.flatMap(({ warnings }) => warnings),
    };
}
function ask({ inputs, event, signal }, forge, { kind, workflow, subjects, config, now }) {
    const wanted = subjects.flatMap(({ raw, expected }) => expected === null || typeof expected === 'string' ? [] : [{ id: raw.id, slot: expected.slot, runsOn: raw.runsOn }]);
    return collectEvidence({
        ...{ forge, workflow, kind, wanted, now, signal },
        configFile: config.file,
        repository: event.repository,
        allowPartial: inputs.allowPartial,
    });
}
/** Takes of each kind of evidence the latest. */
function merged(all) {
    const latest = (found) => found.reduce((best, one) => (one !== null && (best === null || one.at > best.at) ? one : best), null);
    return {
        success: latest(all.map(({ success }) => success)),
        failure: latest(all.map(({ failure }) => failure)),
        job: latest(all.map(({ job }) => job)),
    };
}
/** Says which jobs wait for a runner that does not come, and what could not be read. */
function sayJobs({ openJobs, problems }, now) {
    const waiting = waitingJobs(openJobs, now);
    const say = (job) => `The job "${job.name}" has waited since ${judgeWork_said(job.createdAt)} for a runner with the labels ${job.labels.join(', ')}`;
    return {
        alarms: waiting
            .filter((job) => !job.mayBeBusy)
            .map((job) => `${say(job)}: that runner is offline. Start it, or correct the labels`),
        warnings: [
            ...waiting.filter((job) => job.mayBeBusy).map((job) => `${say(job)}, which runs another job`),
            ...problems,
        ],
    };
}
function rowOf(what, { raw, expected }, freshness) {
    const { id, line } = raw;
    if (freshness === null)
        return { what, id, line, state: 'byHand', when: '', cause: '', url: null, next: '' };
    const { kind: state, url } = freshness;
    const next = expected === null || typeof expected === 'string' ? '' : judgeWork_said(expected.next);
    const slot = expected === null || typeof expected === 'string' ? '' : judgeWork_said(expected.slot);
    if ('cause' in freshness)
        return { what, id, line, state, when: slot, cause: freshness.cause, url, next };
    return { what, id, line, state, when: judgeWork_said(freshness.at), cause: '', url, next };
}
/** Writes a time to the minute: `2026-11-28 02:00 UTC`. */
function judgeWork_said(at) {
    return (0,format/* minute */.Vc)(new Date(at).toISOString());
}
//# sourceMappingURL=judgeWork.js.map
;// CONCATENATED MODULE: ./build/command/checking/judgeDrills.js
/** Judges whether drills are made in time, and whether the newest backup is as young as `drill.maxAge` says. */






/** Judges the drills of the instances that have a schedule of drills, and the age of the newest backup of those that have a `drill.maxAge`. */
async function judgeDrills(action, forge, request) {
    const { config, instances, now, graceMs } = request;
    const lookup = (name) => action.env[name];
    const scheduled = instances.flatMap((raw) => {
        const schedule = (0,openSchedule/* readDrillSchedule */.pR)(config, raw, lookup);
        return schedule === null ? [] : [subjectOf(raw, schedule, { now, graceMs })];
    });
    const workflows = scheduled.length === 0 ? [] : drillWorkflows(request.workflows, config.file);
    const drills = await judgeWork(action, forge, {
        ...{ work: 'drill', kind: DRILL_REPORTS, workflows, subjects: scheduled, config, now, graceMs },
    });
    const rows = workflows.length > 0 ? drills.rows : drills.rows.map(withoutWorkflow);
    const ages = await judgeAges(action, forge, request);
    return {
        workflows,
        rows: [...rows, ...ages.rows],
        alarms: [...drills.alarms, ...ages.alarms],
        warnings: [...drills.warnings, ...ages.warnings],
    };
}
function withoutWorkflow(row) {
    return row.state === 'overdue' ? { ...row, cause: 'no workflow in .github/workflows runs the command drill' } : row;
}
/** Returns the names of the workflows that run drills: those that say so or, if none does, those where an expression decides. */
function drillWorkflows(workflows, configFile) {
    const names = (command) => workflows
        .filter(({ uses }) => uses.some((use) => use.command === command && judgeDrills_isAbout(use.config, configFile)))
        .map(({ path }) => external_node_path_.posix.basename(path));
    const certain = names('drill');
    return certain.length > 0 ? certain : names(null);
}
function judgeDrills_isAbout(config, configFile) {
    return config === null || external_node_path_.posix.normalize(config) === external_node_path_.posix.normalize(configFile);
}
/**
 * Judges the age of the newest backup of each instance that has a `drill.maxAge`, unless its backup alarms already: then its row is neither
 * an alarm nor the end of one.
 */
async function judgeAges(action, forge, { config, instances, now, graceMs, workflow, backups }) {
    const limited = instances.flatMap((raw) => {
        const read = (0,openSchedule/* readDrillAge */.pE)(config, raw, (name) => action.env[name]);
        return read === null ? [] : [{ raw, mostMs: typeof read === 'number' ? read : read.why }];
    });
    const alarming = new Set(backups.rows.filter(({ state }) => state === 'overdue' || state === 'unknown').map(({ id }) => id));
    const isYoung = (at, mostMs) => at !== null && now - at <= mostMs;
    // what is known so far need not be the newest: only the latest slot was looked for
    const open = limited.flatMap(({ raw, mostMs }) => typeof mostMs === 'string' || alarming.has(raw.id) || isYoung(backups.newest(raw.id), mostMs)
        ? []
        : [{ raw, expected: { slot: now - mostMs, next: now } }]);
    const request = { work: 'backup', kind: BACKUP_REPORTS, workflows: [workflow], config, now, graceMs };
    const looked = open.length === 0 ? backups : await judgeWork(action, forge, { ...request, subjects: open });
    const rows = limited.map(({ raw, mostMs }) => {
        const base = { what: 'age', id: raw.id, line: raw.line, when: '', next: '', cause: '', url: null };
        if (typeof mostMs === 'string')
            return { ...base, state: 'unknown', cause: mostMs };
        if (alarming.has(raw.id))
            return { ...base, state: 'assumed' }; // neither an alarm of its own, nor the end of one
        const newest = Math.max(backups.newest(raw.id) ?? 0, looked.newest(raw.id) ?? 0) || null;
        const when = newest === null ? '' : judgeWork_said(newest);
        const row = looked.rows.find(({ id }) => id === raw.id);
        if (row === undefined || isYoung(newest, mostMs))
            return { ...base, when, state: 'fresh' };
        const { state, cause, url } = row;
        if (state === 'running' || state === 'assumed' || state === 'unknown')
            return { ...base, when, state, cause, url };
        const why = cause === '' ? 'no later one is known' : cause;
        return {
            ...base,
            when,
            url,
            state: 'overdue',
            cause: `it may be ${(0,format/* limit */.AB)(mostMs)} old at most (drill.maxAge), and ${why}`,
        };
    });
    return { rows, warnings: [], alarms: [] };
}
//# sourceMappingURL=judgeDrills.js.map
;// CONCATENATED MODULE: ./build/action/forge/issueTracker.js
/** Lists, opens, changes, comments on and closes the repository's issues that carry our label. */

/** Label of every issue of ours: those without it are never read or changed. */
const ISSUE_LABEL = 'marina';
const issue = schemas/* object */.Ikc({
    id: schemas/* number */.aig(),
    number: schemas/* number */.aig(),
    body: schemas/* string */.YjP().nullish(),
    labels: schemas/* array */.YOg(schemas/* union */.KCZ([schemas/* string */.YjP(), schemas/* object */.Ikc({ name: schemas/* string */.YjP().nullish() })])).nullish(),
    pull_request: schemas/* unknown */.L5J().optional(),
});
const trackedIssue = (one) => ({ id: one.id, number: one.number, body: one.body ?? '' });
const ISSUE_PAGES = 10;
const PERMISSION = 'issues: write';
/** Lists the open issues with our label, the oldest first. */
function listOpenIssues(forge) {
    return forge.list({
        route: '/issues',
        parameters: { state: 'open', labels: ISSUE_LABEL, sort: 'created', direction: 'asc' },
        page: schemas/* array */.YOg(issue).transform((all) => ({
            total: null,
            // a forge may pass over the label that it was asked for
            items: all.filter((one) => one.pull_request == null && (one.labels == null || hasLabel(one))).map(trackedIssue),
        })),
        perPage: 100,
        mostPages: ISSUE_PAGES,
        what: 'the open issues',
        permission: PERMISSION,
    });
}
/**
 * Opens an issue with our label. The forge drops the label without a word if the token may not set it. It is then set once more; if that fails
 * too, the issue is closed, because it would never be found again, and the answer is unknown.
 */
async function openIssue(forge, text) {
    const what = 'open an issue';
    const created = await forge.ask({
        method: 'POST',
        route: '/issues',
        parameters: { ...text, labels: [ISSUE_LABEL] },
        schema: issue,
        what,
        permission: PERMISSION,
    });
    if ('unknown' in created || hasLabel(created.value))
        return 'unknown' in created ? created : { value: trackedIssue(created.value) };
    const { number } = created.value;
    const labelled = await changeIssue(forge, number, { labels: [ISSUE_LABEL] });
    if (!('unknown' in labelled) && hasLabel(labelled.value))
        return { value: trackedIssue(labelled.value) };
    await changeIssue(forge, number, { state: 'closed', state_reason: 'not_planned' });
    const unknown = `The API does not ${what} with the label ${ISSUE_LABEL}, by which it is found again: the token may not set it`;
    return { unknown, status: null };
}
function hasLabel({ labels }) {
    return (labels ?? []).some((label) => (typeof label === 'string' ? label : label.name) === ISSUE_LABEL);
}
function rewriteIssue(forge, number, body) {
    return changeIssue(forge, number, { body });
}
/** Closes an issue. `reason`: `completed`, or `not_planned` for one that should not be there. */
function closeIssue(forge, number, reason) {
    return changeIssue(forge, number, { state: 'closed', state_reason: reason });
}
function commentIssue(forge, number, body) {
    return forge.ask({
        method: 'POST',
        route: '/issues/{issue}/comments',
        parameters: { issue: number, body },
        schema: schemas/* object */.Ikc({ id: schemas/* number */.aig() }),
        what: `comment on issue ${number}`,
        permission: PERMISSION,
    });
}
function changeIssue(forge, number, change) {
    return forge.ask({
        method: 'PATCH',
        route: '/issues/{issue}',
        parameters: { issue: number, ...change },
        schema: issue,
        what: `change issue ${number}`,
        permission: PERMISSION,
    });
}
//# sourceMappingURL=issueTracker.js.map
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(77598);
;// CONCATENATED MODULE: ./build/report/alarmIssues.js
/**
 * Decides which issues a `check` opens, changes and closes, and writes their texts: one issue for each alarm about a backup, a drill or the
 * age of a backup. Pure.
 */


/** Returns what is to be done, what ends an alarm first. */
function planIssues(request) {
    const { subjects, open, configFile, scheduled } = request;
    const own = open.flatMap((one) => {
        const mark = readMark(one.body);
        return mark === null || (mark.config !== null && mark.config !== configFile) ? [] : [{ ...one, mark }];
    });
    const first = new Map();
    for (const one of own) {
        const known = first.get(one.mark.id);
        if (known === undefined || one.number < known.number)
            first.set(one.mark.id, one);
    }
    const wanted = scheduled === null ? null : new Set(scheduled.map(keyOf));
    const steps = [];
    for (const one of own)
        if (first.get(one.mark.id) !== one)
            steps.push({ kind: 'close', number: one.number, comment: null });
    for (const { number, mark } of first.values()) {
        if (wanted !== null && mark.config !== null && !wanted.has(mark.id))
            steps.push({ kind: 'close', number, comment: goneWords(mark.id) });
    }
    for (const subject of subjects)
        steps.push(...stepsFor(subject, first.get(keyOf(subject)), request));
    const order = ['close', 'open', 'rewrite'];
    return steps.toSorted((a, b) => order.indexOf(a.kind) - order.indexOf(b.kind));
}
function stepsFor(subject, issue, request) {
    const { what, id, isOverdue, when, cause, url } = subject;
    if (!isOverdue) {
        const run = (0,markdown/* link */.nf)('run', url);
        const comment = `${WORDS[what].again}: ${(0,markdown/* inline */.mG)(when)}${run === null ? '' : ` (${run})`}.`;
        return issue === undefined ? [] : [{ kind: 'close', number: issue.number, comment }];
    }
    const body = writeBody(subject, request);
    if (issue === undefined)
        return [{ kind: 'open', id, title: WORDS[what].title(id), body }];
    if (issue.body.trim().replaceAll('\r\n', '\n') === body)
        return [];
    const isOther = issue.mark.cause !== causeKey(cause);
    return [
        {
            kind: 'rewrite',
            number: issue.number,
            body,
            comment: isOther ? `The cause has changed: ${(0,markdown/* inline */.mG)(cause)}.` : null,
        },
    ];
}
/** The words of an alarm about each thing. */
const WORDS = {
    backup: {
        title: (id) => `Backup ${id} is overdue`,
        head: (id, when) => `No backup of ${(0,markdown/* code */.aY)(id)} since its slot of ${(0,markdown/* inline */.mG)(when)}`,
        again: 'Backed up again',
        cure: 'to back it up now. This issue closes by itself when a backup has succeeded.',
    },
    drill: {
        title: (id) => `Drill ${id} is overdue`,
        head: (id, when) => `No drill of ${(0,markdown/* code */.aY)(id)} since its slot of ${(0,markdown/* inline */.mG)(when)}`,
        again: 'Drilled again',
        cure: 'to drill it now. This issue closes by itself when a drill has proven the backup.',
    },
    age: {
        title: (id) => `The newest backup of ${id} is too old`,
        head: (id) => `The newest backup of ${(0,markdown/* code */.aY)(id)} is older than <code>drill.maxAge</code> allows`,
        again: 'Backed up again',
        cure: 'to back it up now. This issue closes by itself when a backup has succeeded.',
    },
};
/** Makes the word by which an issue is known again. No id of an instance contains a colon. */
function keyOf({ what, id }) {
    return what === 'backup' ? id : `${what}:${id}`;
}
function goneWords(key) {
    const [id = '', what = ''] = key.split(':').reverse();
    if (what === 'drill')
        return `${(0,markdown/* code */.aY)(id)} has no schedule of drills in the configuration any more.`;
    if (what === 'age')
        return `${(0,markdown/* code */.aY)(id)} has no maxAge in the configuration any more.`;
    return `${(0,markdown/* code */.aY)(id)} has no schedule in the configuration any more.`;
}
function writeBody(subject, { configFile, workflowOf }) {
    const { what, id, when, cause, url } = subject;
    const { name, page } = workflowOf(what);
    const run = (0,markdown/* link */.nf)('run', url);
    return [
        `<!-- marina-check:${keyOf(subject)} -->`,
        `<!-- marina-config:${encodeURIComponent(configFile)} cause:${causeKey(cause)} -->`,
        `**${WORDS[what].head(id, when)}**`,
        '',
        `${(0,markdown/* inline */.mG)(cause)}.${run === null ? '' : ` (${run})`}`,
        '',
        ...(name === '' ? [] : [`Start ${(0,markdown/* link */.nf)(name, page) ?? (0,markdown/* code */.aY)(name)} by hand ${WORDS[what].cure}`]),
    ].join('\n');
}
function readMark(body) {
    const id = /<!-- marina-check:(\S+) -->/.exec(body)?.[1];
    if (id === undefined)
        return null;
    const [, config, cause] = /<!-- marina-config:(\S+) cause:(\S+) -->/.exec(body) ?? [];
    return { id, config: config === undefined ? null : decoded(config), cause: cause ?? null };
}
function decoded(text) {
    try {
        return decodeURIComponent(text);
    }
    catch {
        return null;
    }
}
/** Makes a short word of a cause that stays the same as long as only times, numbers, digests and ids in it change. */
function causeKey(cause) {
    const steady = cause.replace(/\b(?=[a-f-]*\d)[0-9a-f][0-9a-f-]{5,}\b/gi, '#').replace(/\d+/g, '#');
    return (0,external_node_crypto_.createHash)('sha256').update(steady).digest('hex').slice(0, 12);
}
//# sourceMappingURL=alarmIssues.js.map
;// CONCATENATED MODULE: ./build/command/checking/keepIssues.js



/** Number of issues that one check opens, and of those that it changes or closes: GitHub slows down whoever writes much at once. */
const MOST_OPENED = 20;
const MOST_CHANGED = 30;
/** Number of issues that may refuse a change before the others are left to the next check. */
const MOST_REFUSED = 3;
/**
 * Opens, changes and closes issues. Returns what could not be done, in sentences; empty if all was. Two checks at once may both open an
 * issue: after that, each looks again, and closes all but the oldest.
 */
async function keepIssues(forge, request) {
    const open = await listOpenIssues(forge);
    if ('unknown' in open)
        return [open.unknown];
    const steps = planIssues({ ...request, open: open.value.items });
    const { isCut } = open.value;
    const opening = isCut ? [] : steps.filter(({ kind }) => kind === 'open'); // of those not seen there would be a second
    const changing = steps.filter(({ kind }) => kind !== 'open');
    const problems = new Set();
    if (isCut)
        problems.add(`Over ${(0,format/* count */.U9)(open.value.items.length, 'issue')} with the label ${ISSUE_LABEL} are open: no other is opened`);
    let refused = 0;
    for (const step of [...changing.slice(0, MOST_CHANGED), ...opening.slice(0, MOST_OPENED)]) {
        const problem = await take(forge, step);
        if (problem === null)
            continue;
        problems.add(problem);
        refused += 1;
        // one that is there may be locked; what refuses several, or a new one, would refuse all
        if (refused === MOST_REFUSED || step.kind === 'open')
            break;
    }
    if (opening.length > 0)
        for (const problem of await closeTwins(forge, open.value.items))
            problems.add(problem);
    const left = Math.max(0, opening.length - MOST_OPENED) + Math.max(0, changing.length - MOST_CHANGED);
    if (left > 0)
        problems.add(`${(0,format/* count */.U9)(left, 'issue')} more would be opened, changed or closed: the next check goes on with that`);
    return [...problems];
}
/** Takes one step; returns why it failed, or `null`. The comment comes last: if it came before a change that fails, each check would repeat it. */
async function take(forge, step) {
    if (step.kind === 'open')
        return problemOf(await openIssue(forge, step));
    const { number, comment } = step;
    const changed = problemOf(step.kind === 'close'
        ? await closeIssue(forge, number, comment === null ? 'not_planned' : 'completed')
        : await rewriteIssue(forge, number, step.body));
    return changed === null && comment !== null ? problemOf(await commentIssue(forge, number, comment)) : changed;
}
function problemOf(answer) {
    return 'unknown' in answer && answer.unknown !== undefined ? answer.unknown : null;
}
/** Closes the younger of two new issues for one alarm. `before` are the issues that were there already. */
async function closeTwins(forge, before) {
    const now = await listOpenIssues(forge);
    if ('unknown' in now)
        return [now.unknown];
    const marks = new Set();
    const old = new Set(before.map(({ number }) => number));
    for (const { number, body } of now.value.items.toSorted((a, b) => a.number - b.number)) {
        const mark = body
            .split('\n')
            .slice(0, 2)
            .join('\n')
            .replace(/ cause:\S+/, '');
        if (marks.has(mark) && !old.has(number)) {
            const problem = problemOf(await closeIssue(forge, number, 'not_planned'));
            if (problem !== null)
                return [problem];
        }
        marks.add(mark);
    }
    return [];
}
//# sourceMappingURL=keepIssues.js.map
// EXTERNAL MODULE: ./build/command/loadConfiguration.js + 1 modules
var loadConfiguration = __webpack_require__(39733);
// EXTERNAL MODULE: ./build/command/selectInstances.js
var selectInstances = __webpack_require__(83438);
// EXTERNAL MODULE: ./build/command/workflowFiles.js
var workflowFiles = __webpack_require__(10762);
;// CONCATENATED MODULE: ./build/command/check.js
/**
 * `check`: says which instances were not backed up or drilled in time, whose newest backup is too old, which jobs wait for a runner that
 * does not come, and whether GitHub has disabled the schedule; and keeps an issue for each alarm, if that is wanted. Needs no Docker: it
 * asks the API for the runs of the workflows and for their reports.
 */



















/** The token of a workflow may ask 1000 questions an hour; the backups themselves and a second check need some of them. */
const MOST_QUESTIONS = 750;
/** The same for the issues: two lists, and two questions for each that is opened, changed or closed. */
const MOST_FOR_ISSUES = 150;
/**
 * Checks, tells, and returns the exit code: 1 if a backup or drill is overdue, a backup is too old, that is not known, or there is another
 * alarm. Throws `InputError` and `ConfigError` for a wrong request or configuration.
 */
async function check(action) {
    const { inputs, event, console } = action;
    const graceMs = (0,duration/* parseDuration */.E)(inputs.grace);
    if (graceMs === null)
        throw new errors/* InputError */.dz(`Input grace is "${inputs.grace}": write a duration such as 90m, 2h or 1d`);
    const config = await (0,loadConfiguration/* readConfig */.Xg)(action);
    const now = Date.now();
    const { workflows } = (0,readWorkflows/* readWorkflows */.L)(await (0,workflowFiles/* readWorkflowTexts */.Y)(event.workspace, action.env));
    const request = { config, now, graceMs, workflow: findWorkflow(action, workflows) };
    const forge = (0,askForge/* openForge */.y)({
        token: inputs.githubToken,
        baseUrl: event.apiUrl,
        repository: event.repository,
        mostQuestions: MOST_QUESTIONS,
    });
    const subjects = readSubjects(action, request);
    const dangers = await readDangers(action, forge, request);
    const backups = await judgeWork(action, forge, {
        ...request,
        ...{ work: 'backup', kind: BACKUP_REPORTS, workflows: [request.workflow], subjects },
    });
    const instances = subjects.map(({ raw }) => raw);
    const drills = await judgeDrills(action, forge, { ...request, workflows, instances, backups });
    const rows = [...backups.rows, ...drills.rows];
    const alarms = [...new Set([...dangers.alarms, ...backups.alarms, ...drills.alarms])];
    const issues = inputs.issue ? await keepIssuesFor(action, { ...request, drills: drills.workflows }, rows) : [];
    const warnings = [...new Set([...dangers.warnings, ...backups.warnings, ...drills.warnings, ...issues])];
    await console.info(`${forge.sent()} questions were put to the API`);
    const drillWorkflows = drills.workflows.map((name) => ({ name, page: workflowPage(action.env, inputs.config, name) }));
    return tell(action, config, { rows, alarms, warnings, workflow: request.workflow, drillWorkflows });
}
/** Keeps the issues; returns what could not be done. */
async function keepIssuesFor({ inputs, event, env }, { config, workflow, drills }, rows) {
    const isAll = inputs.instances.length === 0 && inputs.host === null;
    const subjects = rows
        .filter(({ state }) => state === 'overdue' || state === 'fresh') // what is only assumed closes no issue
        .map((row) => ({ ...row, isOverdue: row.state === 'overdue' }));
    const { githubToken: token } = inputs;
    const forge = (0,askForge/* openForge */.y)({
        token,
        baseUrl: event.apiUrl,
        repository: event.repository,
        mostQuestions: MOST_FOR_ISSUES,
    });
    return keepIssues(forge, {
        subjects,
        configFile: external_node_path_.posix.normalize(config.file),
        scheduled: isAll ? rows.filter(({ state }) => state !== 'byHand') : null,
        workflowOf(what) {
            const name = what === 'drill' ? (drills[0] ?? '') : workflow;
            return { name, page: name === '' ? null : workflowPage(env, inputs.config, name) };
        },
    });
}
/** Returns the address of a workflow's page, by the name of its file; `null` if the forge has none. */
function workflowPage(env, configFile, workflow) {
    const own = (0,pages/* readPages */.n)(env, configFile).workflow;
    return own === null ? null : own.replace(/[^/]+$/, encodeURIComponent(workflow));
}
/**
 * Returns the file name of the backup workflow: that of the input or, without it, of the one workflow of the repository that runs `backup`
 * by schedule or, if none has a schedule, of the one that runs it at all. Throws an `InputError` if there is none, or more than one.
 */
function findWorkflow({ inputs }, workflows) {
    if (inputs.workflow !== null)
        return inputs.workflow.replace(/^(\.\/)?\.(github|gitea|forgejo)\/workflows\//, '');
    const isOfOther = ({ config }) => config !== null && external_node_path_.posix.normalize(config) !== external_node_path_.posix.normalize(inputs.config);
    const fitting = workflows.filter(({ uses }) => uses.some((use) => use.command === 'backup' && !isOfOther(use)));
    const scheduled = fitting.filter(({ crons }) => crons.length > 0);
    const names = (scheduled.length > 0 ? scheduled : fitting).map(({ path }) => external_node_path_.posix.basename(path));
    if (names.length === 1)
        return names[0];
    throw new errors/* InputError */.dz(names.length === 0
        ? 'No workflow in .github/workflows is known to run the backups: name its file by the input workflow, such as backup.yml'
        : `Several workflows run backups (${names.join(', ')}): name one by the input workflow, and check each in a step of its own`);
}
function readSubjects(action, { config, now, graceMs }) {
    const { instances: ids, host } = action.inputs;
    const instances = (0,selectInstances/* selectInstances */.l)({ all: config.instances, ids, host, isForOneHost: false });
    const lookup = (name) => action.env[name];
    return instances.map((raw) => subjectOf(raw, (0,openSchedule/* readOpenSchedule */.sj)(config, raw, lookup), { now, graceMs }));
}
/** Finds out whether the workflow's schedule is, or soon will be, disabled. If the workflow cannot be asked for, that is an alarm. */
async function readDangers(action, forge, { workflow, now }) {
    const { repository } = action.event;
    const state = await (0,workflowRuns/* getWorkflow */.Mw)(forge, workflow);
    if ('unknown' in state) {
        const hint = state.status === 404 ? ` Is there a file .github/workflows/${workflow} on the default branch?` : '';
        return { alarms: [`${state.unknown}.${hint}`], warnings: [] };
    }
    const activity = await (0,workflowRuns/* getRepositoryActivity */.iL)(forge);
    const known = 'unknown' in activity ? { isPublic: false, defaultBranch: '', lastCommitAt: null } : activity.value;
    const lastCommitAt = known.lastCommitAt === null ? null : Date.parse(known.lastCommitAt);
    const idle = judgeIdle({ ...known, workflow, state: state.value.state, lastCommitAt }, now, repository);
    return {
        alarms: idle.kind === 'disabled' ? [idle.message] : [],
        warnings: [...(idle.kind === 'soon' ? [idle.message] : []), ...('unknown' in activity ? [activity.unknown] : [])],
    };
}
function isBad({ state }) {
    return state === 'overdue' || state === 'unknown';
}
/** Prints annotations and lines, writes the page and the outputs, and returns the exit code. */
async function tell({ env, inputs, console }, config, told) {
    const { rows, alarms, warnings, workflow } = told;
    for (const alarm of alarms)
        await console.error(alarm);
    for (const row of rows.filter((one) => isBad(one) && !alarms.includes(one.cause))) {
        const title = `${row.what === 'drill' ? 'Drill' : 'Backup'} ${row.id}: ${row.state === 'overdue' ? (row.what === 'age' ? 'too old' : 'overdue') : 'not known'}`;
        await console.error(sayRow(row), { file: config.file, line: row.line, title });
    }
    for (const warning of warnings)
        await console.warning(warning);
    const hasFailed = alarms.length > 0 || rows.some(isBad);
    const bad = new Set(rows.filter(isBad).map(({ id }) => id));
    const ids = (which) => JSON.stringify([...new Set(rows.filter(which).map(({ id }) => id))]);
    await (0,outputs/* setOutputs */.n0)({
        result: hasFailed ? 'failed' : 'success',
        succeeded: ids(({ what, id, state }) => what === 'backup' && !bad.has(id) && (state === 'fresh' || state === 'assumed')),
        failed: ids(isBad),
        ...{ partial: '[]', skipped: '[]', due: '[]', matrix: '[]' },
    });
    const summary = await (0,stepSummary/* openSummary */.F)(env);
    const markdown = renderCheck({
        ...told,
        workflowPage: workflowPage(env, inputs.config, workflow),
        config: (0,pages/* readPages */.n)(env, inputs.config).config,
        limitBytes: summary.roomBytes,
    });
    const unwritten = await summary.write(console.redact(markdown));
    if (unwritten !== null)
        await console.warning(unwritten);
    await console.info(checkVerdict(told));
    return hasFailed ? 1 : 0;
}
function sayRow({ what, id, state, when, cause }) {
    if (what === 'age')
        return `${id}: its newest backup is ${when === '' ? 'not known' : `of ${when}`}: ${cause}`;
    if (state === 'overdue')
        return `${id}: no ${what} since its slot of ${when}: ${cause}`;
    const done = what === 'backup' ? 'backed up' : 'drilled';
    const slot = when === '' ? '' : `whether it was ${done} since its slot of ${when} is not known: `;
    return `${id}: ${slot}${cause}`;
}
//# sourceMappingURL=check.js.map

/***/ }),

/***/ 70702:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   pE: () => (/* binding */ readDrillAge),
/* harmony export */   pR: () => (/* binding */ readDrillSchedule),
/* harmony export */   sj: () => (/* binding */ readOpenSchedule)
/* harmony export */ });
/* harmony import */ var _interpolation_js__WEBPACK_IMPORTED_MODULE_4__ = __webpack_require__(8945);
/* harmony import */ var _schema_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(52717);
/* harmony import */ var _values_cron_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(4972);
/* harmony import */ var _values_duration_js__WEBPACK_IMPORTED_MODULE_2__ = __webpack_require__(47772);
/* harmony import */ var _yaml_js__WEBPACK_IMPORTED_MODULE_3__ = __webpack_require__(95252);
/**
 * Fills in the variables of `schedule`, `drill.schedule` or `drill.maxAge` alone, for a command that needs nothing else of the instance.
 * Pure.
 */





/** Returns the schedule of an instance (`null` if it has none), or says in one sentence why it is not known. */
function readOpenSchedule(config, raw, lookup) {
    return raw.scheduleIsOpen ? readAt(config, raw, { keys: ['schedule'], lookup }) : raw.schedule;
}
/** Returns `drill.schedule` of an instance as `readOpenSchedule` does its `schedule`. */
function readDrillSchedule(config, raw, lookup) {
    const keys = ['drill', 'schedule'];
    return (0,_yaml_js__WEBPACK_IMPORTED_MODULE_3__/* .treeAt */ .Ss)(config.tree, ['instances', raw.index, ...keys]) === undefined
        ? null
        : readAt(config, raw, { keys, lookup });
}
function readAt(config, raw, { keys, lookup }) {
    const path = ['instances', raw.index];
    const zoneText = (0,_yaml_js__WEBPACK_IMPORTED_MODULE_3__/* .treeAt */ .Ss)(config.tree, [...path, 'timezone']) ?? config.top.timezone ?? _schema_js__WEBPACK_IMPORTED_MODULE_0__/* .DEFAULTS */ .zY.timezone;
    const texts = [(0,_yaml_js__WEBPACK_IMPORTED_MODULE_3__/* .treeAt */ .Ss)(config.tree, [...path, ...keys]), zoneText];
    const filled = texts.map((text) => (0,_interpolation_js__WEBPACK_IMPORTED_MODULE_4__/* .fillTemplate */ .ou)((0,_interpolation_js__WEBPACK_IMPORTED_MODULE_4__/* .parseTemplate */ .QC)(String(text)), lookup));
    const missing = filled.flatMap((one) => one.missing.map(({ name }) => name));
    const what = keys.length === 1 ? 'schedule' : 'drill.schedule';
    if (missing.length > 0)
        return { why: `its ${what} needs ${missing.join(', ')}: give it by the step's \`env\`` };
    const [expression = '', timezone = ''] = filled.map(({ text }) => text);
    if (expression.trim() === '')
        return null;
    const parsed = (0,_values_cron_js__WEBPACK_IMPORTED_MODULE_1__/* .parseCron */ .E)(expression);
    if (!parsed.ok)
        return { why: `with its variables filled in, its ${what} cannot be kept: ${parsed.message}` };
    const zone = parsed.cron.timezone ?? (timezone || _schema_js__WEBPACK_IMPORTED_MODULE_0__/* .DEFAULTS */ .zY.timezone);
    if (!(0,_values_cron_js__WEBPACK_IMPORTED_MODULE_1__/* .isTimezone */ .K)(zone))
        return { why: 'with its variables filled in, its time zone is none: write a name such as Europe/Berlin' };
    return { cron: parsed.cron.expression, timezone: zone, line: config.source.valueAt([...path, ...keys]).line };
}
/** Returns `drill.maxAge` of an instance, ms (`null` if it has none), or says in one sentence why it is not known. */
function readDrillAge(config, raw, lookup) {
    const written = (0,_yaml_js__WEBPACK_IMPORTED_MODULE_3__/* .treeAt */ .Ss)(config.tree, ['instances', raw.index, 'drill', 'maxAge']);
    if (written === undefined)
        return null;
    const { text, missing } = (0,_interpolation_js__WEBPACK_IMPORTED_MODULE_4__/* .fillTemplate */ .ou)((0,_interpolation_js__WEBPACK_IMPORTED_MODULE_4__/* .parseTemplate */ .QC)(String(written)), lookup);
    const names = missing.map(({ name }) => name).join(', ');
    if (names !== '')
        return { why: `its drill.maxAge needs ${names}: give it by the step's \`env\`` };
    return (0,_values_duration_js__WEBPACK_IMPORTED_MODULE_2__/* .parseDuration */ .E)(text) ?? { why: 'with its variables filled in, its drill.maxAge is no duration such as 26h' };
}
//# sourceMappingURL=openSchedule.js.map

/***/ })

};

//# sourceMappingURL=758.index.js.map