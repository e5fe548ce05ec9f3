export const id = 225;
export const ids = [225];
export const modules = {

/***/ 70225:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  plan: () => (/* binding */ plan)
});

// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(51455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./build/action/artifact.js
var artifact = __webpack_require__(18165);
// EXTERNAL MODULE: ./build/action/outputs.js
var outputs = __webpack_require__(92309);
// EXTERNAL MODULE: ./build/action/pages.js
var pages = __webpack_require__(84871);
// EXTERNAL MODULE: ./build/action/stepSummary.js
var stepSummary = __webpack_require__(5713);
// EXTERNAL MODULE: ./build/claim/host.js
var claim_host = __webpack_require__(47069);
// EXTERNAL MODULE: ./build/config/runnerHosts.js
var runnerHosts = __webpack_require__(95382);
// EXTERNAL MODULE: ./build/config/schema.js + 1 modules
var schema = __webpack_require__(52717);
// EXTERNAL MODULE: ./build/config/values/duration.js
var duration = __webpack_require__(47772);
// EXTERNAL MODULE: ./build/config/yaml.js
var yaml = __webpack_require__(95252);
;// CONCATENATED MODULE: ./build/config/writtenCatchUp.js



/** Returns the instance's `catchUp`, else the file's: true, false, or ms. One that contains a variable counts as true, the default. */
function writtenCatchUp(config, raw) {
    const own = (0,yaml/* treeAt */.Ss)(config.tree, ['instances', raw.index, 'catchUp']);
    if (typeof own !== 'string')
        return config.top.catchUp ?? schema/* DEFAULTS */.zY.catchUp;
    return (0,schema/* readBoolean */.Vf)(own) ?? (0,duration/* parseDuration */.E)(own) ?? true;
}
//# sourceMappingURL=writtenCatchUp.js.map
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/report/markdown.js
var markdown = __webpack_require__(34902);
// EXTERNAL MODULE: ./build/report/summary.js + 2 modules
var summary = __webpack_require__(41737);
// EXTERNAL MODULE: ./build/report/uncovered.js
var uncovered = __webpack_require__(92940);
;// CONCATENATED MODULE: ./build/report/planPage.js
/** Draws the page of a plan: what is due and why, what is not, and on which hosts. Pure. */




/** The number of rows that are shown without a fold. */
const UNFOLDED = 10;
const STEPS = [Number.POSITIVE_INFINITY, 2000, 500, 100, 20, 0];
/**
 * Draws the page. Rows of backups that do not fit into `limitBytes` are left out, and that is said; if none fits, the tables are left out,
 * and only the numbers stay. Empty if nothing fits.
 */
