export const id = 317;
export const ids = [317];
export const modules = {

/***/ 53317:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  drill: () => (/* binding */ drill_drill)
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
// EXTERNAL MODULE: ./build/claim/host.js
var claim_host = __webpack_require__(47069);
// EXTERNAL MODULE: ./build/copy/readable.js
var readable = __webpack_require__(12706);
// EXTERNAL MODULE: ./build/docker/containers.js
var containers = __webpack_require__(96485);
// EXTERNAL MODULE: ./build/docker/labels.js
var docker_labels = __webpack_require__(84078);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/instance/image.js + 1 modules
var instance_image = __webpack_require__(45934);
// EXTERNAL MODULE: ./build/instance/instanceRun.js + 1 modules
var instanceRun = __webpack_require__(21522);
// EXTERNAL MODULE: ./build/instance/lock.js
var instance_lock = __webpack_require__(20095);
// EXTERNAL MODULE: ./build/instance/reportBuilder.js
var reportBuilder = __webpack_require__(14403);
// EXTERNAL MODULE: ./build/restore/checkRestored.js + 2 modules
var checkRestored = __webpack_require__(50849);
// EXTERNAL MODULE: ./build/restore/points.js
var restore_points = __webpack_require__(98094);
// EXTERNAL MODULE: ./build/restore/restoreInstance.js + 5 modules
var restoreInstance = __webpack_require__(81703);
// EXTERNAL MODULE: ./build/restore/runRestoreImage.js + 1 modules
var runRestoreImage = __webpack_require__(86252);
;// CONCATENATED MODULE: ./build/drill/checkFiles.js



/** Runs one check. Throws `InstanceError` if the helper could not look, and `CancelledError`. */
async function checkWanted(helper, wanted, options) {
    const { root, size } = options;
    if (root === null || (wanted.kind === 'files' && size === null))
        return answer(wanted, false, `volume ${wanted.volume} did not come back whole, so that it could not be checked`);
    if (wanted.kind === 'files') {
        const files = size?.files ?? 0;
        const passed = files >= wanted.atLeast;
        return answer(wanted, passed, `volume ${wanted.volume} has ${(0,format/* count */.U9)(files, 'file')}${passed ? '' : `, and must have ${wanted.atLeast} at least`}`);
    }
    return answer(wanted, ...judgeFile(wanted, await look(helper, wanted, root, options), options));
}
function answer({ kind, volume }, passed, seen) {
    return { kind, target: volume, passed, looked: true, seen };
}
/** Prints size, time, SHA-256, whether the text stands in the file, and its first line. A path that a link leads out of the volume is not followed. */
const LOOK = `
LC_ALL=C; export LC_ALL
[ -e "$1/$2" ] || [ -L "$1/$2" ] || exit 44
real=$(readlink -f -- "$1/$2") && root=$(readlink -f -- "$1") || exit 46
case $real in "$root"/*) ;; *) exit 46;; esac
[ -f "$real" ] || exit 45
sum=; if [ -n "$3" ]; then sum=$(sha256sum <"$real") || exit 1; sum=\${sum%% *}; fi
found=0; if [ -n "$NEEDLE" ]; then if grep -qF -e "$NEEDLE" -- "$real"; then found=1; else [ $? -eq 1 ] || exit 1; fi; fi
first=; if [ -n "$4" ]; then first=$(head -c 64 <"$real" | head -n 1 | tr -d '|\\000-\\037\\177'); fi
stat -c "%s|%Y|$sum|$found|$first" -- "$real"`;
async function look(helper, { file, volume, sha256, contains, canaryMs }, root, { deadlineMs, signal }) {
    const result = await helper.exec({
        script: LOOK,
        args: [root, file, sha256 === null ? '' : 'sum', canaryMs === null ? '' : 'time'],
        env: { NEEDLE: contains ?? '' },
        deadlineMs,
        signal,
    });
    if (result.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    if (result.code === 44)
        return { kind: 'missing' };
    if (result.code === 45)
        return { kind: 'no file' };
    if (result.code === 46)
        return { kind: 'outside' };
    const seen = /^(\d+)\|(-?\d+)\|([0-9a-f]*)\|([01])\|(.*)$/.exec(result.stdout.trim());
    if (result.code !== 0 || seen === null)
        throw new errors/* InstanceError */.i2(`${file} of the restored volume ${volume} could not be looked at: ${(0,readable/* shownReason */.On)(result)}`);
    return {
        kind: 'file',
        size: Number(seen[1]),
        mtime: Number(seen[2]),
        sha256: seen[3],
        contains: seen[4] === '1',
        firstLine: seen[5].trim(),
    };
}
/** Compares what was seen of a file with what is wanted. Pure. */
function judgeFile(wanted, seen, times) {
    const what = `${wanted.file} of volume ${wanted.volume}`;
    if (seen.kind === 'missing')
        return [false, `${what} did not come back`];
    if (seen.kind === 'no file')
        return [false, `${what} is no file`];
    if (seen.kind === 'outside')
        return [false, `${what} is a link that leads out of the volume`];
    const wrong = [];
    if (wanted.sha256 !== null && seen.sha256 !== wanted.sha256)
        wrong.push(`has the SHA-256 ${seen.sha256}, and must have ${wanted.sha256}`);
    if (wanted.contains !== null && !seen.contains)
        wrong.push('does not contain the text that it must contain');
    const canary = wanted.canaryMs === null ? null : judgeCanary(wanted.canaryMs, seen, times);
    if (canary?.passed === false)
        wrong.push(canary.seen);
    if (wrong.length > 0)
        return [false, `${what} ${wrong.join(', and ')}`];
    const fresh = canary === null ? '' : `, ${canary.seen}`;
    return [true, `${what} came back as it must be (${seen.size} bytes${fresh})`];
}
/** Clocks of an application and of the engine may differ by this much, ms. */
const CLOCKS_MS = 10 * 60_000;
/**
 * Tells whether a file was written shortly before the backup: by the time in its first line, else by that of its last write. The latter tells
 * nothing if it is the time of the restore: some images do not keep times.
 */
function judgeCanary(canaryMs, seen, { madeAt, drilledAt }) {
    const said = timeOf(seen.firstLine);
    const at = said ?? seen.mtime * 1000;
    const verb = said === null ? 'was last written' : 'says a time';
    // the time of a file is known to the second
    if (said === null && at + 1000 >= drilledAt)
        return {
            passed: false,
            seen: 'has the time of the restore and not that of its last write, so that nothing tells how old it is: let its first line be a time, such as that of date -Iseconds (canary)',
        };
    if (at > drilledAt + CLOCKS_MS)
        return { passed: false, seen: `${verb} that lies in the future (canary)` };
    const olderMs = Math.max(0, madeAt - at);
    const before = `${(0,format/* seconds */.YA)(olderMs / 1000)} before the backup`;
    return olderMs > canaryMs
        ? { passed: false, seen: `${verb} ${before}, and may be ${(0,format/* limit */.AB)(canaryMs)} before it at most (canary)` }
        : { passed: true, seen: said === null ? `last written ${before}` : `its time is ${before}` };
}
const TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,]\d+)? ?(Z|[+-]\d\d:?(?:\d\d)?)$/;
/** Reads an ISO 8601 time that says its zone, ms since 1970; `null` if the text is none. */
function timeOf(text) {
    const [, day, time, zone = ''] = TIME.exec(text) ?? [];
    if (day === undefined)
        return null;
    const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
    const at = Date.parse(`${day}T${time}${offset}`);
    return Number.isNaN(at) ? null : at;
}
//# sourceMappingURL=checkFiles.js.map
;// CONCATENATED MODULE: ./build/drill/judgeDrill.js


const NOT_LOOKED = 'nothing that was compared is data: the manifest tells nothing of volumes that were read in place, and a database without a row shows nothing. Give the instance checks (drill.checks), or its volumes staging: copy';
/**
 * Judges a drill. A check that failed makes it `failed`, whatever else went wrong. It is `proven` only if nothing went wrong, and if at least
 * one check looked at data. `error` says why it is not.
 */
function judgeDrill({ checks, surroundings, nothing }) {
    const failed = checks.filter(({ passed }) => !passed);
    if (failed.length > 0)
        return { verdict: 'failed', error: (0,format/* joinSentences */.DP)(failed.map(({ seen }) => seen)) };
    if (surroundings.length > 0)
        return { verdict: 'inconclusive', error: (0,format/* joinSentences */.DP)(surroundings) };
    if (nothing !== null)
        return { verdict: 'nothing-to-drill', error: nothing };
    if (!checks.some(({ looked }) => looked))
        return { verdict: 'inconclusive', error: NOT_LOOKED };
    return { verdict: 'proven', error: null };
}
/** Returns the time of a manifest's timestamp (`20261128-020000`, UTC), ms since 1970; `null` if it is none. */
function timeOfBackup(timestamp) {
    const parts = /^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/.exec(timestamp);
    if (parts === null)
        return null;
    const [, year, month, day, hour, min, second] = parts;
    const time = `${year}-${month}-${day}T${hour}:${min}:${second}`;
    const at = Date.parse(`${time}Z`);
    // a day that its month does not have becomes one of the next month
    return !Number.isNaN(at) && new Date(at).toISOString().startsWith(time) ? at : null;
}
/** Clocks of a runner, an engine and a store may differ by this much, ms. */
const judgeDrill_CLOCKS_MS = 10 * 60_000;
/**
 * Tells whether what came back as the newest point is the newest one. A backup begins after the one before it was stored, so its time is later
 * than that of the listed point before the newest; and it is not older than the last backup that the host remembers as good.
 */
function judgePoint({ manifest, points, runs, now }) {
    const made = timeOfBackup(manifest.timestamp);
    const check = (passed, seen) => ({
        kind: 'point',
        target: '',
        passed,
        looked: false,
        seen,
    });
    if (made === null)
        return check(false, `manifest.json has the timestamp "${manifest.timestamp}", which is no time`);
    const of = (0,format/* minute */.Vc)(new Date(made).toISOString());
    if (made > now + judgeDrill_CLOCKS_MS)
        return check(false, `the backup that came back is of ${of}, which is in the future`);
    const timed = points
        .filter(restore_points/* isWholePoint */.ml)
        .flatMap(({ id, time }) => (time === null ? [] : [{ id, at: Date.parse(time) }]));
    const newest = timed.reduce((best, one) => (best === null || one.at > best.at ? one : best), null);
    const before = timed
        .filter(({ at }) => newest !== null && at < newest.at)
        .reduce((latest, { at }) => Math.max(latest, at), 0);
    if (newest !== null && before >= made)
        return check(false, `the backup of ${of} came back as the newest, and not the one of point ${newest.id}, which is listed for ${(0,format/* minute */.Vc)(new Date(newest.at).toISOString())}: the data is older than it is said to be`);
    const good = runs
        .filter(({ status }) => status === 'success')
        .reduce((latest, { startedAt }) => Math.max(latest, Date.parse(startedAt)), 0);
    if (good > made + judgeDrill_CLOCKS_MS)
        return check(false, `the backup of ${of} came back as the newest, and this host made one that it remembers as good at ${(0,format/* minute */.Vc)(new Date(good).toISOString())}: that one is not in the store, or is not what its /restore.sh takes for the newest`);
    return check(true, `the backup of ${of} came back${newest === null ? '' : ` as point ${newest.id}`}`);
}
/** Compares the age of the backup, in ms, with `maxAge`. Returns `null` if the drill has no `maxAge`. */
function judgeAge(drill, ageMs) {
    if (drill === null || drill.maxAgeMs === null)
        return null;
    const passed = ageMs <= drill.maxAgeMs;
    const age = (0,format/* seconds */.YA)(Math.max(0, ageMs) / 1000);
    const most = (0,format/* limit */.AB)(drill.maxAgeMs);
    const seen = passed
        ? `RPO met: the newest backup is ${age} old, and may be ${most}`
        : `RPO missed: the newest backup is ${age} old, and may be ${most} at most (maxAge)`;
    return { kind: 'age', target: '', passed, looked: false, seen };
}
/**
 * Compares the time of the restore with `maxDuration`. Returns `null` without a `maxDuration`, or if the restore was ended early (`isOver` is
 * false) within it.
 */
