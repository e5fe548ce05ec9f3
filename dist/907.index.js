export const id = 907;
export const ids = [907];
export const modules = {

/***/ 36907:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  restore: () => (/* binding */ restore)
});

// EXTERNAL MODULE: external "node:fs"
var external_node_fs_ = __webpack_require__(73024);
// EXTERNAL MODULE: external "node:fs/promises"
var promises_ = __webpack_require__(51455);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./build/action/outputs.js
var outputs = __webpack_require__(92309);
// EXTERNAL MODULE: ./build/claim/sweep.js
var sweep = __webpack_require__(78191);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/log/instanceLog.js + 4 modules
var instanceLog = __webpack_require__(35624);
// EXTERNAL MODULE: ./build/report/lastWords.js
var lastWords = __webpack_require__(52590);
// EXTERNAL MODULE: ./build/report/publicPage.js
var publicPage = __webpack_require__(33441);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/report/markdown.js
var markdown = __webpack_require__(34902);
// EXTERNAL MODULE: ./build/report/reportFooter.js
var reportFooter = __webpack_require__(42362);
// EXTERNAL MODULE: ./build/report/summary.js + 2 modules
var summary = __webpack_require__(41737);
;// CONCATENATED MODULE: ./build/report/restorePage.js
/** Draws the page of a restore: what was brought back and where it is, or the points that there are. Pure. */




const STEPS = [1000, 200, 50, 10, 0];
/**
 * Draws the page. If it does not fit into `limitBytes`, the older points are left out, and that is said; then all points, and warnings,
 * without a word. Empty if nothing fits.
 */
function renderRestore(page) {
    for (const most of STEPS) {
        const text = (0,summary/* joinWithin */.U)(parts(page, most), page.limitBytes);
        if (text !== null)
            return text;
    }
    return '';
}
function* parts({ report, links, isPublic }, most) {
    const { instance, errors } = report;
    yield `### ${heading(report)}`;
    const own = instance.error === null ? [] : [`${(0,markdown/* inline */.mG)(instance.error)}${(0,reportFooter/* lineLink */.l)(report, instance.line, links)}`];
    const causes = [...own, ...errors.map((error) => (0,markdown/* inline */.mG)(error))];
    if (causes.length > 0)
        yield ['> [!CAUTION]', ...causes.map((cause) => `> ${cause}`)].join('\n');
    const fate = untouched(report);
    if (fate !== null)
        yield `**${fate}.**`;
    if (instance.notUp.length > 0)
        yield `**Down now: ${instance.notUp.map((name) => (0,markdown/* code */.aY)(name)).join(', ')}.** See <code>docker logs</code>; every run on this host tries to start them.`;
    if (!isPublic && instance.status === 'failed' && instance.stderr.length > 0)
        yield (0,markdown/* block */.om)(instance.stderr.slice(-20));
    if (report.restored.length > 0)
        yield table(report);
    yield* next(report);
    if (report.points.length > 0 && most > 0)
        yield points(report, most);
    const warnings = [...instance.warnings, ...report.warnings];
    if (warnings.length > 0 && most > 0)
        yield ['> [!WARNING]', ...warnings.slice(0, most).map((one) => `> - ${(0,markdown/* inline */.mG)(one)}`)].join('\n');
    const again = (0,markdown/* link */.nf)('Run the workflow again', links.workflow);
    if (again !== null && report.result !== 'restored')
        yield again;
    yield (0,reportFooter/* reportFooter */.o)(report, links);
}
/** Says of a restore that ended before it touched anything that all is as it was; `null` of every other one. */
function untouched({ instance, into, point }) {
    const { status, failedPhase } = instance;
    if (status === 'success' || point === '' || failedPhase === 'place' || failedPhase === 'release')
        return null;
    return into === 'new'
        ? 'Nothing was restored, and the running data was not touched'
        : 'Nothing was replaced, and no application was stopped';
}
function heading({ result, dryRun, instance, backupOf, point, points, into, host }) {
    const what = `<code>${(0,markdown/* inline */.mG)(instance.id)}</code>`;
    const of = backupOf === null ? (0,markdown/* inline */.mG)(point) : `the backup of ${(0,markdown/* inline */.mG)(moment(backupOf))}`;
    if (result === 'listed')
        return `🗂️ ${what} has ${(0,format/* count */.U9)(points.length, 'point')} to restore, on ${(0,markdown/* inline */.mG)(host)}`;
    if (result === 'cancelled')
        return `🚫 The restore of ${what} was cancelled`;
    if (result === 'failed')
        return `❌ ${what} was not restored`;
    if (dryRun)
        return `✅ ${of} of ${what} came back whole. Dry run: nothing was changed`;
    return `✅ ${of} of ${what} is restored ${into === 'new' ? 'beside the running data' : 'into place'}`;
}
/** Writes `20261128-020000` as `2026-11-28 02:00:00 UTC`. */
function moment(timestamp) {
    const at = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(timestamp);
    return at === null ? timestamp : `${at[1]}-${at[2]}-${at[3]} ${at[4]}:${at[5]}:${at[6]} UTC`;
}
function table({ restored }) {
    return [
        '| target | is now in | old data |',
        '|---|---|---|',
        ...restored.map(({ name, to, kept }) => `| <b>${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(name))}</b> | ${(0,markdown/* breakable */.mo)((0,markdown/* code */.aY)(to))} | ${kept === null ? '–' : (0,markdown/* breakable */.mo)((0,markdown/* code */.aY)(kept))} |`),
    ].join('\n');
}
function* next({ result, dryRun, restored, into }) {
    if (result !== 'restored' || dryRun)
        return;
    const kept = restored.flatMap(({ kept: name }) => name ?? []);
    if (into === 'new')
        yield 'The running data was not touched. Look at what came back, and remove the volumes when you are done: `docker volume rm NAME`.';
    else if (kept.length > 0)
        yield `When all is well, remove the old data: <code>docker volume rm ${(0,markdown/* inline */.mG)(kept.join(' '))}</code>`;
}
function points({ points: all, point }, most) {
    const shown = [...all].reverse().slice(0, most);
    return [
        ...(point === '' ? ['To restore one, run the workflow again with its id as `point`, or `latest`.', ''] : []),
        '| point | time (UTC) | |',
        '|---|---|---|',
        ...shown.map(({ id, time, text }) => `| ${(0,markdown/* breakable */.mo)((0,markdown/* code */.aY)(id))} | ${time === null ? '–' : (0,markdown/* inline */.mG)(time.replace('T', ' ').slice(0, 16))} | ${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(text))} |`),
        ...(all.length > shown.length ? ['', `_And ${(0,format/* count */.U9)(all.length - shown.length, 'older point')}._`] : []),
    ].join('\n');
}
//# sourceMappingURL=restorePage.js.map
// EXTERNAL MODULE: ./build/restore/points.js
var restore_points = __webpack_require__(98094);
// EXTERNAL MODULE: ./build/restore/restoreInstance.js + 5 modules
var restoreInstance = __webpack_require__(81703);
// EXTERNAL MODULE: ./build/command/openHost.js + 1 modules
var openHost = __webpack_require__(11544);
// EXTERNAL MODULE: ./build/command/publishReport.js
var publishReport = __webpack_require__(74851);
// EXTERNAL MODULE: ./build/command/restoreContext.js
var restoreContext = __webpack_require__(5849);
// EXTERNAL MODULE: ./build/command/runOne.js + 21 modules
var runOne = __webpack_require__(26299);
// EXTERNAL MODULE: ./build/command/runPlan.js
var runPlan = __webpack_require__(72624);
;// CONCATENATED MODULE: ./build/command/restore.js
/**
 * `restore`: brings a backup of one instance back, into new volumes or into place. It runs only when somebody starts it by hand and says
 * what is meant.
 */

