function renderPlan(page) {
    for (const most of STEPS) {
        const text = (0,summary/* joinWithin */.U)(parts(page, most), page.limitBytes);
        if (text !== null)
            return text;
    }
    return '';
}
function* parts(page, most) {
    const due = page.rows.filter(({ isDue }) => isDue);
    const rest = page.rows.filter(({ isDue }) => !isDue);
    const hosts = new Set(due.map(({ host }) => host)).size;
    const where = due.length === 0 ? '' : `, on ${(0,format/* count */.U9)(hosts, 'host')}`;
    yield `### ${due.length === 0 ? '💤' : '🗓️'} ${due.length} of ${(0,format/* count */.U9)(page.rows.length, 'backup')} ${due.length === 1 ? 'is' : 'are'} due${where}`;
    yield (0,markdown/* inline */.mG)(page.basis);
    yield* table(page, due, most, `🗓️ ${(0,format/* count */.U9)(due.length, 'backup')} due`);
    yield* table(page, rest, most, `💤 ${(0,format/* count */.U9)(rest.length, 'backup')} not due`);
    yield* (0,uncovered/* uncoveredFold */.rQ)(page.coverage, Math.min(most, 200));
    yield* variables(page, most);
    yield 'Nothing was backed up: <code>command: plan</code> only decides. Each host decides again when its turn comes.';
}
function table(page, rows, most, title) {
    if (rows.length === 0 || most === 0)
        return [];
    const lines = [
        '| backup, host | next | why |', // a fourth column is too much for a phone
        '|---|---|---|',
        ...rows.slice(0, most).map((one) => {
            const name = (0,markdown/* link */.nf)(one.id, page.config === null ? null : `${page.config}#L${one.line}`) ?? (0,markdown/* inline */.mG)(one.id);
            const next = one.nextWords ?? '–';
            return `| <b>${(0,markdown/* breakable */.mo)(name)}</b><br>${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(one.host))} | ${slotCell(next)} | ${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(one.why))} |`;
        }),
        ...(rows.length > most ? ['', `_And ${(0,format/* count */.U9)(rows.length - most, 'more backup')}, in plan.json._`] : []),
    ].join('\n');
    if (rows.length <= UNFOLDED)
        return [lines];
    return [`<details><summary>${title}</summary>\n\n${lines}\n\n</details>`];
}
/** Writes a slot so that the name of its time zone may be broken: `Europe/Berlin` alone is too wide for a phone. */
function slotCell(words) {
    return (0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(words)).replace(/(?<=[a-z])\/(?=[A-Z])/g, '/<wbr>');
}
/** Says which variables each host needs: a table of hosts, since a host has one set of secrets. */
function variables({ rows, nodeNameVariables }, most) {
    const hosts = new Map();
    for (const { host, variables: names } of rows) {
        const known = hosts.get(host) ?? new Set(nodeNameVariables);
        for (const name of names)
            known.add(name);
        hosts.set(host, known);
    }
    const needing = [...hosts].filter(([, names]) => names.size > 0);
    if (needing.length === 0 || most === 0)
        return [];
    const lines = needing.slice(0, most).map(([host, names]) => `| ${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(host))} | ${[...names]
        .sort()
        .map((one) => (0,markdown/* breakable */.mo)((0,markdown/* code */.aY)(one)))
        .join(', ')} |`);
    return [
        `<details><summary>The variables that each host needs</summary>\n\n${['| host | variables |', '|---|---|', ...lines].join('\n')}\n\n</details>`,
    ];
}
//# sourceMappingURL=planPage.js.map
// EXTERNAL MODULE: ./build/schedule/slotWords.js
var slotWords = __webpack_require__(30053);
// EXTERNAL MODULE: ./build/command/hideSecrets.js + 1 modules
var hideSecrets = __webpack_require__(18658);
// EXTERNAL MODULE: ./build/command/hostTargets.js + 7 modules
var hostTargets = __webpack_require__(83114);
// EXTERNAL MODULE: ./build/command/instanceCover.js
var instanceCover = __webpack_require__(58940);
// EXTERNAL MODULE: ./build/command/loadConfiguration.js + 1 modules
var loadConfiguration = __webpack_require__(39733);
// EXTERNAL MODULE: ./build/command/openHost.js + 1 modules
var openHost = __webpack_require__(11544);
;// CONCATENATED MODULE: ./build/command/planMatrix.js
/**
 * Longest list of ids of one job, and of all jobs together, characters. A process takes 128 KiB in one variable of its environment, and GitHub
 * 1 MiB, at two bytes a character, in the outputs of one job.
 */
const MOST_OF_JOB = 100_000;
const MOST_OF_ALL = 400_000;
/**
 * Makes the matrix. A job gets the ids of its host as `instances`. A list that is too long is left empty if the plan was made for all
 * instances (`isOfAll`): the job then takes all of its host, and decides itself what is due, as it does anyway.
 */
function matrixOf(rows, isOfAll) {
    const jobs = new Map();
    for (const { host, runsOn, id, isDue } of rows) {
        if (!isDue)
            continue;
        const job = jobs.get(host) ?? { runsOn, ids: [] };
        job.ids.push(id);
        jobs.set(host, job);
    }
    const matrix = [...jobs].map(([name, { runsOn, ids }]) => ({ name, 'runs-on': runsOn, instances: ids.join(',') }));
    return isOfAll ? withoutLongLists(matrix) : matrix;
}
function withoutLongLists(matrix) {
    const tooLong = new Set();
    let all = matrix.reduce((sum, { instances }) => sum + instances.length, 0);
    for (const { name, instances } of matrix.toSorted((a, b) => b.instances.length - a.instances.length)) {
        if (instances.length <= MOST_OF_JOB && all <= MOST_OF_ALL)
            break;
        tooLong.add(name);
        all -= instances.length;
    }
    return matrix.map((job) => (tooLong.has(job.name) ? { ...job, instances: '' } : job));
}
//# sourceMappingURL=planMatrix.js.map
// EXTERNAL MODULE: ./build/command/sayCoverage.js
var sayCoverage = __webpack_require__(16247);
// EXTERNAL MODULE: ./build/command/selectInstances.js
var selectInstances = __webpack_require__(83438);
// EXTERNAL MODULE: ./build/command/takeDue.js + 4 modules
var takeDue = __webpack_require__(40755);
;// CONCATENATED MODULE: ./build/command/plan.js
/** `plan`: says which backups are due, why, when each comes next and on which host, and makes the matrix for the jobs. Backs nothing up. */






