function judgeDuration(drill, tookMs, isOver) {
    if (drill === null || drill.maxDurationMs === null)
        return null;
    const passed = tookMs <= drill.maxDurationMs;
    if (passed && !isOver)
        return null;
    const took = `${isOver ? 'took' : 'was ended after'} ${(0,format/* seconds */.YA)(tookMs / 1000)}`;
    const most = (0,format/* limit */.AB)(drill.maxDurationMs);
    const seen = passed
        ? `RTO met: the restore ${took}, and may take ${most}`
        : `RTO missed: the restore ${took}, and may take ${most} at most (maxDuration)`;
    return { kind: 'duration', target: '', passed, looked: false, seen };
}
/**
 * Fails for each target that the backup lacks: because it failed when the backup was made, or because the configuration names it (`wanted`)
 * and the backup knows nothing of it.
 */
function judgeTargets({ targets, failed, timestamp }, wanted) {
    const lacks = (name, why) => ({
        kind: 'backup',
        target: name,
        passed: false,
        looked: false,
        seen: `${name} is not in the backup of ${timestamp}${why}`,
    });
    // a volume and a container may have one name
    const known = new Set([...targets, ...failed].map(({ kind, name }) => `${kind} ${name}`));
    return [
        ...failed.map(({ name, error }) => lacks(name, `, because it failed then: ${error}`)),
        ...wanted
            .filter(({ kind, name }) => !known.has(`${kind} ${name}`))
            .map(({ name }) => lacks(name, ', and is a target of the configuration')),
    ];
}
/** Judges an empty list of points: a failed check if the host remembers a good backup, else `null`. */
function judgeNoPoint(runs) {
    const good = runs.filter(({ status }) => status === 'success');
    const [latest] = good;
    if (latest === undefined)
        return null;
    return {
        kind: 'point',
        target: '',
        passed: false,
        looked: false,
        seen: `the image lists no point, and this host remembers ${(0,format/* count */.U9)(good.length, 'good backup')}, the last of ${(0,format/* minute */.Vc)(latest.startedAt)}: they are gone from the store, or its /restore.sh does not find them`,
    };
}
//# sourceMappingURL=judgeDrill.js.map
// EXTERNAL MODULE: ./build/copy/freeSpace.js
var freeSpace = __webpack_require__(19648);
// EXTERNAL MODULE: ./build/databases/loadContract.js
var loadContract = __webpack_require__(4487);
// EXTERNAL MODULE: ./build/docker/poll.js
var poll = __webpack_require__(33796);
// EXTERNAL MODULE: ./build/load/loadErrors.js
var loadErrors = __webpack_require__(28910);
;// CONCATENATED MODULE: ./build/drill/loadTrouble.js
/** Tells whether a dump was not loaded because of itself, or because of the server and the host that it was loaded on. */






/** Free space below which a failure is blamed on a full disk, bytes. */
const FULL_DISK = 16 << 20;
const LOOK_MS = 60_000;
/** Longest wait for a server that went down to say why, ms. */
const TROUBLE_MS = 5_000;
const TROUBLE_POLL_MS = 500;
/** Says what kept a dump from being loaded, if that was not the dump itself; else `null`. */
async function surroundingsOf({ run, helper, restored, image }, server, error) {
    if (error instanceof errors/* DamagedBackupError */.cp)
        return null;
    const lack = error instanceof loadErrors/* RefusedDumpError */.n ? error.lack : '';
    const trouble = await troubleOf(server, lack === loadContract/* SERVER_GONE */.sN);
    if (trouble !== null)
        return `${error.message}; ${trouble}, which says nothing about the backup`;
    if (lack === '')
        return error.message;
    if (lack !== null)
        return `${error.message}; ${lack}, which says nothing about the backup. Another image than ${image.reference} can be named for ${image.name} (drill.image)`;
    const full = await fullDisk(helper, restored, run.abort.signal);
    return full === null ? null : `${error.message}; ${full}`;
}
/** Says that the disk of a folder in the helper is full; `null` if it is not, or cannot be looked at. */
async function fullDisk(helper, folder, signal) {
    const room = await (0,freeSpace/* freeSpaceAt */.uJ)(helper, folder, LOOK_MS, signal).catch(() => null);
    if (room === null || (room.bytes >= FULL_DISK && room.inodes !== 0))
        return null;
    return `the disk of the Docker host is full (${(0,format/* bytes */.ee)(room.bytes)} free), which says nothing about the backup`;
}
/** Asks what became of the server. One that went down says so a moment later than the tool. */
async function troubleOf({ trouble }, isGone) {
    if (!isGone)
        return trouble();
    return (0,poll/* poll */.w)(trouble, { everyMs: TROUBLE_POLL_MS, until: Date.now() + TROUBLE_MS });
}
//# sourceMappingURL=loadTrouble.js.map
// EXTERNAL MODULE: ./build/databases/engines.js + 45 modules
var engines = __webpack_require__(76775);
// EXTERNAL MODULE: ./build/load/countRows.js
var countRows = __webpack_require__(65939);
// EXTERNAL MODULE: ./build/load/loadDump.js + 1 modules
var loadDump = __webpack_require__(37395);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(77598);
// EXTERNAL MODULE: ./build/claim/processIdentity.js
var processIdentity = __webpack_require__(23360);
// EXTERNAL MODULE: ./build/docker/args.js
var args = __webpack_require__(26876);
// EXTERNAL MODULE: ./build/docker/callResult.js
var callResult = __webpack_require__(48832);
// EXTERNAL MODULE: ./build/docker/exec.js + 1 modules
var exec = __webpack_require__(91431);
// EXTERNAL MODULE: ./build/docker/process.js + 1 modules
var process = __webpack_require__(99762);
;// CONCATENATED MODULE: ./build/scratch/bounds.js
/** Knows within which bounds a scratch server may run, as words of `docker create` and as the engine tells them of a container. Pure. */
/** The capabilities that the start-up of the usual images needs: it gives folders to the server's user, and becomes that user. */
const CAPABILITIES = ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID'];
/** Bytes of shared memory; the engine's 64 MiB are too few for what a server does in parallel. */
const SHARED = 256 << 20;
/** Makes the words of `docker create` that bound a container. */
function boundArgs({ memory, cpus, pids }) {
    return [
        ...['--network', 'none', '--restart', 'no'],
        ...['--cap-drop', 'ALL', ...CAPABILITIES.flatMap((one) => ['--cap-add', one])],
        ...['--security-opt', 'no-new-privileges'],
        ...['--memory', String(memory), '--memory-swap', String(memory)],
        ...['--cpus', String(cpus), '--pids-limit', String(pids), '--shm-size', String(SHARED)],
    ];
}
/**
 * Compares a container with what was asked for. Returns what differs, in words; empty if nothing does. Swap, shared memory and the restart
 * policy are not compared.
 */
function brokenBounds(inspected, { memory, cpus, pids }) {
    const host = inspected.HostConfig ?? {};
    const capabilities = (host.CapAdd ?? []).map((one) => one.replace(/^CAP_/, '')).sort();
    const checks = [
        ['its network', host.NetworkMode === 'none'],
        ['its ports', Object.keys(host.PortBindings ?? {}).length === 0],
        ['its privileges', host.Privileged === false],
        ['its dropped capabilities', (host.CapDrop ?? []).map((one) => one.replace(/^CAP_/, '')).join() === 'ALL'],
        ['its added capabilities', capabilities.join() === CAPABILITIES.join()],
        ['no-new-privileges', (host.SecurityOpt ?? []).some((one) => /^no-new-privileges(:true|=true)?$/.test(one))],
        ['its memory', host.Memory === memory],
        ['its CPUs', host.NanoCpus === Math.round(cpus * 1e9)],
        ['its number of processes', host.PidsLimit === pids],
        ['its processes', (host.PidMode ?? '') !== 'host'],
        ['its devices', (host.Devices ?? []).length === 0],
        ['its mounts', (host.Binds ?? []).length === 0 && (inspected.Mounts ?? []).every(({ Type }) => Type === 'volume')],
    ];
    return checks.filter(([, isRight]) => !isRight).map(([what]) => what);
}
//# sourceMappingURL=bounds.js.map
;// CONCATENATED MODULE: ./build/scratch/scratchServer.js
/**
 * Starts database servers of ours that are thrown away, to prove a dump: the source's own image, no network, bounded and without
 * privileges, which is read back from the live container. If a server does not answer, the reason is returned and not thrown: it says
 * nothing of the backup.
 */












const LIMITS = { memory: 1 << 30, cpus: 1, pids: 512 };
/** Longest wait for a server to answer, ms. */
const READY_MS = 300_000;
const READY_POLL_MS = 300;
const QUESTION_MS = 30_000;
const SET_UP_MS = 60_000;
const LOG_LINES = '100';
/**
 * Starts a scratch server and waits until it answers. If it does not, it is removed. Throws `CancelledError`; `InstanceError` if the engine
 * gave it other bounds than it was asked for, or if somebody took its name or removed it.
 */
