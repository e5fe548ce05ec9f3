export const id = 528;
export const ids = [528];
export const modules = {

/***/ 52528:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  summary: () => (/* binding */ summariseFleet_summary)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(51455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./build/action/artifact.js
var action_artifact = __webpack_require__(18165);
// EXTERNAL MODULE: ./build/action/outputs.js
var action_outputs = __webpack_require__(92309);
// EXTERNAL MODULE: ./build/action/pages.js
var pages = __webpack_require__(84871);
// EXTERNAL MODULE: ./build/action/platform.js
var platform = __webpack_require__(30032);
// EXTERNAL MODULE: ./build/action/stepSummary.js
var stepSummary = __webpack_require__(5713);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/outcome.js
var outcome = __webpack_require__(97072);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
;// CONCATENATED MODULE: ./build/report/fleet.js
/** Joins the reports of all hosts of a fleet's run into one, and says which host's is missing. Pure. */


/** Conclusions of a job, in GitHub's words. */
const JOB_RESULTS = ['success', 'failure', 'cancelled', 'skipped'];
/** Reads the input `fleet`; throws an `Error` that says what is wrong with it. */
function parseFleetJobs(text) {
    const value = JSON.parse(text);
    if (!isObject(value))
        throw new Error('it is no JSON object');
    const { plan, backup, attempt, hosts } = value;
    if (!isJobResult(plan) || !isJobResult(backup))
        throw new Error(`\`plan\` and \`backup\` must each be one of ${JOB_RESULTS.join(', ')}`);
    if (!Number.isInteger(attempt))
        throw new Error('`attempt` must be a number');
    const names = hosts ?? []; // act's name for an empty list
    if (!isArrayOf(names, isString))
        throw new Error('`hosts` must be a list of names');
    return { plan, backup, attempt: attempt, hosts: [...new Set(names)] };
}
/** Reads the text of a `report.json`. If it cannot be used, returns why, in words that end a sentence, such as `it is no JSON`. */
function parseReport(text) {
    let value;
    try {
        value = JSON.parse(text);
    }
    catch {
        return 'it is no JSON';
    }
    if (!isObject(value))
        return 'it is no JSON object';
    if (value.version !== 1)
        return `it has version ${String(value.version)}, and this version of Marina reads version 1`;
    const isWhole = isString(value.result) &&
        isString(value.startedAt) &&
        typeof value.seconds === 'number' &&
        isArrayOf(value.errors, isString) &&
        isArrayOf(value.warnings, isString) &&
        isArrayOf(value.notDue, isObject) &&
        isArrayOf(value.instances, isInstance);
    return isWhole ? value : 'it lacks a part';
}
/**
 * Returns the report without what the joined page does not show: the last lines and the phases of backups that went well. Ten thousand of
 * them must fit in memory.
 */
function slimReport(report) {
    const slim = (one) => one.status === 'success' ? { ...one, tail: [], stderr: [], phases: [] } : one;
    return { ...report, instances: report.instances.map(slim) };
}
/** Reads the ids that each host was to back up from the text of a `plan.json`; empty if it cannot be read. Never throws. */
function parseDue(text) {
    try {
        const plan = JSON.parse(text);
        const rows = isObject(plan) && Array.isArray(plan.instances) ? plan.instances.filter(isObject) : [];
        const due = new Map();
        for (const { id, host, isDue } of rows) {
            if (!isString(id) || !isString(host) || isDue !== true)
                continue;
            const ids = due.get(host) ?? [];
            ids.push(id);
            due.set(host, ids);
        }
        return due;
    }
    catch {
        return new Map();
    }
}
/**
 * Joins the reports. The run has failed if a report has, if the plan did not succeed, if a host has no report, if backup jobs that were due
 * did not run, or if a job failed although every report is good. A run that was cancelled is `cancelled` rather than `failed`, unless a
 * report tells of a failure.
 */
function joinFleet(jobs, hosts, facts, allowPartial) {
    const reports = hosts.flatMap(({ name, report }) => (report === null ? [] : [{ name, report }]));
    const instances = reports.flatMap(({ name, report }) => report.instances.map((one) => withHost(name, one)));
    const errors = reports.flatMap(({ name, report }) => report.errors.map((error) => `on host ${name}: ${error}`));
    const cancelled = [jobs.plan, jobs.backup].includes('cancelled') || reports.some(({ report }) => report.result === 'cancelled');
    const statuses = instances.map(({ status }) => status);
    const joined = (0,outcome/* runResult */.XS)(statuses, { cancelled, errors });
    const problems = problemsOf(jobs, hosts, (0,outcome/* exitCode */.I$)(joined, allowPartial) === 0);
    const startedAt = reports.map(({ report }) => report.startedAt).sort()[0] ?? '';
    return {
        hosts,
        reported: joined,
        problems,
        run: {
            version: 1,
            ...facts,
            result: problems.length === 0 || joined === 'cancelled' ? joined : 'failed',
            dryRun: reports.length > 0 && reports.every(({ report }) => report.dryRun),
            host: (0,format/* count */.U9)(jobs.hosts.length, 'host'),
            startedAt,
            seconds: spanSeconds(startedAt, reports),
            engine: null,
            errors,
            warnings: joinWarnings(reports),
            instances,
            notDue: reports.flatMap(({ report }) => report.notDue),
            coverage: null, // each host's own report tells it
        },
    };
}
function problemsOf({ plan, backup, hosts: planned }, hosts, isGood) {
    if (plan !== 'success') {
        const how = { failure: 'failed', cancelled: 'was cancelled', skipped: 'did not run' }[plan];
        return [`the plan ${how}, so that no backup was started: its job says why`];
    }
    const missing = hosts.flatMap((host) => {
        if (host.missing === null)
            return [];
        const which = host.due.length === 0 ? '' : `: ${shortList(host.due, IDS_NAMED)}`;
        return [
            `there is no report of host ${host.name} (${host.missing}), so nothing tells that its backups were made${which}`,
        ];
    });
    if (missing.length > 0)
        return missing;
    if (backup === 'skipped' && planned.length > 0)
        return ['the backup jobs did not run, although backups were due: see why in the workflow'];
    return backup === 'failure' && isGood
        ? ['a backup job failed, although the report of every host is good: the red job says why']
        : [];
}
function withHost(host, one) {
    const named = (names) => names.map((name) => `${host}: ${name}`);
    return {
        ...one,
        notUp: named(one.notUp),
        unhealthy: named(one.unhealthy),
        postHookFailed: named(one.postHookFailed),
    };
}
const HOSTS_NAMED = 5;
const IDS_NAMED = 5;
/** Says each warning of a host once, with the hosts that have it. */
function joinWarnings(reports) {
    const byText = new Map();
    for (const { name, report } of reports)
        for (const text of report.warnings)
            byText.set(text, [...(byText.get(text) ?? []), name]);
    return [...byText].map(([text, names]) => `${shortList(names, HOSTS_NAMED)}: ${text}`);
}
/** Writes at most `most` names, and how many more there are: `a, b and 3 more`. */
function shortList(names, most) {
    const more = names.length - most;
    return `${names.slice(0, most).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
function spanSeconds(startedAt, reports) {
    const ends = reports.map(({ report }) => Date.parse(report.startedAt) / 1000 + report.seconds);
    const end = ends.reduce((latest, one) => Math.max(latest, one), 0);
    const span = end - Date.parse(startedAt) / 1000;
    return Number.isFinite(span) ? Math.max(0, span) : 0;
}
function isObject(value) {
    return typeof value === 'object' && value !== null && !Array.isArray(value);
}
function isString(value) {
    return typeof value === 'string';
}
function isJobResult(value) {
    return JOB_RESULTS.some((result) => result === value);
}
function isArrayOf(value, check) {
    return Array.isArray(value) && value.every(check);
}
const TEXT_LISTS = ['warnings', 'notUp', 'unhealthy', 'postHookFailed', 'tail', 'stderr'];
function isInstance(value) {
    return (isObject(value) &&
        isString(value.id) &&
        isString(value.status) &&
        ['success', 'partial', 'failed', 'cancelled', 'skipped'].includes(value.status) &&
        TEXT_LISTS.every((key) => isArrayOf(value[key], isString)) &&
        (value.notices === undefined || isArrayOf(value.notices, isString)) &&
        isArrayOf(value.targets, isTarget) &&
        (value.result === undefined || isResult(value.result)));
}
function isResult(value) {
    if (!isObject(value))
        return false;
    const are = (keys, type) => keys.every((key) => value[key] === undefined || typeof value[key] === type);
    const metrics = value.metrics ?? {};
    return (are(['bytes', 'files', 'addedBytes'], 'number') &&
        are(['snapshot', 'url', 'text'], 'string') &&
        isObject(metrics) &&
        Object.values(metrics).every((item) => typeof item === 'number'));
}
function isTarget(value) {
    return isObject(value) && isString(value.name) && isString(value.status) && isArrayOf(value.warnings, isString);
}
//# sourceMappingURL=fleet.js.map
// EXTERNAL MODULE: ./build/report/backupTable.js
var backupTable = __webpack_require__(8465);
// EXTERNAL MODULE: ./build/report/causes.js
var causes = __webpack_require__(6611);
// EXTERNAL MODULE: ./build/report/markdown.js
var markdown = __webpack_require__(34902);
// EXTERNAL MODULE: ./build/report/summary.js + 2 modules
var summary = __webpack_require__(41737);
// EXTERNAL MODULE: ./build/report/uncovered.js
var uncovered = __webpack_require__(92940);
// EXTERNAL MODULE: ./build/report/verdict.js
var verdict = __webpack_require__(47342);
// EXTERNAL MODULE: ./build/report/warningList.js
var warningList = __webpack_require__(50663);
;// CONCATENATED MODULE: ./build/report/fleetPage.js
/** Draws the summary of a fleet's run: what failed on all hosts, why, and a row for each host. Pure. */









const ALL = Number.POSITIVE_INFINITY;
const DETAILS = [
    { lines: 20, causes: ALL, rows: ALL, warnings: ALL },
    { lines: 5, causes: ALL, rows: 1000, warnings: 200 },
    { lines: 0, causes: 500, rows: 500, warnings: 50 },
    { lines: 0, causes: 100, rows: 100, warnings: 20 },
    { lines: 0, causes: 30, rows: 0, warnings: 5 },
    { lines: 0, causes: 3, rows: 0, warnings: 0 },
];
const CUT_NOTE = "_This summary was cut to fit: the summaries of the hosts' own jobs have the rest._";
/** If there are more hosts than this, the good ones are folded. */
const UNFOLDED = 10;
const NAMES_SHOWN = 5;
/**
 * Draws the page, never longer than `limitBytes`. However much else is cut for a fleet of several hosts, the id of each backup that failed
 * stays on it as long as the ids fit: 10,000 of the longest fit in 1 MiB.
 */
function renderFleet(fleet, options) {
    for (const [step, detail] of DETAILS.entries()) {
        const text = (0,summary/* joinWithin */.U)(parts(fleet, options, detail, step > 0), options.limitBytes);
        if (text !== null)
            return text;
    }
    const heading = headingOf(fleet, options.allowPartial);
    const least = [[heading, ...failedByHost(fleet)], [heading], []].map((paragraphs) => (0,summary/* joinWithin */.U)(paragraphs, options.limitBytes));
    return least.find((text) => text !== null) ?? '';
}
function* parts(fleet, { allowPartial, links }, detail, isCut) {
    const { run, problems } = fleet;
    yield headingOf(fleet, allowPartial);
    if (isCut)
        yield CUT_NOTE;
    // the problems come first, as errors of the run; they also keep `nextSteps` from saying that every application is up
    const all = { ...run, errors: [...problems, ...run.errors] };
    yield* (0,causes/* causes */.ps)(all, { allowPartial, links, most: detail.causes + problems.length });
    yield* (0,causes/* nextSteps */.Zn)(all, links);
    yield* failedByHost(fleet);
    for (const one of (0,causes/* badInstances */.KA)(run))
        yield* (0,causes/* lastLines */.w$)(one, detail.lines);
    yield* hostTables(fleet, allowPartial);
    yield* (0,backupTable/* backupTables */.M)(run, { allowPartial, rows: detail.rows });
    yield* (0,warningList/* warningList */.V)(run, detail.warnings);
    yield* footer(run, links);
}
function headingOf(fleet, allowPartial) {
    const { run, hosts, problems, reported } = fleet;
    const missing = hosts.flatMap((host) => (host.missing === null ? [] : [host.name]));
    if (problems.length === 0)
        return (0,verdict/* verdictLine */.MT)(run, allowPartial);
    const of = hosts.length === 1 ? '1 host' : `${missing.length} of ${hosts.length} hosts`;
    const what = missing.length === 0
        ? (problems[0] ?? '').split(':')[0]
        : `${of} gave no report: ${shortList(missing, NAMES_SHOWN)}`;
    const others = run.instances.length === 0 ? '' : `; ${(0,verdict/* verdictWords */.L2)({ ...run, result: reported }, allowPartial)}`;
    return `### ${run.result === 'cancelled' ? '🚫' : '❌'} ${(0,markdown/* inline */.mG)(what ?? '')}${others}`;
}
/**
 * Names every backup that did not end well, or of which nothing is known, below its host, in lines that fit a phone. Empty if none failed,
 * or if there is only one host.
 */
function failedByHost({ hosts }) {
    const lines = hosts.flatMap((host) => {
        const bad = host.report === null ? host.due : (0,causes/* badInstances */.KA)(host.report).map(({ id }) => id);
        return bad.length === 0 ? [] : [`${host.name}${host.report === null ? ', no report' : ''}:`, ...wrapped(bad)];
    });
    if (lines.length === 0 || hosts.length < 2)
        return [];
    return [`<details open><summary>Failed or incomplete, by host</summary>\n\n${(0,markdown/* block */.om)(lines)}\n\n</details>`];
}
const LINE_CHARACTERS = 40;
/** Joins words with commas into indented lines; a word that is longer than a line has one of its own. */
function wrapped(words) {
    const lines = [];
    let line = '';
    for (const [at, word] of words.entries()) {
        const item = at === words.length - 1 ? word : `${word},`;
        if (line !== '' && line.length + item.length > LINE_CHARACTERS) {
            lines.push(line);
            line = '';
        }
        line = line === '' ? `  ${item}` : `${line} ${item}`;
    }
    return line === '' ? lines : [...lines, line];
}
function hostTables({ hosts }, allowPartial) {
    const rows = hosts.map((host) => ({ isGood: isGood(host, allowPartial), row: hostRow(host, allowPartial) }));
    const sorted = [...rows.filter((one) => !one.isGood), ...rows.filter((one) => one.isGood)];
    if (sorted.length <= UNFOLDED)
        return sorted.length === 0 ? [] : [hostTable(sorted)];
    const bad = sorted.filter((one) => !one.isGood);
    const good = sorted.filter((one) => one.isGood);
    return [
        ...(bad.length === 0 ? [] : [hostTable(bad)]),
        ...(good.length === 0
            ? []
            : [
                `<details><summary>✅ ${(0,format/* count */.U9)(good.length, 'host')} without a failure</summary>\n\n${hostTable(good)}\n\n</details>`,
            ]),
    ];
}
function hostTable(rows) {
    return ['| | host | backups | time |', '|---|---|---|---:|', ...rows.map(({ row }) => row)].join('\n');
}
function isGood({ report }, allowPartial) {
    if (report === null)
        return false;
    return report.result === 'success' || report.result === 'nothing-due' || (allowPartial && report.result === 'partial');
}
const SIGNS = {
    success: '✅',
    partial: '❌',
    failed: '❌',
    cancelled: '🚫',
    'nothing-due': '💤',
};
function hostRow({ name, report }, allowPartial) {
    const shown = `<b>${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(name))}</b>`;
    if (report === null)
        return `| ❓ | ${shown} | <b>no report</b> | – |`;
    const sign = allowPartial && report.result === 'partial' ? '⚠️' : SIGNS[report.result];
    const time = (0,format/* seconds */.YA)(report.seconds).replaceAll(' ', '\u00a0');
    return `| ${sign} | ${shown} | ${whatOf(report)} | ${time} |`;
}
/** Says how the backups of a host ended, such as `3 of 5 done, 1 failed, 1 incomplete`. */
function whatOf({ instances, errors, dryRun }) {
    const number = (status) => instances.filter((one) => one.status === status).length;
    const part = (value, word) => (value === 0 ? [] : [`${value} ${word}`]);
    if (instances.length === 0 && errors.length === 0)
        return 'nothing was due';
    return [
        dryRun ? 'dry run' : `${number('success')} of ${instances.length} done`,
        ...part(number('failed'), 'failed'),
        ...part(number('partial'), 'incomplete'),
        ...part(number('cancelled'), 'cancelled'),
        ...(dryRun ? [] : part(number('skipped'), 'not begun')),
        ...hostErrors(errors),
    ].join(', ');
}
function hostErrors(errors) {
    if (errors.length === 0)
        return [];
    return [
        (0,uncovered/* isOnlyCoverage */.Jy)(errors)
            ? '<b>something is, or may be, in no backup</b>'
            : '<b>an application of an earlier run is not up</b>',
    ];
}
function footer(run, links) {
    const items = [
        run.startedAt === '' ? null : `Begun ${(0,format/* minute */.Vc)(run.startedAt)}`,
        run.attempt > 1 ? `attempt ${run.attempt}` : null,
        (0,markdown/* link */.nf)(run.configFile, links.config),
    ].filter((item) => item !== null);
    return items.length === 0 ? [] : [`<sub>${items.join(' · ')}</sub>`];
}
//# sourceMappingURL=fleetPage.js.map
// EXTERNAL MODULE: ./build/report/publicPage.js
var publicPage = __webpack_require__(33441);
;// CONCATENATED MODULE: ./build/command/summariseFleet.js
/** `summary`: joins the reports of all hosts of a fleet's run, shows one summary of them, and fails if one is missing or tells of a failure. */












/** Joins and shows the reports, and returns the exit code of the process. Throws an `InputError` for a wrong request. */
async function summariseFleet_summary(action) {
    const { event, inputs, console } = action;
    const jobs = readJobs(inputs.fleet);
    if (inputs.reports === '')
        throw new errors/* InputError */.dz('Input reports is empty: name the folder of the downloaded reports');
    const hosts = [];
    const due = await readDue(action, jobs);
    if (jobs.plan === 'success')
        for (const name of jobs.hosts)
            hosts.push(await readHost(action, jobs, { name, due: due.get(name) ?? [] }));
    const { repository, runUrl, runId, attempt } = event;
    const facts = { repository, runUrl, runId, attempt, configFile: inputs.config };
    const fleet = joinFleet(jobs, hosts, facts, inputs.allowPartial);
    for (const problem of annotations(fleet))
        await console.error(problem);
    await show(action, fleet);
    const outputs = (0,action_outputs/* runOutputs */.MR)(fleet.run, {});
    const unknown = hosts.flatMap((host) => (host.report === null ? host.due : []));
    await (0,action_outputs/* setOutputs */.n0)({ ...outputs, failed: JSON.stringify([...JSON.parse(outputs.failed), ...unknown]) });
    await console.info(`${fleet.run.result}: the reports of ${hosts.length - missing(fleet)} of ${hosts.length} hosts`);
    return (0,outcome/* exitCode */.I$)(fleet.run.result, inputs.allowPartial);
}
function readJobs(text) {
    try {
        return parseFleetJobs(text);
    }
    catch (error) {
        throw new errors/* InputError */.dz(`Input fleet cannot be read (${error.message}): use the workflow marina.yml, which writes it`);
    }
}
/** Reads from the plan's own file what each host was to back up. Empty if the plan uploaded none. */
async function readDue({ event, inputs }, jobs) {
    const folder = (0,external_node_path_.resolve)(event.workspace, inputs.reports, (0,action_artifact/* planArtifactName */.nU)(jobs.attempt));
    return parseDue((await readText((0,external_node_path_.join)(folder, 'plan.json'))) ?? '');
}
/** Largest report that is read, bytes: a thousand instances with all their last lines have less. */
const LARGEST_REPORT = 64 * 1024 * 1024;
/** Reads the report of a host's latest job, not older than the plan. Never throws. */
async function readHost({ event, inputs }, jobs, { name, due }) {
    const folder = (0,external_node_path_.resolve)(event.workspace, inputs.reports);
    for (let attempt = event.attempt; attempt >= jobs.attempt; attempt--) {
        const artifact = (0,action_artifact/* artifactName */.Cs)(null, name, attempt);
        const text = await readText((0,external_node_path_.join)(folder, artifact, 'report.json'));
        if (text === null)
            continue;
        const report = parseReport(text);
        if (typeof report === 'string')
            return { name, report: null, due, missing: `the one in ${artifact} cannot be read, ${report}` };
        return { name, report: (0,publicPage/* publicPage */.VR)(slimReport(report), (0,platform/* isForStrangers */.ZD)(event)), missing: null };
    }
    return {
        name,
        report: null,
        due,
        missing: 'its job failed before it began a backup, was cancelled or killed, or still waits for its runner',
    };
}
/** Returns the text of a file; `null` if there is none that can be read. */
async function readText(path) {
    try {
        return (await (0,promises_.stat)(path)).size > LARGEST_REPORT ? null : await (0,promises_.readFile)(path, 'utf8');
    }
    catch {
        return null;
    }
}
function missing({ hosts }) {
    return hosts.filter(({ report }) => report === null).length;
}
/** GitHub shows ten errors of a step. */
const SHOWN = 10;
function annotations({ problems }) {
    if (problems.length <= SHOWN)
        return problems;
    return [...problems.slice(0, SHOWN - 1), `and ${problems.length - SHOWN + 1} more hosts: see the summary`];
}
async function show({ env, event, inputs, console }, fleet) {
    const page = await (0,stepSummary/* openSummary */.F)(env);
    const { takesInstances, serverUrl } = event;
    const links = { ...(0,pages/* readPages */.n)(env, inputs.config), server: serverUrl, takesInstances, report: null, logs: null };
    const markdown = renderFleet(fleet, { limitBytes: page.roomBytes, allowPartial: inputs.allowPartial, links });
    const unwritten = await page.write(markdown);
    if (unwritten !== null)
        await console.warning(unwritten);
}
//# sourceMappingURL=summariseFleet.js.map

/***/ })

};

//# sourceMappingURL=528.index.js.map