/** Number of jobs that GitHub takes from one matrix. */
const MOST_JOBS = 256;
/** Longest wait for an engine that may not be there, ms. */
const ENGINE_MS = 10_000;
const UPLOAD_MS = 60_000;
/**
 * Makes the plan and returns the exit code: 0, or 1 if `coverage: enforce` finds something on this host that is in no backup. All outputs
 * are set then, too. Needs no Docker and no variable's value. Throws `ConfigError` and `InputError` for a wrong configuration, a wrong
 * request and, once the plan is published, for more hosts than a matrix can have.
 */
async function plan(action) {
    const { inputs, console } = action;
    const config = await (0,loadConfiguration/* readConfig */.Xg)(action);
    for (const { message, line } of config.notices)
        await console.notice(message, { file: config.file, line });
    const selected = (0,selectInstances/* selectInstances */.l)({
        all: config.instances,
        ids: inputs.instances,
        host: inputs.host,
        isForOneHost: false,
    });
    const host = await hostAtHand(action);
    const { memory, now } = host === null ? { memory: takeDue/* NO_MEMORY */.gR, now: Date.now() } : await remembered(host, selected);
    const candidates = selected.map((raw) => candidateOf(config, raw, inputs.instances.includes(raw.id)));
    const items = await (0,takeDue/* decideAll */.k1)(action, { candidates, hosts: (0,takeDue/* hostsById */.sh)(config), memory, now });
    await (0,takeDue/* sayDecisions */.v8)(console, items);
    const rows = rowsOf(config, selected, items);
    const matrix = matrixOf(rows, inputs.instances.length === 0);
    const here = (0,instanceCover/* instancesOfHost */.sn)(config.instances, selected, inputs.host);
    const coverage = host === null ? null : await coverageOf(action, host, { config, here });
    if (host !== null && coverage !== null)
        await (0,sayCoverage/* sayCoverage */.a)(action.console, host, host.engine.hostName, coverage);
    await publishPlan(action, config, { rows, matrix, basis: basisOf(memory), coverage });
    if (matrix.length > MOST_JOBS)
        throw new errors/* InputError */.dz(`${matrix.length} hosts have something due, and a matrix takes ${MOST_JOBS} jobs at most: split the configuration into two files with a workflow each, or give instances of one host the same runsOn`);
    return coverage !== null && (0,uncovered/* isCoverageBroken */.Ct)(coverage) ? 1 : 0;
}
/** Connects to this host's engine; `null` if it has none: a plan may well be made on such a machine. */
async function hostAtHand(action) {
    const { redactor } = (0,hideSecrets/* openSecretRegister */.wZ)(action.console);
    try {
        return (await (0,openHost/* openHost */.Z)(action, { redactor }, ENGINE_MS)).host;
    }
    catch (error) {
        if (error instanceof errors/* DockerUnavailableError */.pG)
            return null;
        throw error;
    }
}
/** Reads what this host remembers of the selected instances. What it remembers of one that has moved to another host since does not count. */
async function remembered(host, selected) {
    const ids = selected.map(({ id }) => id);
    const { records, goingOn } = await (0,takeDue/* readMemory */.S1)(host, ids);
    const hosts = new Map(selected.map(({ id, runsOn }) => [id, (0,runnerHosts/* hostKey */._9)(runsOn)]));
    const isHere = ([id, record]) => record.host === null || record.host === hosts.get(id);
    return { memory: { records: new Map([...records].filter(isHere)), goingOn }, now: (0,claim_host/* engineNow */.H)(host) };
}
/**
 * Finds what no instance of this host backs up. `null` if it cannot be told here: if the instances belong to several hosts, of which any
 * may be this one, or if names of targets depend on variables, which only a backup knows.
 */