async function startScratchServer(docker, request) {
    const limits = { ...LIMITS, ...request.limits };
    const { kind, settings, roles } = request;
    const password = (0,external_node_crypto_.randomBytes)(16).toString('hex');
    await request.hide([password]);
    const plan = (0,engines/* engineOf */.ky)(kind).planScratch({ kind, settings, roles, password });
    let id = null;
    try {
        id = await create(docker, request, plan, limits);
        const started = await (0,process/* query */.P)(docker, ['start', id], { signal: request.signal });
        if (!(0,callResult/* succeeded */.gq)(started))
            throw (0,callResult/* commandError */.yE)(docker, `image ${request.reference} could not be started as a scratch server`, started);
        await checkBounds(docker, id, limits);
        const why = await untilReady(docker, request, id, plan);
        if (why === null)
            return { kind: 'ready', server: await describe(docker, id, plan) };
        await (0,containers/* removeContainer */.od)(docker, id);
        return { kind: 'surroundings', why };
    }
    catch (error) {
        if (id !== null)
            await (0,containers/* removeContainer */.od)(docker, id).catch(() => { }); // a later start sweeps it
        if (request.signal.aborted)
            throw new errors/* CancelledError */.cc();
        if (error instanceof errors/* CommandError */.Qd)
            return { kind: 'surroundings', why: docker.redact(error.message) };
        throw error;
    }
}
async function create(docker, { image, reference, instance, job, deadline, clockOffsetMs, signal }, plan, limits) {
    const declared = await (0,process/* run */.eF)(docker, ['image', 'inspect', '--format', '{{json .Config.Volumes}}', image], `the image ${reference} of the source is not on this host`, { signal });
    const volumes = Object.keys(JSON.parse(declared) ?? {});
    const labels = (0,docker_labels/* longLookLabels */.nu)({ job, process: (0,processIdentity/* thisProcess */.W)(), deadline: deadline + clockOffsetMs });
    const name = `marina-look-${(0,external_node_crypto_.randomBytes)(6).toString('hex')}`;
    const mounts = (volumes.length === 0 ? [plan.data] : volumes).map((target) => (0,args/* mountSpec */.lI)({ type: 'anonymous', target, labels: (0,docker_labels/* stagingLabels */.Hz)(instance), isFilled: true }));
    const argv = [
        ...['create', '--name', name, '--pull', 'never', '--no-healthcheck'],
        ...['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
        ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
        ...mounts.flatMap((mount) => ['--mount', mount]),
        ...boundArgs(limits),
        ...Object.keys(plan.env).flatMap((key) => ['--env', key]),
        ...(plan.entrypoint === null ? [] : ['--entrypoint', plan.entrypoint]),
        image,
        ...plan.command,
    ];
    const what = `a scratch server of image ${reference} could not be created`;
    const created = await (0,containers/* createContainer */.g$)(docker, { name, labels, argv, env: plan.env, input: undefined }, what, {
        signal,
    });
    if (created.kind === 'taken')
        throw new errors/* InstanceError */.i2(`${what}: its random name ${name} is taken`);
    return created.id;
}
/** Reads the bounds back from the live container. Throws an `InstanceError` that names what differs. */
async function checkBounds(docker, id, limits) {
    const argv = ['container', 'inspect', '--format', '{"HostConfig":{{json .HostConfig}},"Mounts":{{json .Mounts}}}', id];
    const inspected = await (0,process/* run */.eF)(docker, argv, 'the scratch server could not be inspected');
    const broken = brokenBounds(JSON.parse(inspected), limits);
    if (broken.length > 0)
        throw new errors/* InstanceError */.i2(`the engine gave the scratch server other bounds than it was asked for (${broken.join(', ')}): it is not used`);
}
/** Waits until the server answers and sets it up. Returns why it does not; `null` if it does. */
async function untilReady(docker, request, id, plan) {
    const { signal, deadline, reference } = request;
    const until = Math.min(deadline, Date.now() + READY_MS);
    const ask = (script, deadlineMs) => (0,exec/* execTruthfully */.rQ)(docker, { container: id, ...script, deadlineMs, signal });
    let last = '';
    const look = async () => {
        const stopped = await whyStopped(docker, id);
        if (stopped !== null)
            return stopped;
        const answer = await ask(plan.ready, Math.max(1, Math.min(QUESTION_MS, until - Date.now())));
        last = (0,exec/* execReason */.S_)(answer);
        return answer.code === 0 ? '' : null;
    };
    const telling = { what: () => `waiting for the scratch server of image ${reference} to answer`, say: request.onLine };
    const why = await (0,poll/* tellWhile */.N)(telling, () => (0,poll/* poll */.w)(look, { everyMs: READY_POLL_MS, until, signal }));
    if (signal.aborted)
        throw new errors/* CancelledError */.cc();
    if (why === null)
        return `the scratch server of image ${reference} did not answer in time (${docker.redact(last)})`;
    if (why !== '')
        return `the scratch server of image ${reference} would not start: ${why}`;
    if (plan.setUp === null)
        return null;
    const setUp = await ask(plan.setUp, SET_UP_MS);
    if (signal.aborted)
        throw new errors/* CancelledError */.cc();
    return setUp.code === 0
        ? null
        : `the scratch server of image ${reference} could not be set up: ${docker.redact((0,exec/* execReason */.S_)(setUp))}`;
}
/** Says why the server does not run, with its last words; `null` if it runs. */
async function whyStopped(docker, id) {
    const container = await (0,containers/* inspectContainer */.aH)(docker, id);
    if (container === null)
        return 'somebody removed it';
    if (container.state === 'running')
        return null;
    const words = await lastWords(docker, id);
    if (container.oomKilled)
        return `it ran out of memory (${words})`;
    if (/No space left on device|disk full/i.test(words))
        return `its disk is full (${words})`;
    return `it ended with exit code ${container.exitCode} (${words})`;
}
/** Returns the last lines that the server wrote: those of stdout, then those of stderr. */
async function lastLines(docker, id) {
    const { stdout, stderr } = await (0,process/* query */.P)(docker, ['logs', '--tail', LOG_LINES, id], { deadlineMs: QUESTION_MS });
    return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
}
async function lastWords(docker, id) {
    const lines = await lastLines(docker, id);
    const telling = lines.filter((line) => /error|fatal|panic|no space|cannot|denied/i.test(line));
    return wordsOf(docker, telling.length === 0 ? lines : telling);
}
function wordsOf(docker, lines) {
    const words = lines.slice(-3).join(' ').trim();
    if (words === '')
        return 'it said nothing';
    const said = docker.redact(words);
    docker.quotes?.(said, 'its words are in the log');
    return said;
}
async function describe(docker, id, plan) {
    const container = await (0,containers/* inspectContainer */.aH)(docker, id);
    if (container === null)
        throw new errors/* InstanceError */.i2('somebody removed the scratch server');
    return {
        container: factsOf(container),
        dumpArgs: plan.dumpArgs,
        trouble: () => scratchServer_troubleOf(docker, id),
        remove: () => (0,containers/* removeContainer */.od)(docker, id),
    };
}
function factsOf({ id, name, image, environment, command }) {
    return { id, name, image, env: environment, cmd: command };
}
async function scratchServer_troubleOf(docker, id) {
    const stopped = await whyStopped(docker, id);
    if (stopped !== null)
        return `the scratch server stopped: ${stopped}`;
    const lines = await lastLines(docker, id);
    const full = lines.filter((line) => /No space left on device|disk full/i.test(line));
    if (full.length > 0)
        return `the scratch server's disk is full (${wordsOf(docker, full)})`;
    // the kernel may end one process of the server while the container lives
    const killed = lines.filter((line) => /terminated by signal 9\b|out of memory/i.test(line));
    return killed.length > 0 ? `the scratch server ran out of memory (${wordsOf(docker, killed)})` : null;
}
//# sourceMappingURL=scratchServer.js.map
// EXTERNAL MODULE: ./build/dump/questions.js
var questions = __webpack_require__(3009);
// EXTERNAL MODULE: ./build/config/excerpt.js
var excerpt = __webpack_require__(97122);
;// CONCATENATED MODULE: ./build/drill/judgeAnswer.js
/** Compares what a database answered with what a check wants. Pure. */

/** Number of characters of an answer that a sentence quotes. */
const QUOTED = 200;
/** Judges an answer. `words` quote it, and say where it is not what it must be. */
function judgeAnswer({ equals, atLeast, atMost, matches }, answer) {
    const wrong = [];
    const number = /^\s*-?[0-9]+(\.[0-9]+)?\s*$/.test(answer) ? Number(answer) : null;
    if (equals !== null && answer !== equals)
        wrong.push(`must be ${quoted(equals)}`);
    if (number === null && (atLeast !== null || atMost !== null))
        wrong.push('must be a number');
    if (number !== null && atLeast !== null && number < atLeast)
        wrong.push(`must be ${atLeast} at least`);
    if (number !== null && atMost !== null && number > atMost)
        wrong.push(`must be ${atMost} at most`);
    if (matches !== null && !new RegExp(matches, 'u').test(answer))
        wrong.push(`must match ${matches}`);
    const said = answer === '' ? 'nothing' : quoted(answer);
    return { passed: wrong.length === 0, words: wrong.length === 0 ? said : `${said}, and ${wrong.join(', and ')}` };
}
function quoted(text) {
    return `"${(0,excerpt/* excerpt */.K)(text, QUOTED)}"`;
}
//# sourceMappingURL=judgeAnswer.js.map
;// CONCATENATED MODULE: ./build/drill/askDatabase.js





/** Most bytes of an answer that are read. */
const ANSWER_BYTES = 64 << 10;
/** Asks, and judges the answer. Throws an `InstanceError` if the server cannot be asked, and `CancelledError`. */
async function askDatabase(docker, wanted, options) {
    const { kind, database, server, signal, deadlineMs } = options;
    const { container, dumpArgs } = server;
    const engine = (0,engines/* engineOf */.ky)(kind);
    const tools = await (0,questions/* findTools */.f$)(docker, container.id, signal, engine.loadTools);
    const given = engine.extractSecrets(dumpArgs);
    const question = { kind, tools, database, given, command: container.cmd, env: container.env, ask: wanted.sql };
    const chunks = [];
    let length = 0;
    const ran = await (0,exec/* execTruthfully */.rQ)(docker, {
        container: container.id,
        ...engine.planAsk(question),
        deadlineMs,
        signal,
        endsRest: true,
        onStdout: (chunk) => {
            if (length <= ANSWER_BYTES)
                chunks.push(chunk);
            length += chunk.length;
        },
    });
    if (signal.aborted)
        throw new errors/* CancelledError */.cc();
    const check = (passed, seen) => ({
        kind: 'sql',
        target: wanted.db,
        passed,
        looked: true,
        seen: `the check of ${wanted.db} in line ${wanted.line} ${seen}`,
    });
    if (ran.code === null)
        throw new errors/* InstanceError */.i2(`${wanted.db} could not be asked: ${(0,exec/* foreignReason */.v4)(docker, ran)}`);
    const where = database === null ? '' : ` (in database "${database}")`;
    if (ran.code !== 0)
        return check(false, `was not answered${where}: ${docker.redact((0,exec/* foreignReason */.v4)(docker, ran))}`);
    if (length > ANSWER_BYTES)
        return check(false, `was answered with more than ${ANSWER_BYTES >> 10} KiB: ask for less`);
    const answer = Buffer.concat(chunks)
        .toString()
        .replace(/\r?\n$/, '');
    const { passed, words } = judgeAnswer(wanted, answer);
    const said = `was answered${where}: ${words}`;
    docker.quotes?.(said, `was answered${where} (its answer is in the log)`);
    return check(passed, said);
}
/** Databases that every server has, and that are no application's. */
const SERVERS_OWN = ['postgres', 'mysql', 'sys', 'information_schema', 'performance_schema', 'admin', 'config', 'local'];
/** Returns the only database of the backup; `null` if there are more, or nobody knows. */
function onlyDatabase(entry) {
    const dumped = entry.files.flatMap(({ database }) => database ?? []);
    const told = entry.server?.databases.map(({ name }) => name).filter((name) => !SERVERS_OWN.includes(name)) ?? [];
    const names = dumped.length > 0 ? dumped : told;
    return names.length === 1 ? (names[0] ?? null) : null;
}
//# sourceMappingURL=askDatabase.js.map
// EXTERNAL MODULE: ./build/load/rowDifferences.js + 1 modules
var rowDifferences = __webpack_require__(89221);
;// CONCATENATED MODULE: ./build/drill/judgeRows.js


/**
 * Compares the rows with those that the manifest tells. Where it tells nothing, a dump passes that has rows, and one without any fails:
 * nobody can say that it must be empty.
 */
function judgeRows(dump) {
    const { target, file, counted, isOwn } = dump;
    const tables = Object.entries(counted.rows).filter(([table]) => !isOwn(table));
    const total = tables.reduce((sum, [, rows]) => sum + rows, 0);
    const much = `${(0,format/* count */.U9)(total, 'row')} in ${(0,format/* count */.U9)(tables.length, 'table')}`;
    const check = (passed, seen) => ({
        kind: 'rows',
        target,
        passed,
        looked: !passed || total > 0,
        seen: `${dumpName(dump)} ${seen}`,
    });
    if (file.rows === null) {
        const why = file.rowsUnknown ?? 'nobody counted them';
        return total > 0
            ? check(true, `was loaded, and the server counts ${much}. How many it must have is not known: ${why}`)
            : check(false, `was loaded, and the server counts no row (${(0,format/* count */.U9)(tables.length, 'table')}). How many it must have is not known (${why}), so nothing shows that data is in it`);
    }
    const differences = (0,rowDifferences/* rowDifferences */.p)({ expected: file.rows, isPartial: file.rowsUnknown !== null, counted, isOwn });
    if (differences.length > 0)
        return check(false, `does not hold what was backed up: ${(0,rowDifferences/* sayDifferences */.c)(differences)}`);
    return check(true, `was loaded, and the server counts the ${much} that it must have`);
}
/** Returns the rows of each table that is in the manifest or on the server, for the report. */
function rowsOf({ target, file, counted, isOwn }) {
    const tables = [...new Set([...Object.keys(file.rows ?? {}), ...Object.keys(counted.rows)])].sort();
    return tables
        .filter((table) => !isOwn(table))
        .map((table) => ({
        target,
        path: file.path,
        table,
        expected: file.rows?.[table] ?? null,
        found: counted.rows[table] ?? counted.partitioned?.[table] ?? null,
    }));
}
/** Names a dump in a sentence. */
function dumpName({ target, file }) {
    return file.database === null ? `the dump of ${target}` : `the dump of database "${file.database}" of ${target}`;
}
//# sourceMappingURL=judgeRows.js.map
// EXTERNAL MODULE: ./build/docker/images.js + 1 modules
var docker_images = __webpack_require__(20331);
;// CONCATENATED MODULE: ./build/drill/scratchImage.js


/** Returns the image, with its id on this host. Throws an `InstanceError` that says what to do if it cannot be had. */
async function findScratchImage(run, entry) {
    const named = run.instance.drill?.image ?? null;
    const other = typeof named === 'string' ? named : (named?.[entry.name] ?? null);
    if (other !== null)
        return findNamed(run, entry, other);
    return { ...(await findSourceImage(run, entry, 'name one that takes its dump (drill.image)')), use: 'server' };
}
/**
 * Returns the image that the first container of a target had when it was backed up, with its id on this host. Throws an `InstanceError` that
 * ends with the `cure` if it cannot be had.
 */
async function findSourceImage(run, target, cure) {
    const { docker } = run.context.host;
    const [source] = target.containers;
    if (source === undefined)
        throw new errors/* InstanceError */.i2(`the manifest does not name the image of ${target.name}: ${cure}`);
    const { signal } = run.abort;
    const known = { name: target.name, reference: source.image, digest: source.digest };
    const id = await (0,docker_images/* imageIdOnHost */.O6)(docker, source.imageId, { signal });
    if (id !== null)
        return { ...known, id };
    const gone = `the image ${source.image} that ${target.name} had when it was backed up (${source.imageId}) is not on this host any more`;
    if (source.digest === null)
        throw new errors/* InstanceError */.i2(`${gone}, and it was in no registry: ${cure}`);
    const pinned = `${source.image.split('@')[0]?.replace(/:[^/]*$/, '')}@${source.digest}`;
    try {
        const options = { signal, pullDeadlineMs: run.instance.timeoutMs };
        return { ...known, id: (await (0,docker_images/* ensureImage */.Yt)(docker, pinned, pullOf(run), options)).id };
    }
    catch (error) {
        if (!(error instanceof errors/* InstanceError */.i2))
            throw error;
        throw new errors/* InstanceError */.i2(`${gone}, and ${error.message}. Or ${cure}`, { cause: error });
    }
}
/** An image that is never to be pulled is a rule of the host: it holds for these too. */
function pullOf({ instance }) {
    return instance.pull === 'never' ? 'never' : 'missing';
}
async function findNamed(run, { name }, reference) {
    const options = { signal: run.abort.signal, pullDeadlineMs: run.instance.timeoutMs };
    const { id, digest } = await (0,docker_images/* ensureImage */.Yt)(run.context.host.docker, reference, pullOf(run), options);
    return { use: 'server', name, reference, id, digest };
}
//# sourceMappingURL=scratchImage.js.map
;// CONCATENATED MODULE: ./build/drill/proveDatabase.js









/** Proves the dumps, one server after the other. Throws `CancelledError`, and for what makes further work useless. */
async function proveDatabase(run, helper, { entry, restored, clock, }) {
    const nothing = (why) => ({
        checks: [],
        rows: [],
        surroundings: [`${entry.name} could not be drilled: ${why}`],
        image: null,
        isLoaded: false,
    });
    const kind = engines/* DB_KINDS */.jw.find((one) => one === entry.engine);
    if (kind === undefined)
        return nothing(`this release does not know the kind ${entry.engine}`);
    const image = await orWhy(run, () => run.report.phase('image', () => findScratchImage(run, entry)));
    if (typeof image === 'string')
        return nothing(image);
    const proving = {
        ...{ run, helper, restored, entry, kind, image, clock },
        ...{ checks: [], rows: [], surroundings: [], unloaded: [], isLoaded: true },
    };
    const wanted = wantedOf(run, entry);
    for (const files of filesByServer(proving)) {
        const asked = wanted.filter(({ file }) => file !== undefined && files.includes(file));
        const why = await orWhy(run, () => proveFiles(proving, files, asked));
        if (why === null)
            continue;
        proving.isLoaded = false;
        proving.surroundings.push(`${entry.name} could not be drilled: ${why}`);
    }
    proving.checks.push(...wanted.flatMap(({ file, check }) => (file === undefined ? [notHeld(check, entry)] : [])));
    const { checks, rows, surroundings, isLoaded } = proving;
    return { checks, rows, surroundings, image, isLoaded };
}
/** Does `work`, and returns the words of an error that is no fault of the backup. Throws on what a cancel or the deadline ended. */
async function orWhy(run, work) {
    try {
        return await work();
    }
    catch (error) {
        if (run.abort.reason() !== null)
            throw new errors/* CancelledError */.cc();
        if (error instanceof errors/* EngineLostError */.LJ)
            throw error;
        if (error instanceof errors/* InstanceError */.i2 || error instanceof errors/* CommandError */.Qd)
            return run.context.host.docker.redact(error.message);
        throw error;
    }
}
/** Returns the settings of the source's server, with those of the database in the file. */
function settingsOf({ server }, { database }) {
    const own = server?.databases.find(({ name }) => name === database);
    return { ...server?.settings, ...own?.settings };
}
/** Puts the files together that one server can take: a server is made for the settings of its databases. */
function filesByServer({ kind, entry }) {
    const groups = new Map();
    for (const file of entry.files) {
        const question = { kind, settings: settingsOf(entry, file), roles: [], password: '' };
        const key = plannedAs(() => JSON.stringify((0,engines/* engineOf */.ky)(kind).planScratch(question)));
        groups.set(key, [...(groups.get(key) ?? []), file]);
    }
    return [...groups.values()];
}
/** Returns the plan's text; the empty text if there is none, which the start of the server then explains. */
function plannedAs(plan) {
    try {
        return plan();
    }
    catch (error) {
        if (error instanceof errors/* InstanceError */.i2)
            return '';
        throw error;
    }
}
function wantedOf({ instance }, entry) {
    const checks = (instance.drill?.checks ?? []).flatMap((one) => one.kind === 'sql' && one.db === entry.name ? [one] : []);
    return checks.map((check) => {
        const database = check.database ?? onlyDatabase(entry);
        return { check, database, file: entry.files.find((file) => file.database === null || file.database === database) };
    });
}
function notHeld({ db, database, line }, { files }) {
    const held = files.flatMap((file) => file.database ?? []).join(', ');
    const which = database === null ? 'names no database' : `asks database "${database}", which is not in the backup`;
    return {
        kind: 'sql',
        target: db,
        passed: false,
        looked: false,
        seen: `the check of ${db} in line ${line} ${which}: it holds ${held}`,
    };
}
/** Proves files by one server, and asks it. Returns why it could not be done; `null` if it was. */
async function proveFiles(proving, files, wanted) {
    const { run, entry } = proving;
    const started = await run.report.phase('scratch', () => start(proving, files));
    if (started.kind === 'surroundings')
        return `${started.why}. If its image is to blame, name another for ${entry.name} (drill.image)`;
    const { server } = started;
    try {
        for (const file of files) {
            const why = await proveFile(proving, server, file);
            if (why !== null)
                return why;
        }
        for (const one of wanted)
            proving.checks.push(await ask(proving, server, one));
        return null;
    }
    finally {
        await server
            .remove()
            .catch((error) => run.report.warn(`the scratch server of ${entry.name} is still there, and the next run removes it: ${error.message}`));
    }
}
function start({ run, entry, kind, image }, files) {
    const { host } = run.context;
    const [first] = files;
    const holdsRoles = files.every(({ database }) => database === null);
    return startScratchServer(host.docker, {
        kind,
        image: image.id,
        reference: image.reference,
        instance: run.instance.id,
        job: host.owner.job,
        settings: first === undefined ? {} : settingsOf(entry, first),
        // the dump of a whole server makes its roles itself
        roles: holdsRoles ? [] : (entry.server?.roles ?? []),
        deadline: deadlineOf(run),
        clockOffsetMs: host.engine.clockOffsetMs,
        hide: async (secrets) => void run.context.hide(secrets, 'the password of a scratch server', 'untold'),
        onLine: (line) => run.log.write('marina', line),
        signal: run.abort.signal,
    });
}
function deadlineOf({ abort, instance }) {
    return Math.min(abort.until, Date.now() + instance.timeoutMs);
}
function remaining(run) {
    return Math.max(1, deadlineOf(run) - Date.now());
}
/** Loads one file and judges it. Returns what kept it from an answer; `null` if there is one. */
async function proveFile(proving, server, file) {
    const { run, entry, checks, clock } = proving;
    try {
        await run.report.phase('load', () => clock.during(() => load(proving, server, file)));
    }
    catch (error) {
        if (run.abort.reason() !== null || !(error instanceof errors/* InstanceError */.i2))
            throw error;
        proving.isLoaded = false;
        proving.unloaded.push(file);
        const why = await surroundingsOf(proving, server, error);
        if (why !== null)
            return why;
        checks.push({
            kind: 'rows',
            target: entry.name,
            passed: false,
            looked: true,
            seen: `${entry.name}: ${error.message}`,
        });
        return null;
    }
    const counted = await run.report.phase('count', () => count(proving, server, file));
    const loaded = { target: entry.name, file, counted, isOwn: (0,engines/* engineOf */.ky)(proving.kind).isOwnTable };
    checks.push(judgeRows(loaded));
    proving.rows.push(...rowsOf(loaded));
    return null;
}
function load({ run, helper, restored, kind, image }, server, file) {
    return (0,loadDump/* loadDump */.n)(run.context.host.docker, helper, {
        kind,
        purpose: 'empty',
        container: server.container,
        into: `a scratch server of image ${image.reference}`,
        dumpArgs: server.dumpArgs,
        file: { ...file, path: `${restored}/${file.path}` },
        hide: async () => { }, // its only password is hidden since the start
        onLine: (line) => run.log.write('marina', line),
        deadlineMs: remaining(run),
        signal: run.abort.signal,
    });
}
/** Asks what a check wants to know. Of a dump that was not loaded nothing can be asked. */
async function ask({ run, kind, unloaded }, server, { check, database, file }) {
    if (file !== undefined && unloaded.includes(file)) {
        const seen = `the check of ${check.db} in line ${check.line} could not be asked, since the dump was not loaded`;
        return { kind: 'sql', target: check.db, passed: false, looked: false, seen };
    }
    const answer = await explained(server, () => askDatabase(run.context.host.docker, check, {
        kind,
        database,
        server,
        deadlineMs: remaining(run),
        signal: run.abort.signal,
    }));
    // a question that ended its server says nothing about the backup
    const why = answer.passed ? null : await server.trouble();
    if (why !== null)
        throw new errors/* InstanceError */.i2(`${answer.seen}; ${why}, which says nothing about the backup`);
    return answer;
}
function count({ run, kind }, server, { database }) {
    const { container, dumpArgs } = server;
    const asked = { kind, container, dumpArgs, database };
    return explained(server, () => (0,countRows/* countRows */.B)(run.context.host.docker, { ...asked, deadlineMs: remaining(run), signal: run.abort.signal }));
}
/** Does `work`; if that fails, says also what happened to the server. */
async function explained({ trouble }, work) {
    try {
        return await work();
    }
    catch (error) {
        const why = error instanceof errors/* InstanceError */.i2 ? await trouble() : null;
        throw why === null ? error : new errors/* InstanceError */.i2(`${error.message}; ${why}`, { cause: error });
    }
}
//# sourceMappingURL=proveDatabase.js.map
// EXTERNAL MODULE: ./build/config/runnerHosts.js
var runnerHosts = __webpack_require__(95382);
// EXTERNAL MODULE: ./build/record/hostRecords.js
var hostRecords = __webpack_require__(77648);
// EXTERNAL MODULE: ./build/record/recordLabels.js
var recordLabels = __webpack_require__(82100);
;// CONCATENATED MODULE: ./build/drill/rememberDrill.js
/** Writes a drill into the record of its instance, beside the runs, and reads the runs that the host remembers. */






const rememberDrill_LOOK_MS = 10_000;
/**
 * Adds the drill to the record, and returns all drills of the record, the latest first. Returns only this one if another run has the claim, or
 * if the write fails, which is a warning.
 */
async function rememberDrill(run, drill, isHeld) {
    const { docker, owner } = run.context.host;
    try {
        const name = (0,docker_labels/* claimName */.cB)(run.instance.id);
        if (!isHeld && (await (0,containers/* inspectContainer */.aH)(docker, name, { deadlineMs: rememberDrill_LOOK_MS })) !== null)
            return [drill];
        const of = {
            instance: run.instance.id,
            repository: (0,recordLabels/* recordOwner */.rq)(owner),
            host: (0,runnerHosts/* hostKey */._9)(run.instance.runsOn),
        };
        return (await (0,hostRecords/* addDrill */.$t)(docker, of, drill)).drills;
    }
    catch (error) {
        await run.report.warn(`${(0,errors/* sayError */.Iq)(error)}. Without a record of this drill it may be made again by the next tick`);
        return [drill];
    }
}
/** Returns the runs of the instance that the host remembers, the latest first; none if its record cannot be read. Never throws. */
async function rememberedRuns(run) {
    const { docker, owner } = run.context.host;
    try {
        const record = await (0,hostRecords/* readRecord */.aE)(docker, { instance: run.instance.id, repository: (0,recordLabels/* recordOwner */.rq)(owner) });
        return record?.runs ?? [];
    }
    catch (error) {
        await run.report.warn(`what this host remembers of earlier backups could not be read: ${(0,errors/* sayError */.Iq)(error)}`);
        return [];
    }
}
//# sourceMappingURL=rememberDrill.js.map
;// CONCATENATED MODULE: ./build/drill/restoreClock.js
function restoreClock() {
    let spent = 0;
    return {
        async during(work) {
            const began = Date.now();
            try {
                return await work();
            }
            finally {
                spent += Date.now() - began;
            }
        },
        spentMs: () => spent,
    };
}
//# sourceMappingURL=restoreClock.js.map
// EXTERNAL MODULE: ./build/docker/copyFiles.js
var copyFiles = __webpack_require__(75669);
;// CONCATENATED MODULE: ./build/scratch/scratchScript.js
/**
 * Runs a script of the repository on restored data, in a container that is thrown away: no network, bounded and without privileges, which is
 * read back from the live container. The data is mounted read-only.
 */











/** Folder of the restored tree in the container. */
const SCRIPT_DATA = '/restore';
const SCRIPT = 'marina-check';
const scratchScript_LIMITS = { memory: 1 << 30, cpus: 1, pids: 512 };
const POLL_MS = 300;
const scratchScript_LOG_LINES = '50';
const LOG_MS = 30_000;
/**
 * Runs the script to its end. Throws an `InstanceError` or a `CommandError` if it could not be run or did not end in time, which says nothing
 * of the data, and `CancelledError`.
 */
async function runScratchScript(docker, request) {
    const { reference, signal, deadline, script } = request;
    const id = await scratchScript_create(docker, request);
    try {
        const file = { path: SCRIPT, mode: 0o755, uid: 0, gid: 0, content: script };
        await (0,copyFiles/* copyIn */.D)(docker, id, [file], { signal });
        const started = await (0,process/* query */.P)(docker, ['start', id], { signal });
        if (!(0,callResult/* succeeded */.gq)(started))
            throw (0,callResult/* commandError */.yE)(docker, `the script could not be started in the image ${reference}`, started);
        await scratchScript_checkBounds(docker, id);
        const look = async () => {
            const container = await (0,containers/* inspectContainer */.aH)(docker, id);
            if (container === null)
                throw new errors/* InstanceError */.i2('somebody removed the container of the script');
            return container.state === 'down' ? container : null;
        };
        const ended = await (0,poll/* poll */.w)(look, { everyMs: POLL_MS, until: deadline, signal });
        if (signal.aborted)
            throw new errors/* CancelledError */.cc();
        if (ended === null)
            throw new errors/* InstanceError */.i2('the script did not end in time');
        return { exitCode: ended.exitCode ?? -1, oomKilled: ended.oomKilled, lines: await scratchScript_lastLines(docker, id) };
    }
    catch (error) {
        throw signal.aborted ? new errors/* CancelledError */.cc() : error;
    }
    finally {
        await (0,containers/* removeContainer */.od)(docker, id).catch(() => { }); // a later start sweeps it
    }
}
async function scratchScript_create(docker, request) {
    const { image, reference, volume, env, job, deadline, clockOffsetMs, signal } = request;
    const labels = (0,docker_labels/* longLookLabels */.nu)({ job, process: (0,processIdentity/* thisProcess */.W)(), deadline: deadline + clockOffsetMs });
    const name = `marina-look-${(0,external_node_crypto_.randomBytes)(6).toString('hex')}`;
    const argv = [
        ...['create', '--name', name, '--pull', 'never', '--no-healthcheck'],
        ...['--log-driver', 'local', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
        ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
        ...['--mount', (0,args/* mountSpec */.lI)({ type: 'volume', source: volume, target: SCRIPT_DATA, readonly: true })],
        ...boundArgs(scratchScript_LIMITS),
        ...Object.keys(env).flatMap((key) => ['--env', key]),
        ...['--entrypoint', `/${SCRIPT}`, image],
    ];
    const what = `a container of image ${reference} for the script could not be created`;
    const call = { name, labels, argv, env, input: undefined };
    const created = await (0,containers/* createContainer */.g$)(docker, call, what, { signal });
    if (created.kind === 'taken')
        throw new errors/* InstanceError */.i2(`${what}: its random name ${name} is taken`);
    return created.id;
}
/** Reads the bounds back from the live container. Throws an `InstanceError` that names what differs. */
async function scratchScript_checkBounds(docker, id) {
    const argv = ['container', 'inspect', '--format', '{"HostConfig":{{json .HostConfig}},"Mounts":{{json .Mounts}}}', id];
    const broken = brokenBounds(JSON.parse(await (0,process/* run */.eF)(docker, argv, 'the container could not be inspected')), scratchScript_LIMITS);
    if (broken.length > 0)
        throw new errors/* InstanceError */.i2(`the engine gave the container other bounds than it was asked for (${broken.join(', ')})`);
}
async function scratchScript_lastLines(docker, id) {
    const { stdout, stderr } = await (0,process/* query */.P)(docker, ['logs', '--tail', scratchScript_LOG_LINES, id], { deadlineMs: LOG_MS });
    return `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
}
//# sourceMappingURL=scratchScript.js.map
;// CONCATENATED MODULE: ./build/drill/runCheck.js




/**
 * Runs the script and judges its end. Throws an `InstanceError` or a `CommandError` for what says nothing of the backup: the script or the
 * image is missing, memory ran out, a command is not in the image; and `CancelledError`.
 */
async function runCheck(run, wanted, { helper, image, opened }) {
    const { context, instance, abort, log } = run;
    const { docker, owner, engine } = context.host;
    const script = await context.readScript(wanted.run);
    const used = await imageOf(run, wanted, { image, opened });
    const ended = await runScratchScript(docker, {
        image: used.id,
        reference: used.reference,
        script,
        volume: await (0,instance_lock/* stagingVolume */.mI)({ context }, helper),
        env: {
            MARINA_INSTANCE_ID: instance.id,
            MARINA_RESTORE_DIR: SCRIPT_DATA,
            MARINA_TIMESTAMP: opened.manifest.timestamp,
        },
        job: owner.job,
        deadline: abort.until,
        clockOffsetMs: engine.clockOffsetMs,
        signal: abort.signal,
    });
    for (const line of ended.lines)
        await log.write('out', Buffer.from(`${line}\n`));
    return { check: judgeScript(docker, wanted, ended), image: used };
}
/** Returns the image in which the script runs: that of the first container that had the volume, or that of the backup if it names none. */
async function imageOf(run, { run: file, volume }, { image, opened }) {
    const { reference, id, digest } = image;
    if (volume === null)
        return { use: 'check', name: file, reference, id, digest };
    const target = opened.targets.find(({ kind, name }) => kind === 'volume' && name === volume);
    const cure = 'leave volume out, and the script runs in the image that made the backup';
    if (target === undefined)
        throw new errors/* InstanceError */.i2(`the backup does not hold volume ${volume}`);
    const found = await findSourceImage(run, target, cure);
    return { ...found, use: 'check', name: file };
}
/** Judges how the script ended. Throws an `InstanceError` for an end that says nothing of the backup. */
function judgeScript(docker, { run: file, volume }, { exitCode, oomKilled, lines }) {
    const last = docker.redact(lines.slice(-3).join(' ').trim());
    if (last !== '')
        docker.quotes?.(last, 'its words are in the log');
    const words = last === '' ? '' : `: ${last}`;
    const what = `the check ${file}`;
    if (oomKilled)
        throw new errors/* InstanceError */.i2(`${what} ran out of memory`);
    if (exitCode === 137)
        throw new errors/* InstanceError */.i2(`${what} was killed`);
    if (exitCode === 126 || exitCode === 127)
        throw new errors/* InstanceError */.i2(`${what} ended with exit code ${exitCode}: a command is not in its image${words}`);
    const passed = exitCode === 0;
    const seen = `${what} ${passed ? 'passed' : `failed with exit code ${exitCode}`}${words}`;
    return { kind: 'run', target: volume ?? '', passed, looked: true, seen };
}
//# sourceMappingURL=runCheck.js.map
;// CONCATENATED MODULE: ./build/drill/drillInstance.js
/**
 * Drills one instance: the image restores the newest point into a volume of the helper, never into those of the applications, and dumps are
 * loaded into servers that are thrown away. What came back is compared with what the manifest tells, and with the checks of the configuration.
 */





















/** Folder of the restored tree in the helper. */
const RESTORED = '/backup';
/** Drills the instance, a second time if the first was inconclusive. Never throws for what can go wrong with it: that is in the outcome. */
async function drillInstance(context, instance, log) {
    const first = await tryOnce(context, instance, log, false);
    if (first.stands)
        return first.outcome;
    await log.write('marina', `inconclusive: ${first.outcome.error}. It is tried once more`);
    const { outcome } = await tryOnce(context, instance, log, true);
    return { ...outcome, tries: 2 };
}
/** Makes one try. Its outcome `stands`, and is in the record of the host, unless it is inconclusive and another try is left. */
async function tryOnce(context, instance, log, isLast) {
    // its script is that of a restore: what a run says of scripts then names the right one
    const run = (0,instanceRun/* beginInstanceRun */.YW)(context, { ...instance, script: instance.restoreScript }, log, () => new Date());
    const found = {
        checks: [],
        surroundings: [],
        images: [],
        hashes: [],
        rows: [],
        nothing: null,
        points: [],
        backupOf: null,
        clock: restoreClock(),
        isRestored: false,
        isWorthRetry: true,
    };
    let lock = null;
    let isEngineLost = false;
    try {
        const image = await prepare(run, found);
        const held = await run.report.phase('claim', () => (0,instance_lock/* lockByHelper */.RJ)((0,restoreInstance/* restoreLock */.y7)(run, image), [], NO_JOURNAL));
        lock = held;
        const helper = held.helper;
        run.abort.also(helper.lost, 'the helper died while it was needed (killed, out of memory, or the engine restarted)');
        await drill(run, found, { lock: held, helper, image });
    }
    catch (error) {
        isEngineLost = error instanceof errors/* EngineLostError */.LJ;
        note(run, found, error);
    }
    run.abort.disarm();
    const { verdict } = judgeDrill(found);
    const stands = verdict !== 'inconclusive' || isLast || !found.isWorthRetry || context.signal.aborted;
    const history = stands && !isEngineLost ? await rememberDrill(run, pastDrill(run, found), lock !== null) : [];
    if (lock !== null)
        await (0,restoreInstance/* releaseLock */.x_)(run, lock, isEngineLost);
    return { outcome: { ...outcomeOf(run, found), history }, stands };
}
const NO_JOURNAL = { restart: [], dumps: [], hooks: [] };
/** Reads the script and finds the image. */
async function prepare(run, found) {
    await run.report.phase('resolve', async () => {
        (0,restoreInstance/* refusePending */.KO)(run);
        try {
            run.script = await (0,restoreInstance/* scriptOf */.Fl)(run);
        }
        catch (error) {
            // no later drill will find it: the backup cannot be restored
            throw error instanceof errors/* InstanceError */.i2 ? new errors/* DamagedBackupError */.cp(error.message, { cause: error }) : error;
        }
    });
    const image = await run.report.phase('image', () => (0,instance_image/* findImage */.F1)(run));
    const { reference, id, digest } = image;
    found.images.push({ use: 'backup', name: run.instance.id, reference, id, digest });
    return image;
}
async function drill(run, found, held) {
    const runs = await rememberedRuns(run);
    const isEmpty = await run.report.phase('list', () => list(run, found, held));
    if (isEmpty) {
        const lost = judgeNoPoint(runs);
        if (lost === null)
            found.nothing = 'nothing was backed up yet: the image lists no point, and this host remembers no good backup';
        else
            found.checks.push(lost);
        return;
    }
    await run.report.phase('run', () => fetch(run, found, held));
    const { opened, sizes } = await run.report.phase('check', () => check(run, found, { held, runs }));
    await proveDatabases(run, found, { helper: held.helper, opened, sizes });
    if (found.isRestored)
        push(found, judgeDuration(run.instance.drill, found.clock.spentMs(), true));
    await checkAllWanted(run, found, { helper: held.helper, opened, sizes, image: held.image });
}
/** Lists the points. Returns true if the image says that there is none. An image that cannot list is no failure: the manifest tells the time. */
async function list(run, found, { lock, helper, image }) {
    let isSilent = false;
    try {
        const { points, unread } = await (0,runRestoreImage/* askPoints */.vV)(run, lock, image);
        found.points = points;
        isSilent = points.length === 0 && unread === 0;
    }
    catch (error) {
        if (run.abort.reason() !== null || !(error instanceof errors/* InstanceError */.i2) || error instanceof errors/* EngineLostError */.LJ)
            throw error;
        await run.report.warn(`the image could not list its points: ${error.message}`);
    }
    // an image that does not know how to list may have restored something
    const wiped = await helper.exec({
        script: 'n=$(ls -A "$1" | head -n 1); find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf -- {} + && echo "had$n"',
        args: [RESTORED],
        deadlineMs: run.instance.timeoutMs,
        signal: run.abort.signal,
    });
    if (wiped.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    if (wiped.code !== 0)
        throw new errors/* InstanceError */.i2(`the volume to restore into could not be emptied: ${(0,readable/* shownReason */.On)(wiped)}`);
    return isSilent && wiped.stdout.trim() === 'had';
}
/** Lets the image restore the newest point. Throws `DamagedBackupError` if it fails for no reason that lies in the surroundings. */
async function fetch(run, found, { lock, helper, image }) {
    try {
        await found.clock.during(() => (0,runRestoreImage/* fetchPoint */.vY)(run, lock, { image, point: 'latest' }));
    }
    catch (error) {
        if (run.abort.reason() !== null || !(error instanceof errors/* InstanceError */.i2) || error instanceof errors/* EngineLostError */.LJ)
            throw error;
        const why = await drillInstance_surroundingsOf(run, helper);
        if (why !== null)
            throw new errors/* InstanceError */.i2(`${error.message}; ${why}`, { cause: error });
        throw new errors/* DamagedBackupError */.cp(`the image did not restore the newest point: ${error.message}`, { cause: error });
    }
}
/** Exit code of a restore script that could not reach its store: EX_TEMPFAIL of sysexits(3). */
const TRY_LATER = 75;
/** Says which lack of the host may have made the restore fail; `null` if there is none. */
async function drillInstance_surroundingsOf(run, helper) {
    const { docker } = run.context.host;
    const container = await (0,containers/* inspectContainer */.aH)(docker, (0,docker_labels/* imageClaimName */.fp)(run.instance.id)).catch(() => null);
    if (container?.oomKilled)
        return 'memory ran out, which says nothing about the backup';
    if (container?.exitCode === 137)
        return 'it was killed, which says nothing about the backup';
    if (container?.exitCode === TRY_LATER)
        return `exit code ${TRY_LATER} means that its store could not be reached, which says nothing about the backup`;
    return fullDisk(helper, RESTORED, run.abort.signal);
}
async function check(run, found, { held, runs }) {
    const { instance, abort } = run;
    const options = {
        directory: RESTORED,
        instance: instance.id,
        targets: [],
        deadlineMs: instance.timeoutMs,
        signal: abort.signal,
    };
    const opened = await (0,checkRestored/* openRestored */.xx)(held.helper, options);
    const { manifest } = opened;
    found.backupOf = timeOfBackup(manifest.timestamp);
    found.hashes.push({ target: '', path: 'manifest.json', sha256: opened.sha256 });
    found.checks.push(judgePoint({ manifest, points: found.points, runs, now: (0,claim_host/* engineNow */.H)(run.context.host) }), ...judgeTargets(manifest, (instance.targets ?? []).map((target) => ({ kind: target.kind, name: (0,reportBuilder/* targetName */.je)(target) }))));
    if (found.backupOf !== null)
        push(found, judgeAge(instance.drill, run.start.at - found.backupOf));
    const sizes = new Map();
    for (const target of opened.targets) {
        const compared = await compare(held.helper, target, options);
        found.checks.push(compared.check);
        if (compared.size === null)
            continue;
        sizes.set(target, compared.size);
        found.hashes.push(...comparedHashes(target));
    }
    return { opened, sizes };
}
/** Loads the dumps that came back as they must be, one server at a time. */
async function proveDatabases(run, found, { helper, opened, sizes }) {
    const { clock } = found;
    let isRestored = true;
    for (const entry of opened.targets) {
        if (entry.kind !== 'db' || !sizes.has(entry))
            continue;
        const proved = await proveDatabase(run, helper, { entry, restored: RESTORED, clock });
        found.checks.push(...proved.checks);
        found.rows.push(...proved.rows);
        found.surroundings.push(...proved.surroundings);
        if (proved.image !== null)
            found.images.push(proved.image);
        isRestored &&= proved.isLoaded;
    }
    found.isRestored = isRestored;
}
function push(found, check) {
    if (check !== null)
        found.checks.push(check);
}
/** Compares a target with the manifest. */
async function compare(helper, target, options) {
    const kind = target.kind === 'volume' ? 'tree' : 'dump';
    try {
        const size = await (0,checkRestored/* checkTarget */.e$)(helper, target, options);
        const isCounted = target.kind === 'volume' && target.files !== null && !target.live && target.files > 0;
        return { check: { kind, target: target.name, passed: true, looked: isCounted, seen: seenOf(target, size) }, size };
    }
    catch (error) {
        if (!(error instanceof errors/* DamagedBackupError */.cp))
            throw error;
        return { check: { kind, target: target.name, passed: false, looked: true, seen: error.message }, size: null };
    }
}
/** Returns the hashes of what came back as its manifest tells. */
function comparedHashes(target) {
    const files = target.kind === 'db' ? target.files : target.listing === null ? [] : [target.listing];
    return files.map(({ path, sha256 }) => ({ target: target.name, path, sha256 }));
}
function seenOf(target, { files, bytes: size }) {
    const much = `${(0,format/* count */.U9)(files, 'file')}, ${(0,format/* bytes */.ee)(size)}`;
    if (target.kind === 'db')
        return `the dumps of ${target.name} came back byte by byte (${much})`;
    const isCompared = target.files !== null && !target.live;
    return isCompared
        ? `volume ${target.name} came back with as much as it held (${much})`
        : `volume ${target.name} came back (${much}); the manifest tells not how much it held, since it was read in place`;
}
async function checkAllWanted(run, found, { helper, opened, sizes, image }) {
    const { instance, abort } = run;
    for (const wanted of instance.drill?.checks ?? []) {
        if (wanted.kind === 'run') {
            await runScript(run, found, { wanted, surroundings: { helper: helper.id, image, opened } });
            continue;
        }
        if (wanted.kind === 'sql') {
            const isHeld = opened.targets.some((target) => target.kind === 'db' && target.name === wanted.db && sizes.has(target));
            const seen = `database ${wanted.db} did not come back whole, so that it could not be asked (line ${wanted.line})`;
            if (!isHeld)
                found.checks.push({ kind: 'sql', target: wanted.db, passed: false, looked: false, seen });
            continue;
        }
        const target = opened.targets.find(({ kind, name }) => kind === 'volume' && name === wanted.volume);
        found.checks.push(await checkWanted(helper, wanted, {
            root: target === undefined ? null : `${RESTORED}/${target.path}`,
            size: target === undefined ? null : (sizes.get(target) ?? null),
            madeAt: found.backupOf ?? run.start.at,
            drilledAt: run.start.at,
            deadlineMs: instance.timeoutMs,
            signal: abort.signal,
        }));
    }
}
/** Runs a check that is a script. What keeps it from an answer is noted, and the other checks go on. */
async function runScript(run, found, { wanted, surroundings }) {
    try {
        const { check: one, image } = await runCheck(run, wanted, surroundings);
        found.checks.push(one);
        found.images.push(image);
    }
    catch (error) {
        const isOwn = error instanceof errors/* InstanceError */.i2 || error instanceof errors/* CommandError */.Qd;
        if (run.abort.reason() !== null || error instanceof errors/* EngineLostError */.LJ || !isOwn)
            throw error;
        found.surroundings.push(`the check ${wanted.run} could not be made: ${error.message}`);
    }
}
/** Records why a drill did not come to its end: the backup is to blame, or its surroundings. */
function note(run, found, error) {
    const reason = run.abort.reason();
    if (reason === null && error instanceof errors/* DamagedBackupError */.cp) {
        found.checks.push({ kind: 'backup', target: '', passed: false, looked: false, seen: error.message });
        return;
    }
    (0,instanceRun/* explainFailure */.SP)(run, error);
    found.surroundings.push(run.report.end().error ?? (0,errors/* sayError */.Iq)(error));
    // what was ended by its deadline would be ended by it again
    found.isWorthRetry = reason === null || run.abort.until > Date.now();
    if (!found.isRestored)
        push(found, judgeDuration(run.instance.drill, found.clock.spentMs(), false));
}
function outcomeOf(run, found) {
    const { instance } = run;
    const { verdict, error } = judgeDrill(found);
    const { warnings, phases, startedAt, seconds } = run.report.end();
    const met = (kind) => found.checks.find((one) => one.kind === kind)?.passed ?? null;
    return {
        id: instance.id,
        line: instance.line,
        verdict,
        error,
        warnings,
        point: found.points.findLast(restore_points/* isWholePoint */.ml) ?? null,
        backupOf: found.backupOf === null ? null : new Date(found.backupOf).toISOString(),
        ageSeconds: found.backupOf === null ? null : Math.max(0, Math.round((run.start.at - found.backupOf) / 1000)),
        maxAgeSeconds: inSeconds(instance.drill?.maxAgeMs),
        rpoMet: met('age'),
        restoreSeconds: inSeconds(found.isRestored ? found.clock.spentMs() : null),
        maxDurationSeconds: inSeconds(instance.drill?.maxDurationMs),
        rtoMet: met('duration'),
        checks: found.checks,
        images: found.images,
        hashes: found.hashes,
        rows: found.rows,
        controls: instance.drill?.controls ?? [],
        tries: 1,
        phases,
        startedAt,
        seconds,
        history: [],
    };
}
function inSeconds(ms) {
    return ms === null || ms === undefined ? null : ms / 1000;
}
function pastDrill(run, found) {
    const { reason, host } = run.context;
    const { verdict, ageSeconds, restoreSeconds } = outcomeOf(run, found);
    return {
        startedAt: new Date(run.start.at).toISOString(),
        verdict,
        isScheduled: reason.isScheduled,
        ageSeconds,
        restoreSeconds,
        runId: host.owner.runId,
        attempt: host.owner.attempt,
    };
}
//# sourceMappingURL=drillInstance.js.map
// EXTERNAL MODULE: ./build/log/instanceLog.js + 4 modules
var instanceLog = __webpack_require__(35624);
// EXTERNAL MODULE: ./build/outcome.js
var outcome = __webpack_require__(97072);
// EXTERNAL MODULE: ./build/report/causes.js
var causes = __webpack_require__(6611);
// EXTERNAL MODULE: ./build/report/markdown.js
var markdown = __webpack_require__(34902);
// EXTERNAL MODULE: ./build/report/reportFooter.js
var reportFooter = __webpack_require__(42362);
// EXTERNAL MODULE: ./build/report/summary.js + 2 modules
var summary = __webpack_require__(41737);
;// CONCATENATED MODULE: ./build/report/drillPage.js





const SIGNS = {
    proven: '✅',
    failed: '❌',
    inconclusive: '⚠️',
    'nothing-to-drill': '⏭️',
};
const ORDER = ['failed', 'inconclusive', 'nothing-to-drill', 'proven'];
/** Number of instances that are drawn in detail, for each step less. */
const STEPS = [1000, 100, 20, 3, 0];
/**
 * Draws the page. If it does not fit into `limitBytes`, what was seen of some backups is left out, and that is said; so are warnings,
 * without a word. Empty if nothing fits.
 */
function renderDrill(page) {
    for (const most of STEPS) {
        const text = (0,summary/* joinWithin */.U)(parts(page, most), page.limitBytes);
        if (text !== null)
            return text;
    }
    return '';
}
function* parts({ report, links, whyNone, isPublic }, most) {
    const ordered = ORDER.flatMap((verdict) => report.instances.filter((one) => one.verdict === verdict));
    yield `### ${heading(report)}`;
    if (report.errors.length > 0)
        yield ['> [!CAUTION]', ...report.errors.map((one) => `> ${(0,markdown/* inline */.mG)(one)}`)].join('\n');
    if (ordered.length > 0)
        yield table(ordered);
    else if (report.errors.length === 0)
        yield `${(0,causes/* capitalised */.Iu)((0,markdown/* inline */.mG)(whyNone))}.`;
    for (const one of ordered.slice(0, most))
        yield* details(one, { isPublic, where: (0,reportFooter/* lineLink */.l)(report, one.line, links) });
    if (ordered.length > most)
        yield `_What was seen of ${(0,format/* count */.U9)(ordered.length - most, 'more backup')} is in the report._`;
    const warnings = [...report.warnings, ...ordered.flatMap((one) => one.warnings.map((text) => `${one.id}: ${text}`))];
    if (warnings.length > 0 && most > 0)
        yield ['> [!WARNING]', ...warnings.slice(0, most).map((one) => `> - ${(0,markdown/* inline */.mG)(one)}`)].join('\n');
    const again = (0,markdown/* link */.nf)('Run the workflow again', links.workflow);
    if (again !== null && report.result !== 'proven')
        yield again;
    yield (0,reportFooter/* reportFooter */.o)(report, links);
}
function heading({ instances, host, errors }) {
    if (instances.length === 0 && errors.length > 0)
        return `❌ Nothing was drilled on ${(0,markdown/* inline */.mG)(host)}`;
    if (instances.length === 0)
        return `⏭️ Nothing to drill on ${(0,markdown/* inline */.mG)(host)}`;
    const counts = ORDER.flatMap((verdict) => {
        const many = instances.filter((one) => one.verdict === verdict).length;
        return many === 0 ? [] : [`${SIGNS[verdict]} ${many} ${words(verdict)}`];
    });
    const [worst = ''] = counts;
    const sign = worst.split(' ')[0] ?? '';
    return `${sign} Drill on ${(0,markdown/* inline */.mG)(host)}: ${[worst.slice(sign.length + 1), ...counts.slice(1)].join(', ')}`;
}
function words(verdict) {
    return verdict === 'nothing-to-drill' ? 'with nothing to drill' : verdict;
}
function table(instances) {
    return [
        '| drill | newest backup | restore |',
        '|---|---|---|',
        ...instances.map((one) => {
            const age = one.ageSeconds === null ? '–' : `${(0,format/* seconds */.YA)(one.ageSeconds)} old${met('RPO', one.rpoMet)}`;
            const took = one.restoreSeconds === null ? '–' : `${(0,format/* seconds */.YA)(one.restoreSeconds)}${met('RTO', one.rtoMet)}`;
            return `| ${SIGNS[one.verdict]} <b>${(0,markdown/* breakable */.mo)((0,markdown/* inline */.mG)(one.id))}</b><br>${words(one.verdict)} | ${age} | ${took} |`;
        }),
    ].join('\n');
}
function met(name, isMet) {
    return isMet === null ? '' : `<br>${name} ${isMet ? 'met' : '<b>missed</b>'}`;
}
/** Draws one drill; `where` leads to its line of the configuration. */
function* details(one, { isPublic, where }) {
    const { verdict, error, checks, stderr, backupOf, history } = one;
    const title = `<code>${(0,markdown/* inline */.mG)(one.id)}</code>: ${words(verdict)}${backupOf === null ? '' : `, the backup of ${(0,format/* minute */.Vc)(backupOf)}`}`;
    const failed = checks.filter(({ passed }) => !passed);
    const reason = failed.length > 0 ? failed.map(({ seen }) => `- ❌ ${(0,markdown/* inline */.mG)(seen)}`) : error === null ? [] : [(0,markdown/* inline */.mG)(error)];
    if (reason.length > 0)
        yield [`#### ${SIGNS[verdict]} ${title}${where}`, '', ...reason].join('\n');
    if (!isPublic && verdict !== 'proven' && stderr.length > 0)
        yield (0,markdown/* block */.om)(stderr.slice(-20));
    const good = checks.filter(({ passed }) => passed);
    if (good.length > 0)
        yield `<details><summary>${reason.length > 0 ? 'What was good of it' : title}</summary>\n\n${good.map(seenLine).join('\n')}\n\n</details>`;
    yield* chart(one.id, history);
}
function seenLine({ seen, looked }) {
    return `- ${looked ? '✅' : '☑️'} ${(0,markdown/* inline */.mG)(seen)}`;
}
/** A colour that is seen on white and on black: mermaid's own is nearly white in a light page. */
const COLOUR = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "#2f81f7"}}}}%%';
/** Number of drills from which on their numbers would be drawn one over the other. */
const MANY = 8;
/** Writes numbers and no days: mermaid cuts the last word at the edge of a narrow page. */
function xAxis(drawn) {
    if (drawn.length <= MANY)
        return `[${drawn.map((_, index) => `"${index + 1}"`).join(', ')}]`;
    return `1 --> ${drawn.length}`;
}
/** Draws the seconds of the last restores, the newest at the right; nothing for fewer than two. */
function* chart(id, history) {
    const known = history.flatMap(({ restoreSeconds, startedAt }) => restoreSeconds === null ? [] : [{ restoreSeconds, day: startedAt.slice(5, 10) }]);
    if (known.length < 2)
        return;
    const drawn = known.toReversed();
    yield [
        `<details><summary>Restore time of <code>${(0,markdown/* inline */.mG)(id)}</code>, last ${drawn.length} drills (${drawn[0]?.day} to ${drawn.at(-1)?.day}), in seconds</summary>`,
        '',
        '```mermaid',
        COLOUR,
        'xychart-beta',
        `  x-axis ${xAxis(drawn)}`,
        `  y-axis "s" 0 --> ${Math.max(1, Math.ceil(Math.max(...drawn.map(({ restoreSeconds }) => restoreSeconds)) * 1.1))}`,
        `  line [${drawn.map(({ restoreSeconds }) => restoreSeconds.toFixed(1)).join(', ')}]`,
        '```',
        '',
        '</details>',
    ].join('\n');
}
//# sourceMappingURL=drillPage.js.map
// EXTERNAL MODULE: ./build/report/lastWords.js
var report_lastWords = __webpack_require__(52590);
// EXTERNAL MODULE: ./build/report/publicPage.js
var publicPage = __webpack_require__(33441);
// EXTERNAL MODULE: ./build/command/openHost.js + 1 modules
var openHost = __webpack_require__(11544);
// EXTERNAL MODULE: ./build/command/publishReport.js
var publishReport = __webpack_require__(74851);
// EXTERNAL MODULE: ./build/command/restoreContext.js
var restoreContext = __webpack_require__(5849);
// EXTERNAL MODULE: ./build/command/runAll.js
var runAll = __webpack_require__(43160);
// EXTERNAL MODULE: ./build/command/runOne.js + 21 modules
var runOne = __webpack_require__(26299);
// EXTERNAL MODULE: ./build/command/runPlan.js
var runPlan = __webpack_require__(72624);
// EXTERNAL MODULE: ./build/config/openSchedule.js
var openSchedule = __webpack_require__(70702);
// EXTERNAL MODULE: ./build/config/yaml.js
var yaml = __webpack_require__(95252);
// EXTERNAL MODULE: ./build/command/takeDue.js + 4 modules
var takeDue = __webpack_require__(40755);
;// CONCATENATED MODULE: ./build/command/takeDrills.js
/**
 * Decides which instances a drill takes: on a schedule those that are due, by hand those that have a `drill` or are named, and with
 * `select: all` every one.
 */