const BY_HAND = { isScheduled: false, slot: null, why: 'a restore was started by hand', nextRun: null };
/**
 * Restores, or lists the points of an instance, and returns the exit code. Throws `InputError` unless it is clear that somebody means it,
 * `ConfigError` for a wrong configuration, and `DockerUnavailableError` without an engine, all before anything is touched; an instance of
 * another host is refused only after the clean-up of this one.
 */
async function restore(action) {
    checkRequest(action);
    const startedAt = new Date();
    const plan = await (0,runPlan/* openRunPlan */.V)(action, async () => []);
    const opened = await (0,openHost/* openHost */.Z)(action, plan);
    await action.saveJob();
    await (0,sweep/* sweepHost */.$l)(opened.host);
    const folder = (0,external_node_path_.join)(action.event.temp, `marina-${action.job}`);
    const logs = (0,external_node_path_.join)(folder, 'logs');
    await (0,promises_.mkdir)(logs, { recursive: true }).catch(() => { }); // the log says so
    const report = await restoreOne(action, plan, { opened, logs, startedAt });
    await publishRestore(action, { report, plan, opened, folder, logs });
    return report.result === 'restored' || report.result === 'listed' ? 0 : 1;
}
/** Throws an `InputError` unless the event and the inputs say clearly what is to be restored. */
function checkRequest({ inputs, event }) {
    const { instances, into, confirm, point, targets } = inputs;
    if (event.name !== 'workflow_dispatch')
        throw new errors/* InputError */.dz(`A restore runs only when somebody starts it by hand (workflow_dispatch), and not on ${event.name === '' ? 'no event at all' : `"${event.name}"`}`);
    const [id, ...more] = instances;
    if (id === undefined || more.length > 0)
        throw new errors/* InputError */.dz(`instances must name the one instance to restore, and it names ${instances.length}`);
    if (point !== '' && !(0,restore_points/* isPointId */.S)(point))
        throw new errors/* InputError */.dz(`point is "${point.slice(0, 100)}": write latest or an id that the list of points has. Leave it empty to get that list`);
    if (point === '' && (into === 'place' || targets.length > 0))
        throw new errors/* InputError */.dz('point is empty, which lists the points: with into: place or targets, write the point to restore, or latest');
    if (into === 'place' && confirm !== id)
        throw new errors/* InputError */.dz(`into: place replaces the data of ${id}: write its id into confirm${confirm === '' ? '' : `, which is "${confirm.slice(0, 100)}"`}`);
    if (into === 'new' && confirm !== '')
        throw new errors/* InputError */.dz('confirm belongs to into: place. With into: new nothing that exists is changed: leave confirm out');
}
async function restoreOne(action, plan, { opened, logs, startedAt }) {
    const { inputs, event } = action;
    const [one] = plan.instances;
    if (one === undefined)
        throw new errors/* InputError */.dz('instances names no instance of this host');
    const { host } = opened;
    const base = {
        version: 1,
        dryRun: inputs.dryRun,
        host: plan.hostName ?? host.engine.hostName,
        repository: event.repository,
        runUrl: event.runUrl,
        configFile: inputs.config,
        into: inputs.into,
        point: inputs.point,
    };
    const nothing = { backupOf: null, points: [], restored: [] };
    const ended = (instance, facts) => ({
        ...base,
        ...facts,
        instance,
        result: resultOf(instance, inputs.point, opened.errors),
        errors: opened.errors,
        warnings: opened.warnings,
    });
    if (!one.ok)
        return ended((0,runOne/* notBegun */.dH)(one.raw, 'failed', one.error.message), nothing);
    const { instance } = one;
    const path = (0,external_node_path_.join)(logs, `${instance.id}.log`);
    const section = action.console.section(instance.id);
    const showsOutput = (0,runOne/* showsContainerLines */.zm)(action);
    const log = await (0,instanceLog/* openLog */.N)({
        path,
        redactor: plan.redactor,
        live: section.lines,
        showsOutput,
        ...(showsOutput ? {} : { shown: opened.quotes.hide }),
    });
    try {
        const context = (0,restoreContext/* restoreContext */.C)(action, plan, { instance, host, reason: BY_HAND });
        const { outcome, ...facts } = await (0,restoreInstance/* restoreInstance */.g_)(context, instance, log, {
            point: inputs.point === '' ? null : inputs.point,
            targets: inputs.targets,
            into: inputs.into,
            keepsOld: inputs.keepOld,
            dryRun: inputs.dryRun,
        });
        await log.write('marina', outcome.error === null ? 'done' : `${outcome.status}: ${outcome.error}`);
        await log.end();
        const words = showsOutput
            ? { tail: log.tail(), stderr: (0,lastWords/* failedByContainer */.IN)(outcome) ? log.stderr() : [] }
            : { tail: [], stderr: [] };
        const warnings = [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])];
        const whole = { ...outcome, ...words, warnings, nextRun: null, log: (0,external_node_fs_.existsSync)(path) ? path : null };
        return ended({ ...whole, startedAt: outcome.startedAt ?? startedAt.toISOString() }, facts);
    }
    finally {
        await log.end();
        await section.end();
    }
}
function resultOf({ status }, point, errors) {
    if (errors.length > 0 || status === 'failed' || status === 'partial')
        return 'failed';
    if (status === 'cancelled')
        return 'cancelled';
    return point === '' ? 'listed' : 'restored';
}
function publishRestore(action, { report, plan, opened, folder, logs }) {
    return (0,publishReport/* publishReport */.S)(action, report, {
        name: `restore-${report.instance.id}`,
        fileName: 'restore.json',
        logs: [report.instance.log].flatMap((log) => log ?? []),
        folder,
        logDirectory: logs,
        redactor: plan.redactor,
        quotes: opened.quotes,
        hide: publicPage/* publicRestore */._t,
        annotate: (visible) => annotate(action, visible),
        render: renderRestore,
        outputs: outputs/* restoreOutputs */.V2,
    });
}
async function annotate({ console, inputs }, report) {
    const { instance, result } = report;
    const { id, line, error, warnings } = instance;
    const at = { file: inputs.config, line };
    const fate = untouched(report);
    if (error !== null)
        await console.error(`${id}: ${(0,lastWords/* withLastWords */.Kt)(instance)}${fate === null ? '' : `. ${fate}`}`, {
            ...at,
            title: `Restore ${id}: ${result}`,
        });
    for (const warning of warnings)
        await console.warning(`${id}: ${warning}`, at);
}
//# sourceMappingURL=restore.js.map

/***/ })

};

//# sourceMappingURL=907.index.js.map