async function coverageOf({ env, signal, console }, host, { config, here }) {
    if ((0,instanceCover/* hostCount */.gc)(here) !== 1)
        return null;
    const lookup = (name) => env[name];
    const hasUnknown = here.some((raw) => (0,instanceCover/* coverOf */.vv)(config, raw, lookup).hasUnknown);
    if (!hasUnknown)
        return (0,hostTargets/* openHostTargets */.p)({ host, config, here, settled: [], lookup, signal }).coverage();
    await console.info('Names of targets depend on variables: the backup tells what of this host is in no instance.');
    return null;
}
function candidateOf(config, raw, isNamed) {
    const { id, schedule, scheduleIsOpen } = raw;
    return { id, schedule, isOpen: scheduleIsOpen, catchUp: writtenCatchUp(config, raw), isNamed };
}
function rowsOf(config, selected, items) {
    const hosts = new Map((0,runnerHosts/* hostsOf */.PP)(config.instances).map((host, index) => [config.instances[index]?.id, host]));
    return selected.map((raw, index) => {
        const { isTaken, why, slot, next } = items[index];
        const host = hosts.get(raw.id);
        return {
            id: raw.id,
            isDue: isTaken,
            why,
            slot: slot?.toISOString() ?? null,
            next: next?.toISOString() ?? null,
            nextWords: next === null || raw.schedule === null ? null : (0,slotWords/* slotWords */.S)(next, raw.schedule),
            host: host.name,
            runsOn: host.runsOn,
            variables: raw.variables,
            optionalVariables: raw.optionalVariables,
            line: raw.line,
        };
    });
}
/** Says who remembers, for people who wonder why something is due. */
function basisOf({ records }) {
    return records.size === 0
        ? 'No record of a host was at hand: earlier runs of the workflow, or its ticks, tell what was served.'
        : 'The records of this host tell what was served; for instances without one, earlier runs of the workflow or its ticks do.';
}
async function publishPlan(action, config, made) {
    const { env, event, inputs, console } = action;
    const { rows, matrix, basis, coverage } = made;
    const folder = (0,external_node_path_.join)(event.temp, `marina-${action.job}`);
    const path = (0,external_node_path_.join)(folder, 'plan.json');
    const due = rows.flatMap(({ id, isDue }) => (isDue ? [id] : []));
    const isWritten = await (0,promises_.mkdir)(folder, { recursive: true })
        .then(() => (0,promises_.writeFile)(path, `${JSON.stringify(planFile(action, made), null, 2)}\n`))
        .then(() => true)
        .catch(async (error) => {
        await console.warning(`plan.json could not be written: ${error.message}`);
        return false;
    });
    const summary = await (0,stepSummary/* openSummary */.F)(env);
    const unwritten = await summary.write(renderPlan({
        rows,
        basis,
        coverage,
        nodeNameVariables: config.nodeNameVariables,
        config: (0,pages/* readPages */.n)(env, inputs.config).config,
        limitBytes: summary.roomBytes,
    }));
    if (unwritten !== null)
        await console.warning(unwritten);
    await (0,outputs/* setOutputs */.n0)((0,outputs/* planOutputs */.iS)({ due, matrix, report: isWritten ? path : '' }));
    await console.info(`${due.length} of ${rows.length} due, on ${matrix.length} host${matrix.length === 1 ? '' : 's'}.`);
    if (!isWritten)
        return;
    await console.settle();
    const name = (0,artifact/* planArtifactName */.nU)(event.attempt);
    const uploaded = await (0,artifact/* uploadArtifact */.mz)({ name, files: [path], rootDirectory: folder, retentionDays: null, deadlineMs: UPLOAD_MS }, env);
    if (uploaded.kind === 'unavailable')
        await console.notice(`plan.json was not uploaded: ${uploaded.why}. It is in ${path}`);
}
function planFile({ event, inputs }, { rows, matrix, basis, coverage }) {
    return {
        version: 1,
        repository: event.repository,
        runId: event.runId,
        attempt: event.attempt,
        configFile: inputs.config,
        plannedAt: new Date().toISOString(),
        basis,
        matrix,
        instances: rows,
        coverage,
    };
}
//# sourceMappingURL=plan.js.map

/***/ })

};

//# sourceMappingURL=225.index.js.map