/** Decides which of the selected instances are drilled, by the rule above, and prints that, if the schedule decides or the run is repeated. */
async function takeDrills(action, plan, { host }) {
    const { inputs, event, console } = action;
    const mode = (0,takeDue/* modeOf */.VV)(inputs.select, event.name);
    const wanted = plan.instances.filter((one) => inputs.select === 'all' || hasDrill(plan, one) || inputs.instances.includes(one.raw.id));
    const ids = wanted.map(({ raw }) => raw.id);
    const isDue = mode === 'due' || event.attempt > 1;
    const memory = isDue ? drillsOf(await (0,takeDue/* readMemory */.S1)(host, ids)) : takeDue/* NO_MEMORY */.gR;
    const candidates = wanted.map((one) => candidateOf(plan.config, one, inputs.instances));
    const items = await (0,takeDue/* decideAll */.k1)(action, { candidates, hosts: (0,takeDue/* hostsById */.sh)(plan.config), memory, now: (0,claim_host/* engineNow */.H)(host) });
    if (isDue)
        await (0,takeDue/* sayDecisions */.v8)(console, items);
    return items.flatMap((item, index) => (item.isTaken ? [{ one: wanted[index], item }] : []));
}
/** Tells whether the configuration gives the instance a `drill`. */
function hasDrill({ config }, { raw }) {
    return (0,yaml/* isTreeMap */.vD)((0,yaml/* treeAt */.Ss)(config.tree, ['instances', raw.index, 'drill']));
}
/** Returns what decides when an instance is drilled. One that cannot be resolved fails, but only when its time has come. */
function candidateOf(config, one, named) {
    const { raw } = one;
    const base = { id: raw.id, catchUp: true, isNamed: named.includes(raw.id) };
    if (one.ok)
        return { ...base, schedule: one.instance.drill?.schedule ?? null, isOpen: false };
    const schedule = (0,openSchedule/* readDrillSchedule */.pR)(config, raw, () => undefined);
    // nobody knows when it is due, so that each tick says that it cannot be drilled
    if (schedule !== null && 'why' in schedule)
        return { ...base, schedule: null, isOpen: true };
    return { ...base, schedule, isOpen: false };
}
/** Makes of the memory of backups that of drills, in the form in which the rule of what is due reads it. */
function drillsOf({ records }) {
    const asRun = ({ verdict, startedAt, isScheduled, restoreSeconds, runId, attempt }) => {
        const status = verdict === 'proven' || verdict === 'nothing-to-drill' ? 'success' : 'failed';
        return { startedAt, status, isScheduled, seconds: restoreSeconds, bytes: null, runId, attempt };
    };
    return {
        goingOn: new Map(),
        records: new Map([...records].flatMap(([id, record]) => {
            const last = record.drills.find(({ isScheduled }) => isScheduled);
            const lastScheduled = last === undefined ? null : Date.parse(last.startedAt);
            // a record of backups alone says nothing of drills
            return record.drills.length === 0 ? [] : [[id, { ...record, lastScheduled, runs: record.drills.map(asRun) }]];
        })),
    };
}
//# sourceMappingURL=takeDrills.js.map
;// CONCATENATED MODULE: ./build/command/drill.js
/** `drill`: proves that backups can be restored. It restores the newest point of each instance beside everything that runs, and looks at it. */




















/**
 * Drills the instances that are due, or those that are named, and returns the exit code: 1 if a backup is bad, if an application that an
 * earlier run stopped is not up, or after a cancel. Throws `InputError`, `ConfigError` and `DockerUnavailableError` before anything is
 * touched.
 */
async function drill_drill(action) {
    const startedAt = new Date();
    const plan = await (0,runPlan/* openRunPlan */.V)(action, async () => []);
    const opened = await (0,openHost/* openHost */.Z)(action, plan);
    await action.saveJob();
    await (0,sweep/* sweepHost */.$l)(opened.host);
    const folder = (0,external_node_path_.join)(action.event.temp, `marina-${action.job}`);
    const logs = (0,external_node_path_.join)(folder, 'logs');
    await (0,promises_.mkdir)(logs, { recursive: true }).catch(() => { }); // the log says so
    const taken = await takeDrills(action, plan, opened);
    const instances = await (0,runAll/* runAll */.$)(taken, { atOnce: action.inputs.maxParallel, cancel: action.signal }, (one) => drillOne(action, plan, { one, opened, logs }).catch((error) => notDrilled(one.one, (0,errors/* sayError */.Iq)(error))), ({ one }) => notDrilled(one, 'it was not begun, since the run was cancelled', 'inconclusive'));
    const report = reportOf(action, plan, { opened, startedAt, instances });
    const due = taken.map(({ one }) => one.raw.id);
    await publishDrill(action, report, { plan, opened, folder, logs, due, whyNone: whyNone(action, plan) });
    return report.result === 'failed' || action.signal.aborted ? 1 : 0;
}
/** Says why a drill that takes no instance takes none, and what helps. */
function whyNone({ inputs }, plan) {
    if (plan.instances.some((one) => hasDrill(plan, one)))
        return 'no drill is due now';
    const which = inputs.instances.length === 0 ? `no instance of ${inputs.config}` : 'none of the chosen instances';
    return `${which} has a drill: give one the key drill, or name an instance in the input instances of a run by hand`;
}
async function drillOne(action, plan, { one: { one, item }, opened, logs }) {
    if (!one.ok)
        return notDrilled(one, one.error.message);
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
        const isScheduled = (0,takeDue/* modeOf */.VV)(action.inputs.select, action.event.name) === 'due';
        const reason = { isScheduled, slot: null, why: item.why, nextRun: item.next?.toISOString() ?? null };
        const context = (0,restoreContext/* restoreContext */.C)(action, plan, { instance, host: opened.host, reason });
        const outcome = await drillInstance(context, instance, log);
        await log.write('marina', outcome.error === null ? outcome.verdict : `${outcome.verdict}: ${outcome.error}`);
        await log.end();
        const warnings = [...outcome.warnings, ...(log.problem === null ? [] : [log.problem])];
        // the image's words explain only that it did not restore
        const isOfImage = outcome.restoreSeconds === null && outcome.error !== null;
        const stderr = isOfImage ? log.stderr() : [];
        return { ...outcome, warnings, stderr, log: (0,external_node_fs_.existsSync)(path) ? path : null };
    }
    finally {
        await log.end();
        await section.end();
    }
}
/** Makes the report of an instance that was selected but not begun, or whose drill ended by an error that nobody expected. */
function notDrilled({ raw }, error, verdict = 'failed') {
    return {
        id: raw.id,
        line: raw.line,
        verdict,
        error,
        warnings: [],
        point: null,
        backupOf: null,
        ageSeconds: null,
        maxAgeSeconds: null,
        rpoMet: null,
        restoreSeconds: null,
        maxDurationSeconds: null,
        rtoMet: null,
        checks: [],
        hashes: [],
        rows: [],
        images: [],
        controls: [],
        tries: 0,
        phases: [],
        startedAt: null,
        seconds: 0,
        history: [],
        log: null,
        stderr: [],
    };
}
function reportOf({ event, inputs }, plan, { opened: { host, errors, warnings }, startedAt, instances, }) {
    const { version, apiVersion } = host.engine;
    return {
        version: 1,
        result: errors.length > 0 ? 'failed' : (0,outcome/* drillResult */.PA)(instances.map(({ verdict }) => verdict)),
        host: plan.hostName ?? host.engine.hostName,
        repository: event.repository,
        runUrl: event.runUrl,
        runId: event.runId,
        attempt: event.attempt,
        configFile: inputs.config,
        startedAt: startedAt.toISOString(),
        seconds: (Date.now() - startedAt.getTime()) / 1000,
        engine: { version, apiVersion },
        errors,
        warnings,
        instances,
    };
}
function publishDrill(action, report, { plan, opened, folder, logs, due, whyNone }) {
    return (0,publishReport/* publishReport */.S)(action, report, {
        name: `drill-${report.host}`,
        fileName: 'drill.json',
        logs: report.instances.flatMap(({ log }) => log ?? []),
        folder,
        logDirectory: logs,
        redactor: plan.redactor,
        quotes: opened.quotes,
        hide: publicPage/* publicDrill */.Dn,
        annotate: (visible) => annotate(action, visible, whyNone),
        render: (page) => renderDrill({ ...page, whyNone }),
        outputs: (whole, places) => (0,outputs/* drillOutputs */.yQ)(whole, { ...places, due }),
    });
}
/** Writes an error for each bad backup, a warning for each drill that could not be made, and a notice where there was nothing to drill. */
async function annotate({ console, inputs }, { instances }, whyNone) {
    if (instances.length === 0)
        await console.notice(`Nothing to drill: ${whyNone}`);
    for (const { id, line, verdict, error, stderr, warnings } of instances) {
        const at = { file: inputs.config, line };
        const title = `Drill ${id}: ${verdict}`;
        const why = (0,report_lastWords/* addLastWords */.T$)(error ?? verdict, stderr);
        if (verdict === 'failed')
            await console.error(`${id}: ${why}`, { ...at, title });
        if (verdict === 'inconclusive')
            await console.warning(`${id}: inconclusive: ${why}`, at);
        if (verdict === 'nothing-to-drill')
            await console.notice(`${id}: nothing to drill: ${error}`, at);
        for (const warning of warnings)
            await console.warning(`${id}: ${warning}`, at);
    }
}
//# sourceMappingURL=drill.js.map

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

//# sourceMappingURL=317.index.js.map