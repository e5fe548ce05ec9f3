export const id = 596;
export const ids = [596];
export const modules = {

/***/ 5849:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   C: () => (/* binding */ restoreContext)
/* harmony export */ });
/* harmony import */ var _hostTargets_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(83114);
/* harmony import */ var _repositoryFiles_js__WEBPACK_IMPORTED_MODULE_1__ = __webpack_require__(20677);


/** Makes the context. The targets come from the backup's manifest; those on the host tell only whether it may replace them. */
function restoreContext({ event, inputs, signal }, plan, { instance, host, reason }) {
    return {
        host,
        reason,
        // the name under which the instance was backed up: an image finds its points by it
        hostName: instance.nodeName ?? plan.hostName ?? host.engine.hostName,
        runUrl: event.runUrl,
        lockWaitMs: plan.lockWaitMs,
        signal,
        readScript: (file) => (0,_repositoryFiles_js__WEBPACK_IMPORTED_MODULE_1__/* .readScript */ .U)({ workspace: event.workspace, configFile: inputs.config }, file),
        discover: (0,_hostTargets_js__WEBPACK_IMPORTED_MODULE_0__/* .openHostTargets */ .p)({ host, ...plan, settled: plan.instances, signal }).discover,
        hide: plan.hide,
        onEngineLost: () => { },
        pending: (one) => (plan.hostNameProblem !== null && one.nodeName === null ? [plan.hostNameProblem] : []),
    };
}
//# sourceMappingURL=restoreContext.js.map

/***/ }),

/***/ 42362:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   l: () => (/* binding */ lineLink),
/* harmony export */   o: () => (/* binding */ reportFooter)
/* harmony export */ });
/* harmony import */ var _markdown_js__WEBPACK_IMPORTED_MODULE_0__ = __webpack_require__(34902);
/** Draws the links on the page of a restore or a drill. Pure. */

/** Returns a link to an instance's line of the configuration, in brackets behind a sentence; empty without that page. */
function lineLink({ configFile }, line, { config }) {
    const at = (0,_markdown_js__WEBPACK_IMPORTED_MODULE_0__/* .link */ .nf)(`${configFile} line ${line}`, config === null ? null : `${config}#L${line}`);
    return at === null ? '' : ` (${at})`;
}
/** Draws where the report, the logs and the configuration are, and which host it was. */
function reportFooter({ host, configFile }, links) {
    const parts = [
        `Host ${(0,_markdown_js__WEBPACK_IMPORTED_MODULE_0__/* .inline */ .mG)(host)}`,
        (0,_markdown_js__WEBPACK_IMPORTED_MODULE_0__/* .link */ .nf)(links.logs === null ? 'report' : 'report and logs', links.report),
        (0,_markdown_js__WEBPACK_IMPORTED_MODULE_0__/* .link */ .nf)(configFile, links.config),
    ];
    return `<sub>${parts.filter((part) => part !== null).join(' · ')}</sub>`;
}
//# sourceMappingURL=reportFooter.js.map

/***/ }),

/***/ 50849:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  Hl: () => (/* binding */ checkRestored),
  e$: () => (/* binding */ checkTarget),
  xx: () => (/* binding */ openRestored)
});

// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(77598);
// EXTERNAL MODULE: ./build/copy/listing.js
var listing = __webpack_require__(11656);
// EXTERNAL MODULE: ./build/copy/readable.js
var readable = __webpack_require__(12706);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/copy/treeListing.js
var treeListing = __webpack_require__(59064);
// EXTERNAL MODULE: ./build/copy/writeListing.js
var writeListing = __webpack_require__(49287);
;// CONCATENATED MODULE: ./build/restore/compareListing.js
/** Compares a restored volume with the list of everything that its backup held. */





/** A place in the helper's own layer for the list of what came back. */
const MADE = '/marina-restored/listing';
/**
 * Compares everything but times: many tools keep only whole seconds of them. Sockets are left out, because archives do not hold them.
 * `entries` is what came back. Throws a `DamagedBackupError` that names the first path that differs.
 */
async function compareListing(helper, target, entries, options) {
    const { listing } = target;
    if (listing === null)
        return;
    const what = `volume ${target.name}`;
    const wanted = await readList(helper, `${options.directory}/${listing.path}`, options);
    if (wanted.sha256 !== listing.sha256)
        throw new errors/* DamagedBackupError */.cp(`${listing.path}, the list of ${what}, is not the one that was backed up: its SHA-256 differs`);
    const root = `${options.directory}/${target.path}`;
    const request = { what: `the restored ${what}`, root, file: MADE, contents: listing.contents, ...limits(options) };
    await (0,writeListing/* writeListing */.U)(helper, request, entries);
    const found = await readList(helper, MADE, options);
    const wrong = firstDifference(wanted.entries, found.entries, listing.contents);
    if (wrong !== null)
        throw new errors/* DamagedBackupError */.cp(`${what} is not what was backed up: ${wrong}`);
}
function limits({ deadlineMs, signal }) {
    return { deadlineMs, signal };
}
/** Says in words what differs first between what was backed up and what came back; `null` if nothing does. Pure. */
function firstDifference(wanted, found, contents) {
    for (const [path, one] of wanted) {
        if (one.type === 'socket')
            continue;
        const other = found.get(path);
        if (other === undefined)
            return `${(0,readable/* shownPath */.pS)(path)} did not come back`;
        const what = difference(one, other, contents);
        if (what !== null)
            return `${(0,readable/* shownPath */.pS)(path)} ${what}`;
    }
    for (const [path, { type }] of found)
        if (type !== 'socket' && !wanted.has(path))
            return `${(0,readable/* shownPath */.pS)(path)} came back, and the backup did not hold it`;
    return null;
}
function difference(one, other, contents) {
    if (one.type !== other.type)
        return `is a ${other.type}, and was a ${one.type}`;
    if (one.size !== other.size)
        return `has ${other.size} bytes, and had ${one.size}`;
    if (one.mode !== other.mode && one.type !== 'link')
        return `has mode ${octal(other.mode)}, and had ${octal(one.mode)}`;
    if (one.uid !== other.uid || one.gid !== other.gid)
        return `belongs to ${other.uid}:${other.gid}, and belonged to ${one.uid}:${one.gid}`;
    if (one.target !== other.target)
        return 'leads elsewhere than it did';
    if (one.linkOf !== other.linkOf)
        return 'is not hard-linked as it was';
    if (one.device !== other.device)
        return 'is another device node than it was';
    if (contents && one.sha256 !== other.sha256)
        return 'has other content than it had';
    return null;
}
function octal(mode) {
    return mode.toString(8).padStart(4, '0');
}
async function readList(helper, file, options) {
    const hash = (0,external_node_crypto_.createHash)('sha256');
    const entries = new Map();
    let rest = '';
    const take = (line) => {
        const entry = (0,treeListing/* parseListingLine */.g)(line);
        entries.set(entry.path, entry);
    };
    const read = await helper.exec({
        script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; cat "$1"',
        args: [file],
        ...limits(options),
        onStdout: (chunk) => {
            hash.update(chunk);
            const lines = `${rest}${chunk.toString('latin1')}`.split('\n');
            rest = lines.pop() ?? '';
            try {
                for (const line of lines)
                    take(line);
            }
            catch {
                rest = ''; // the hash tells
            }
        },
    });
    if (read.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    const name = file.split('/').slice(-2).join('/');
    if (read.code === 44)
        throw new errors/* DamagedBackupError */.cp(`the image did not restore ${name}, the list of a volume`);
    if (read.code !== 0)
        throw new errors/* InstanceError */.i2(`${name} could not be read: ${(0,readable/* shownReason */.On)(read)}`);
    return { sha256: hash.digest('hex'), entries };
}
//# sourceMappingURL=compareListing.js.map
// EXTERNAL MODULE: ./build/container/manifest.js
var container_manifest = __webpack_require__(26931);
;// CONCATENATED MODULE: ./build/restore/readManifest.js
/** Reads the `manifest.json` of a backup that comes back from a store, which may have damaged it. Pure. */


const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;
/** Parses a manifest, and throws an `InstanceError` if it is none of ours: the paths that it names are used as root. */
function readManifest(text) {
    const manifest = (0,container_manifest/* parseManifest */.N)(text);
    const odd = manifest.targets.find((target) => !isSafe(target));
    if (odd !== undefined)
        throw new errors/* InstanceError */.i2('manifest.json is not one that Marina wrote: it leads out of the backup');
    return manifest;
}
function isSafe(target) {
    if (!NAME.test(target.name) || target.path !== `${target.kind === 'volume' ? 'volume' : 'db'}/${target.name}`)
        return false;
    if (target.kind === 'volume')
        return target.paths.every(isBelow) && (target.listing === null || isBelow(target.listing.path));
    return target.files.every(({ path }) => path.startsWith(`${target.path}/`) && isBelow(path));
}
/** Tells whether this is a path below a root. */
function isBelow(path) {
    return !path.startsWith('/') && !path.includes('\0') && !path.split('/').includes('..');
}
//# sourceMappingURL=readManifest.js.map
;// CONCATENATED MODULE: ./build/restore/checkRestored.js
/** Checks what an image restored against its own manifest, in the helper, before anything of the user's is touched. */







/** The largest manifest that is read, bytes. */
const MANIFEST_BYTES = 64 << 20;
/**
 * Reads the manifest and compares the tree with it. Throws a `DamagedBackupError` that names the first thing that differs, for a manifest
 * that is missing, of another instance, or that lacks a wanted target; an `InstanceError` if something could not be read.
 */
async function checkRestored(helper, options) {
    const checked = await openRestored(helper, options);
    for (const target of checked.targets)
        await checkTarget(helper, target, options);
    return checked;
}
/** Reads the manifest as `checkRestored` does, and compares nothing with it. */
async function openRestored(helper, options) {
    const text = await readText(helper, options);
    const manifest = parsed(text.toString());
    if (manifest.instance !== options.instance)
        throw new errors/* DamagedBackupError */.cp(`what the image restored is a backup of instance ${manifest.instance}, and not of ${options.instance}: see which backups its /restore.sh chooses from`);
    const targets = wantedOf(manifest, options.targets);
    const sha256 = (0,external_node_crypto_.createHash)('sha256').update(text).digest('hex');
    return { manifest, sha256, targets, warnings: warningsOf(manifest, options.targets) };
}
function parsed(text) {
    try {
        return readManifest(text);
    }
    catch (error) {
        throw error instanceof errors/* InstanceError */.i2 ? new errors/* DamagedBackupError */.cp(error.message, { cause: error }) : error;
    }
}
/** Compares one target with the manifest, throws as `checkRestored` does, and returns what is there. */
async function checkTarget(helper, target, options) {
    if (target.kind === 'volume')
        return checkVolume(helper, target, options);
    await checkDump(helper, target, options);
    return { files: target.files.length, bytes: target.files.reduce((sum, { bytes }) => sum + bytes, 0) };
}
async function readText(helper, { directory, deadlineMs, signal }) {
    const chunks = [];
    const read = await helper.exec({
        script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; head -c "$2" "$1"',
        args: [`${directory}/manifest.json`, String(MANIFEST_BYTES)],
        deadlineMs,
        signal,
        onStdout: (chunk) => void chunks.push(Buffer.from(chunk)),
    });
    if (read.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    if (read.code === 44)
        throw new errors/* DamagedBackupError */.cp('the image restored no manifest.json: its /restore.sh must fill $MARINA_RESTORE_DIR with what the run directory held, manifest.json included, and without a folder around it');
    if (read.code !== 0)
        throw new errors/* InstanceError */.i2(`the restored manifest.json could not be read: ${(0,readable/* shownReason */.On)(read)}`);
    return Buffer.concat(chunks);
}
function wantedOf(manifest, names) {
    const { targets, failed } = manifest;
    const missing = names.filter((name) => !targets.some((target) => target.name === name));
    if (missing.length > 0) {
        const why = failed.find(({ name }) => missing.includes(name));
        throw new errors/* DamagedBackupError */.cp(`the backup of ${manifest.timestamp} does not hold ${missing.join(', ')}${why === undefined ? `: it has ${targets.map(({ name }) => name).join(', ') || 'no target'}` : `, which failed then: ${why.error}`}`);
    }
    if (targets.length === 0)
        throw new errors/* DamagedBackupError */.cp(`the backup of ${manifest.timestamp} holds no target`);
    return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
}
function warningsOf({ failed, timestamp }, names) {
    return failed
        .filter(({ name }) => names.length === 0 || names.includes(name))
        .map(({ kind, name, error }) => `${kind === 'db' ? 'database' : 'volume'} ${name} is not in the backup of ${timestamp}, because it failed then: ${error}`);
}
async function checkVolume(helper, target, options) {
    const what = `volume ${target.name}`;
    const root = `${options.directory}/${target.path}`;
    const isThere = await helper.exec({
        script: '[ -d "$1" ] && [ ! -L "$1" ] || exit 44',
        args: [root],
        deadlineMs: options.deadlineMs,
        signal: options.signal,
    });
    if (isThere.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    if (isThere.code === 44)
        throw new errors/* DamagedBackupError */.cp(`${what} is in the manifest, and the image did not restore its folder ${target.path}`);
    if (isThere.code !== 0)
        throw new errors/* InstanceError */.i2(`the restored ${what} could not be looked at: ${(0,readable/* shownReason */.On)(isThere)}`);
    const entries = [];
    let files = 0;
    let size = 0;
    const counted = new Set();
    await (0,listing/* eachEntry */.sJ)(helper, root, { what: `the restored ${what}`, paths: [], live: false, deadlineMs: options.deadlineMs, signal: options.signal }, (entry) => {
        if (target.listing !== null)
            entries.push(entry);
        if (entry.type !== 'directory')
            files++;
        if (entry.type === 'file' && (entry.nlink < 2 || !counted.has(entry.ino)))
            size += entry.size;
        if (entry.nlink > 1)
            counted.add(entry.ino);
    });
    if (target.listing !== null) {
        await compareListing(helper, target, entries, options);
        return { files, bytes: size };
    }
    if (target.files !== null && !target.live && files !== target.files)
        throw new errors/* DamagedBackupError */.cp(`${what} is not whole: the image restored ${(0,format/* count */.U9)(files, 'file')}, and the backup held ${target.files}`);
    if (target.bytes !== null && !target.live && size !== target.bytes)
        throw new errors/* DamagedBackupError */.cp(`${what} is not whole: the image restored ${size} bytes in files, and the backup held ${target.bytes}`);
    if (target.files === null && files === 0 && target.staging === 'mount')
        throw new errors/* DamagedBackupError */.cp(`${what} was not empty when it was backed up, and the image restored no file of it`);
    return { files, bytes: size };
}
async function checkDump(helper, target, options) {
    for (const file of target.files) {
        const summed = await helper.exec({
            script: '[ -f "$1" ] && [ ! -L "$1" ] || exit 44; sha256sum <"$1"',
            args: [`${options.directory}/${file.path}`],
            deadlineMs: options.deadlineMs,
            signal: options.signal,
        });
        if (summed.ended.kind === 'cancelled')
            throw new errors/* CancelledError */.cc();
        const what = `the dump ${file.path} of ${target.name}`;
        if (summed.code === 44)
            throw new errors/* DamagedBackupError */.cp(`${what} is in the manifest, and the image did not restore it`);
        if (summed.code !== 0)
            throw new errors/* InstanceError */.i2(`${what} could not be read: ${(0,readable/* shownReason */.On)(summed)}`);
        if (summed.stdout.slice(0, 64) !== file.sha256)
            throw new errors/* DamagedBackupError */.cp(`${what} is not what was backed up: its SHA-256 is ${summed.stdout.slice(0, 64)}, and that of the backup ${file.sha256}`);
    }
}
//# sourceMappingURL=checkRestored.js.map

/***/ }),

/***/ 98094:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

/* harmony export */ __webpack_require__.d(__webpack_exports__, {
/* harmony export */   PW: () => (/* binding */ parsePoints),
/* harmony export */   S: () => (/* binding */ isPointId),
/* harmony export */   ml: () => (/* binding */ isWholePoint)
/* harmony export */ });
/** Most points that are kept, the newest; an image can list years of hourly ones. */
const MOST_POINTS = 1000;
const LONGEST_LINE = 1000;
const ID = /^[a-zA-Z0-9][a-zA-Z0-9_.:+@/-]{0,199}$/;
/** Returns the points in the order of the lines, which has the newest last. Lines that name no point are counted in `unread`. */
function parsePoints(text) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    const points = lines.flatMap((line) => pointOf(line.slice(0, LONGEST_LINE)) ?? []);
    return { points: points.slice(-MOST_POINTS), unread: lines.length - points.length };
}
function pointOf(line) {
    const [id = '', time = '', ...words] = line.trim().split(/\s+/);
    if (!ID.test(id))
        return null;
    const at = /^\d{4}-\d\d-\d\dT/.test(time) ? Date.parse(time) : Number.NaN;
    if (Number.isNaN(at))
        return { id, time: null, text: [time, ...words].join(' ').trim() };
    return { id, time: new Date(at).toISOString(), text: words.join(' ') };
}
/** Tells whether a point holds all that it should. The text of one that lacks something begins with `partial`; `latest` never takes it. */
function isWholePoint({ text }) {
    return !/^partial\b/.test(text);
}
/** Tells whether a text has the form of a point's id. The word `latest` has it too. */
function isPointId(text) {
    return ID.test(text);
}
//# sourceMappingURL=points.js.map

/***/ }),

/***/ 81703:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  KO: () => (/* binding */ refusePending),
  x_: () => (/* binding */ releaseLock),
  g_: () => (/* binding */ restoreInstance),
  y7: () => (/* binding */ restoreLock),
  Fl: () => (/* binding */ scriptOf)
});

// EXTERNAL MODULE: ./build/applications/hostState.js
var hostState = __webpack_require__(87061);
// EXTERNAL MODULE: ./build/container/layout.js
var layout = __webpack_require__(23916);
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
// EXTERNAL MODULE: ./build/restic/scripts.js
var scripts = __webpack_require__(84755);
// EXTERNAL MODULE: ./build/applications/runnerContainers.js
var runnerContainers = __webpack_require__(5946);
// EXTERNAL MODULE: ./build/applications/stopPlan.js + 1 modules
var stopPlan = __webpack_require__(38377);
// EXTERNAL MODULE: ./build/claim/helperContainer.js
var helperContainer = __webpack_require__(23108);
// EXTERNAL MODULE: ./build/claim/undoPlace.js
var undoPlace = __webpack_require__(80026);
// EXTERNAL MODULE: ./build/claim/unfinishedRestores.js
var unfinishedRestores = __webpack_require__(23969);
// EXTERNAL MODULE: ./build/copy/freeSpace.js
var freeSpace = __webpack_require__(19648);
// EXTERNAL MODULE: ./build/copy/listing.js
var copy_listing = __webpack_require__(11656);
// EXTERNAL MODULE: ./build/copy/tools.js
var tools = __webpack_require__(62063);
// EXTERNAL MODULE: ./build/docker/labels.js
var labels = __webpack_require__(84078);
// EXTERNAL MODULE: ./build/instance/containerSpecs.js
var containerSpecs = __webpack_require__(67941);
// EXTERNAL MODULE: ./build/instance/otherInstances.js + 1 modules
var otherInstances = __webpack_require__(20413);
// EXTERNAL MODULE: ./build/applications/start.js + 1 modules
var start = __webpack_require__(85867);
// EXTERNAL MODULE: ./build/applications/whileStopped.js + 1 modules
var whileStopped = __webpack_require__(84063);
// EXTERNAL MODULE: ./build/claim/acquireSweep.js
var acquireSweep = __webpack_require__(80067);
// EXTERNAL MODULE: ./build/claim/stopWriters.js
var stopWriters = __webpack_require__(41203);
// EXTERNAL MODULE: ./build/copy/copyVolume.js + 1 modules
var copyVolume = __webpack_require__(60306);
// EXTERNAL MODULE: ./build/copy/replaceTree.js
var replaceTree = __webpack_require__(92680);
// EXTERNAL MODULE: ./build/restore/placeDatabases.js + 2 modules
var placeDatabases = __webpack_require__(34276);
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: external "node:timers/promises"
var promises_ = __webpack_require__(58500);
// EXTERNAL MODULE: ./build/databases/engines.js + 45 modules
var engines = __webpack_require__(76775);
// EXTERNAL MODULE: ./build/docker/exec.js + 1 modules
var exec = __webpack_require__(91431);
// EXTERNAL MODULE: ./build/dump/questions.js
var questions = __webpack_require__(3009);
;// CONCATENATED MODULE: ./build/restore/serverFiles.js
/**
 * Restores databases by their server's own file, which is replaced while the server is stopped: the folder in which it lies is a volume or
 * a folder of the host, and comes into place as a volume does. What only the server knows is asked before and afterwards.
 */








const LOOK_MS = 60_000;
const SAVE_MS = 1_800_000;
/** Longest wait for a server that reads its file, ms, and the time between two looks. */
const READ_MS = 1_800_000;
const READ_POLL_MS = 500;
/** Tells whether an entry of the manifest is restored by its server's own file. */
function isByFile({ kind }) {
    return (0,engines/* engineOf */.ky)(kind).planFiles !== null;
}
/** Asks a running server for its file. Throws an `InstanceError` that says why it cannot be restored. */
async function findServerFile(run, database) {
    const { docker } = run.context.host;
    const { source, kind } = database;
    const { signal } = run.abort;
    const engine = (0,engines/* engineOf */.ky)(kind);
    const failed = (why) => new errors/* InstanceError */.i2(`database ${source.container.name} cannot be restored into place: ${why}`);
    const given = engine.extractSecrets(source.target.dumpArgs);
    await (0,placeDatabases/* hideLogin */.OP)(run, source, given.secrets);
    if (given.refusal !== null)
        throw failed(`dumpArgs ${given.refusal}`);
    const tools = await (0,questions/* findTools */.f$)(docker, source.container.id, signal, engine.loadTools);
    const plan = engine.planFiles?.({ kind, tools, given, command: source.facts.cmd, env: source.facts.env });
    if (plan === undefined)
        throw failed('it has no file of its own');
    const looked = await ask(run, source.container.id, plan.look, LOOK_MS);
    if (looked.code !== 0)
        throw failed(docker.redact((0,exec/* foreignReason */.v4)(docker, looked)));
    const files = withWords(() => plan.read(looked.stdout), failed);
    const mount = mountOf(files.folder, source.container.mounts);
    if (mount === null)
        throw failed(`its file lies in ${files.folder}, which is no volume and no folder of the host, and is lost with the container: restore it by hand`);
    return { database, files, ...placeOf(mount, files.folder) };
}
function withWords(read, failed) {
    try {
        return read();
    }
    catch (error) {
        if (error instanceof errors/* InstanceError */.i2)
            throw failed(error.message);
        throw error;
    }
}
/** Returns the mount in which a folder lies; `null` if it lies in none that can be mounted elsewhere. */
function mountOf(folder, mounts) {
    const isWithin = ({ target }) => folder === target || folder.startsWith(`${target.replace(/\/$/, '')}/`);
    const [nearest] = mounts.filter(isWithin).sort((a, b) => b.target.length - a.target.length);
    return nearest !== undefined && /^(volume|bind)$/.test(nearest.type) ? nearest : null;
}
/**
 * Returns where the helper finds a server's folder, which lies in this mount of the server. Of a folder of the host it gets this part alone:
 * what lies beside it is not the server's, and processes of the host may write there. Pure.
 */
function placeOf({ type, name, source, target }, folder) {
    const below = external_node_path_.posix.relative(target, folder);
    return type === 'volume' && name !== null
        ? { mounted: { type: 'volume', source: name }, below }
        : { mounted: { type: 'bind', source: external_node_path_.posix.join(source, below) }, below: '' };
}
/** Makes a server write its data down, so that its old files hold what it has. Throws an `InstanceError` if it does not. */
async function saveOld(run, { database, files }) {
    if (files.save === null)
        return;
    const { docker } = run.context.host;
    const { container } = database.source;
    await run.log.write('marina', `letting ${container.name} save what it holds now`);
    const saved = await ask(run, container.id, files.save, SAVE_MS);
    if (run.abort.signal.aborted)
        throw new errors/* CancelledError */.cc();
    if (saved.code !== 0)
        throw new errors/* InstanceError */.i2(`${container.name} could not save it: ${docker.redact((0,exec/* foreignReason */.v4)(docker, saved))}`);
}
/** Brings the dump of the restored tree `restored` into a stopped server's folder. Throws an `InstanceError`; then it may hold a part of it. */
async function bringFile(helper, { database, files, below }, { index, restored, deadlineMs, signal, }) {
    const { script, args } = files.bring;
    const folder = external_node_path_.posix.join((0,undoPlace/* placedAt */.Bc)(index), below);
    const dump = `${restored}/${dumpOf(database.entry).path}`;
    const brought = await helper.exec({ script, args: [dump, folder, ...args], deadlineMs, signal });
    if (brought.ended.kind === 'cancelled')
        throw new errors/* CancelledError */.cc();
    if (brought.code !== 0)
        throw new errors/* InstanceError */.i2(`the file of ${database.source.name} could not be written: ${(0,exec/* execReason */.S_)(brought)}`);
}
/** Waits until a server that was started again has read its file. Returns what is wrong, in a sentence; `null` if nothing is. */
async function whyNotRead(run, { database, files }) {
    const { docker } = run.context.host;
    const { id, name } = database.source.container;
    const expected = expectedKeys(database.entry);
    const until = Math.min(Date.now() + READ_MS, run.abort.until);
    let why = 'it does not answer';
    do {
        const asked = await ask(run, id, files.loaded, LOOK_MS);
        if (run.abort.signal.aborted)
            throw new errors/* CancelledError */.cc();
        if (asked.code !== 0)
            why = docker.redact((0,exec/* foreignReason */.v4)(docker, asked));
        else {
            try {
                const found = files.readLoaded(asked.stdout);
                if (found !== null)
                    return await judgeKeys(run, name, { found, expected });
                why = 'it still reads its file';
            }
            catch (error) {
                why = docker.redact(error.message);
            }
        }
        await (0,promises_.setTimeout)(READ_POLL_MS);
    } while (Date.now() < until);
    return `container "${name}" was started again, and did not read its file: ${why}`;
}
async function judgeKeys(run, name, { found, expected, }) {
    if (expected === null || found.keys >= expected)
        return null;
    const what = `container "${name}" has read ${found.keys} of the ${expected} keys of its dump`;
    if (found.isExact && found.keys === 0)
        return what;
    // a server that does not say how many keys were over their time may well be right
    if (found.isExact)
        await run.report.warn(what);
    return null;
}
/** Returns the number of keys that the dump held when it was made; `null` if that is not known. */
function expectedKeys(entry) {
    const { rows } = dumpOf(entry);
    return rows === null || rows === undefined ? null : Object.values(rows).reduce((sum, keys) => sum + keys, 0);
}
function dumpOf(entry) {
    const [first] = entry.files;
    if (first === undefined)
        throw new errors/* InstanceError */.i2(`the backup of database ${entry.name} holds no file`);
    return first;
}
function ask(run, container, script, deadlineMs) {
    return (0,exec/* execTruthfully */.rQ)(run.context.host.docker, {
        container,
        ...script,
        endsRest: true,
        deadlineMs,
        signal: run.abort.signal,
    });
}
//# sourceMappingURL=serverFiles.js.map
;// CONCATENATED MODULE: ./build/restore/replaceWhileStopped.js
/**
 * Replaces data while everybody who can write to it is stopped: the old data is kept, the new one is brought in, and everybody is started
 * again. What fails on the way is undone here, or by the next run that finds the helper, which remembers it.
 */












/** The mount point of the restored tree in the helper that brings it in. */
const RESTORED = '/marina/restored';
/** Time to stop and start everybody once more to put the old data back, ms. It counts although the time of the instance may be over. */
const AGAIN_MS = 15 * 60_000;
/** Replaces the data. Throws `RestoreFailedError` if not all of it is new with everybody up. */
async function replaceWhileStopped(run, placer, replacing) {
    const { stops, request, progress } = replacing;
    let kept = [];
    /** The containers of the servers that were changed: only these get their old dump back. */
    const touched = new Set();
    const onBegin = async (container) => {
        if (touched.has(container))
            return;
        touched.add(container);
        await (0,undoPlace/* writeDumps */.PS)(placer.exec, changedOf(kept, touched));
        const server = request.databases.find(({ source }) => source.container.id === container);
        const isKept = kept.some((dump) => dump.container === container);
        if (server !== undefined && !isKept)
            await (0,undoPlace/* writeLost */.md)(placer.exec, server.source.container.name);
    };
    const files = request.placements.flatMap(({ file }) => file ?? []);
    await saveFiles(run, files, request.keepsOld);
    const began = Date.now();
    const stopped = await stopAll(run, { stops, progress }, async () => {
        kept = await keepOld(run, placer, request);
        await (0,undoPlace/* writeChanging */.jU)(placer.exec);
        progress.data = 'torn';
        try {
            await bringNew(run, placer, { ...request, onBegin });
        }
        catch (error) {
            const fate = await undone(run, placer, { ...replacing, kept, touched });
            throw new errors/* RestoreFailedError */.UM((0,errors/* asError */.zR)(error), fate);
        }
        progress.data = 'placed';
    });
    if (stops.groups.length > 0)
        run.report.downtime((Date.now() - began) / 1000);
    const wrong = [...stopped.disturbed, ...stopped.notUp.map(({ error }) => error)];
    const { error } = stopped;
    if (error === null && wrong.length === 0)
        for (const file of files) {
            const why = await whyNotRead(run, file).catch((cancel) => {
                throw new errors/* RestoreFailedError */.UM((0,errors/* asError */.zR)(cancel), ALL_NEW);
            });
            if (why !== null)
                wrong.push(why);
        }
    if (error instanceof errors/* RestoreFailedError */.UM)
        throw new errors/* RestoreFailedError */.UM(error.cause, (0,format/* joinSentences */.DP)([error.fate, ...wrong]));
    if (error !== null && progress.data !== 'placed')
        throw new errors/* RestoreFailedError */.UM(error, (0,format/* joinSentences */.DP)(['Nothing was changed', ...wrong]));
    if (wrong.length > 0)
        await giveBack(run, placer, { ...replacing, kept, touched, why: (0,format/* joinSentences */.DP)(wrong) });
    // a run that finds the helper need not see again whether they come up; without a helper there is nothing to find
    if (error === null)
        await (0,undoPlace/* writeState */.Jq)(placer.exec, 'up').catch(() => { });
    if (error !== null)
        throw new errors/* RestoreFailedError */.UM(error, ALL_NEW);
}
/** Puts the old data back because something is wrong with the new one, as `why` says. Always throws. */
async function giveBack(run, placer, { why, ...undoing }) {
    const { stops, request, progress } = undoing;
    const cause = new errors/* InstanceError */.i2(`with the restored data, ${why}`);
    await run.log.write('marina', `${why}; putting the old data back`);
    noteDown(run, stops.journal);
    let fate;
    try {
        const undo = request.placements.map((placement) => placement.undo);
        await (0,stopWriters/* stopWriters */.h)(run.context.host.docker, stops.journal, undo);
        // without this mark the next run would take a half of the old data for the new
        await (0,undoPlace/* writeState */.Jq)(placer.exec, 'changing');
        progress.data = 'torn';
        fate = await undone(run, placer, undoing);
    }
    catch (error) {
        const old = (0,undoPlace/* oldDataIn */.Bi)(request.placements.map((placement) => placement.undo));
        const where = old === '' ? '' : `. The old data is in ${old}`;
        fate = `${ALL_NEW}: the old data could not be put back, because ${(0,errors/* asError */.zR)(error).message}${where}`;
    }
    // half of the data is nothing to work with
    if (isTorn(progress))
        throw new errors/* RestoreFailedError */.UM(cause, fate);
    const notUp = await startAgain(run, stops).catch((error) => [(0,errors/* asError */.zR)(error).message]);
    const rest = notUp.length === 0 ? 'Everything is up again' : (0,format/* joinSentences */.DP)(notUp);
    throw new errors/* RestoreFailedError */.UM(cause, `${fate}. ${rest}`);
}
/** Tells whether the data is neither the old nor the new. Nobody may be started with it. */
function isTorn({ data }) {
    return data === 'torn';
}
/** Starts everybody who was stopped for the restore, also one that has ended since. Returns a sentence for each that is not up. */
async function startAgain(run, { groups, journal }) {
    // the groups were stopped one within the other
    const waves = groups.toReversed().flatMap(({ start }) => start);
    const { failed, warnings } = await (0,start/* startAll */.S)(run.context.host.docker, waves, {
        until: Date.now() + AGAIN_MS,
        say: (line) => run.log.write('marina', line),
    });
    for (const warning of warnings)
        await run.report.warn(warning);
    for (const { name, log } of failed)
        for (const line of log)
            await run.log.write('out', `${name}: ${line}\n`);
    noteUp(run, journal, failed);
    return failed.map(({ error }) => error);
}
const ALL_NEW = 'The restored data is in place';
const TRIED_AGAIN = 'Every run on this host tries again, such as one that lists the points (an empty point)';
/**
 * Keeps the old data of volumes and servers. Nothing is changed by it, and everybody is stopped, so that nothing is lost that was written
 * until then. Returns the dumps.
 */
async function keepOld(run, placer, { placements, databases, keepsOld }) {
    for (const [index, { volume, undo }] of placements.entries()) {
        if (undo.into !== 'place')
            continue;
        await run.log.write('marina', `keeping the old data of ${volume} in ${undo.before}`);
        await (0,copyVolume/* copyVolume */.ow)(placer, {
            name: volume,
            source: (0,undoPlace/* placedAt */.Bc)(index),
            destination: (0,undoPlace/* keptAt */.yo)(index),
            paths: [],
            exclude: [],
            allowEmpty: true,
            canLeaveOut: false,
            live: false,
            ...limits(run),
        });
    }
    if (databases.length === 0)
        return [];
    const directory = (0,undoPlace/* keptAt */.yo)(placements.findIndex(({ undo }) => undo.into === 'dumps'));
    try {
        return await (0,placeDatabases/* dumpOld */.Yr)(run, placer, { databases, directory });
    }
    catch (error) {
        if (!(error instanceof errors/* InstanceError */.i2))
            throw error;
        if (keepsOld)
            throw new errors/* InstanceError */.i2(`what is there now could not be kept: ${error.message}. To restore without a way back, set keep-old: false`);
        await run.report.warn(`what was there could not be kept, and there is no way back: ${error.message}`);
        return [];
    }
}
/** Lets servers whose files are replaced write down what they hold. One that does not ends the restore, unless the old data is not to be kept. */
async function saveFiles(run, files, keepsOld) {
    for (const file of files) {
        try {
            await saveOld(run, file);
        }
        catch (error) {
            if (!(error instanceof errors/* InstanceError */.i2) || keepsOld)
                throw error;
            await run.report.warn(`what was there could not be kept, and there is no way back: ${error.message}`);
        }
    }
}
/** Brings the new data in. At its end the state in the helper says that all of it is new. */
async function bringNew(run, placer, { placements, databases, onBegin, }) {
    for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
        if (undo.into === 'dumps')
            continue;
        await run.log.write('marina', `bringing the restored data into ${volume}`);
        await (0,undoPlace/* writeChanged */.CQ)(placer.exec, index);
        if (file !== undefined) {
            await bringFile(placer, file, { index, restored: RESTORED, ...limits(run) });
            continue;
        }
        await (0,replaceTree/* replaceTree */.f)(placer, {
            name: volume,
            source: `${RESTORED}/${from}`,
            destination: (0,undoPlace/* placedAt */.Bc)(index),
            paths,
            ...limits(run),
        });
    }
    await (0,placeDatabases/* loadNew */.vV)(run, placer, { databases, restored: RESTORED, onBegin });
    await (0,undoPlace/* writeState */.Jq)(placer.exec, 'placed');
}
function limits({ instance, abort }) {
    return { deadlineMs: instance.timeoutMs, signal: abort.signal };
}
function changedOf(kept, touched) {
    return kept.filter(({ container }) => touched.has(container));
}
/** Puts the old data back, and says in a sentence what has become of it. Never throws. */
async function undone(run, placer, { stops, request: { placements, databases }, progress, kept, touched }) {
    const undo = placements.map((placement) => placement.undo);
    const dumps = changedOf(kept, touched);
    const lost = databases.filter(({ source: { container } }) => touched.has(container.id) && kept.every((one) => one.container !== container.id));
    const self = (0,labels/* placeClaimName */.vU)(run.instance.id);
    try {
        // the last step of the change may have written that all of it is new
        await (0,undoPlace/* writeState */.Jq)(placer.exec, 'changing');
        await (0,undoPlace/* putBackPatiently */.jX)(placer, {
            undo,
            dumps,
            checkOwner: (0,acquireSweep/* checkOwnerOf */.Ds)(run.context.host.docker, placer.id, (name) => name === self),
            loadBack: (dump) => (0,placeDatabases/* loadOld */.EG)(run, placer, { databases, dump }),
        }, {
            isHopeless: (error) => placer.lost.aborted || error instanceof acquireSweep/* TakenOverError */.Cq,
            say: (line) => run.log.write('marina', line),
        });
        progress.data = 'undone';
        return saysUndone(undo, kept, lost);
    }
    catch (error) {
        const where = (0,undoPlace/* oldDataIn */.Bi)(undo);
        return [
            `The old data could not be put back: ${(0,errors/* asError */.zR)(error).message}`,
            ...(where === '' ? [] : [`It is in ${where}`]),
            ...(0,undoPlace/* saysStaysStopped */.YG)(stops.journal.map(({ name }) => name)),
            TRIED_AGAIN,
        ].join('. ');
    }
}
function saysUndone(undo, kept, lost) {
    if (undo.every(({ into }) => into === 'new'))
        return 'Nothing was changed';
    const hadOld = kept.some(({ isMissing }) => isMissing !== true) || undo.some(({ into }) => into === 'place');
    const what = hadOld
        ? 'The old data is in place again'
        : 'There was no old data to put back; what the restore had made is gone again';
    if (lost.length === 0)
        return what;
    return `${what}, but not in ${lost.map(({ source }) => source.container.name).join(', ')}: what was there could not be kept, and a part of the backup may be in it`;
}
/** Records that all of these may be down. */
function noteDown(run, entries) {
    run.down = entries;
    run.report.notUp(entries.map(({ name }) => name));
}
/** Records which of these are not up again, after all were started. */
function noteUp(run, entries, notUp) {
    run.down = entries.filter(({ id }) => notUp.some((one) => one.isDown && one.expected.id === id));
    run.report.notUp(notUp.map(({ expected }) => expected.name), notUp.filter(({ isUnhealthy }) => isUnhealthy).map(({ expected }) => expected.name));
}
function mayBeDown(expected, { message }) {
    const error = `whether container "${expected.name}" is up again is not known: ${message}`;
    return { expected, name: expected.name, id: null, error, isDown: true, isUnhealthy: false, log: [] };
}
/** Does `work` while all groups are stopped, one within the other. */
async function stopAll(run, { stops, progress }, work) {
    noteDown(run, stops.journal);
    const notUp = [];
    const disturbed = [];
    const within = async (groups) => {
        const [first, ...rest] = groups;
        if (first === undefined)
            return work();
        const stopped = await (0,whileStopped/* whileStopped */.H)(run.context.host.docker, first, {
            self: stops.self,
            until: run.abort.until,
            signal: run.abort.signal,
            say: (line) => run.log.write('marina', line),
            onLogLine: (line) => run.log.write('out', `${line}\n`),
            mayStart: () => !isTorn(progress),
        }, () => within(rest)).catch((error) => {
            // nobody knows whether they are up: the journal must go on to list them
            notUp.push(...first.start.flat().map((expected) => mayBeDown(expected, (0,errors/* asError */.zR)(error))));
            throw error;
        });
        for (const warning of [...stopped.torn, ...stopped.warnings])
            await run.report.warn(warning);
        notUp.push(...stopped.notUp);
        if (stopped.outcome.kind === 'failed')
            throw stopped.outcome.error;
        disturbed.push(...stopped.outcome.disturbed);
    };
    const error = await within(stops.groups).then(() => null, errors/* asError */.zR);
    if (!isTorn(progress))
        noteUp(run, stops.journal, notUp);
    return { error, notUp, disturbed };
}
//# sourceMappingURL=replaceWhileStopped.js.map
;// CONCATENATED MODULE: ./build/restore/bringIntoPlace.js
/**
 * Brings checked data into new volumes, or into place: then who can write to it is stopped, the old data is kept in volumes of its own, the
 * new one is brought in, dumps are loaded into their servers, and everybody is started again. What fails on the way is undone, here or by
 * whoever finds the helper that remembers it.
 */
















const PROBE_MS = 60_000;
/**
 * Fills the volumes. Throws `InstanceError` or `CancelledError` if not all of them hold the restored data and everybody is up; the message
 * says whether the old data is back. What is still down is in `run.down`.
 */
async function bringIntoPlace(run, request) {
    const undo = request.placements.map((placement) => placement.undo);
    const stops = await planPlaceStops(run, request);
    const progress = { data: 'untouched' };
    let placer = null;
    let isDone = false;
    try {
        placer = await openPlacer(run, request, { stops, undo });
        run.abort.also(placer.lost, 'the helper died while data was brought into place');
        await (0,otherInstances/* waitForEarlierClaims */.aS)(run, placer.id, {
            restart: stops.journal,
            dumps: request.databases.map(({ source }) => source.container.id),
            replaces: undo.flatMap(({ into, volume }) => (into === 'place' ? [volume] : [])),
        });
        await refuseHalfRestored(run, request);
        await refuseWithoutRoom(run, placer, request.placements);
        await replaceWhileStopped(run, placer, { stops, request, progress });
        isDone = true;
    }
    finally {
        // after a failure the old data may be all that somebody has, whatever keep-old says
        const keepsOld = request.keepsOld || !isDone;
        await closePlacer(run, placer, { ...request, keepsOld, undo, data: progress.data });
    }
}
/** Throws `InstanceError` if an earlier restore is not undone where this one would bring data in: its old data would be lost. */
async function refuseHalfRestored(run, { placements, databases }) {
    const restores = await (0,unfinishedRestores/* findUnfinishedRestores */.e)(run.context.host);
    const servers = [...databases, ...placements.flatMap(({ file }) => file?.database ?? [])];
    const things = [
        ...placements.flatMap(({ volume, undo }) => undo.into === 'dumps' ? [] : [{ kind: 'volume', name: volume }]),
        ...servers.map(({ source: { container } }) => ({ kind: 'db', id: container.id, name: container.name })),
    ];
    const half = things.flatMap((thing) => (0,unfinishedRestores/* saysHalfRestored */.C)(restores, thing) ?? []);
    if (half.length > 0)
        throw new errors/* InstanceError */.i2((0,format/* joinSentences */.DP)(half));
}
/** Plans who is stopped for the volumes that are replaced. Throws `InstanceError` if somebody cannot be. */
async function planPlaceStops(run, { placements, databases }) {
    const names = placements.flatMap(({ undo }) => (undo.into === 'place' ? [undo.volume] : []));
    if (names.length + databases.length === 0)
        return { groups: [], self: [], journal: [] };
    const { docker } = run.context.host;
    const [host, traces] = await Promise.all([
        (0,hostState/* hostContents */.vT)(docker, names, run.report.warnOnce, { signal: run.abort.signal }),
        (0,hostState/* readRunnerTraces */.Fs)(),
    ]);
    const self = (0,runnerContainers/* runnerContainers */.H)(traces, host.containers);
    const volumes = host.hostVolumes.filter(({ name }) => names.includes(name));
    const servers = host.containers.filter(({ id }) => databases.some(({ source }) => source.container.id === id));
    const plan = (0,stopPlan/* planStops */.N)({ ...host, volumes, servers, self });
    const stopped = new Set(plan.groups.flatMap(({ stop }) => stop.flat().map(({ container }) => container.id)));
    const torn = servers.find(({ id }) => stopped.has(id));
    if (torn !== undefined)
        throw new errors/* InstanceError */.i2(`the backup holds a dump of ${torn.name} and a volume that it writes to, and only one of the two can come into place: name the one in targets`);
    const untouched = placements.find(({ file }) => file !== undefined && !stopped.has(file.database.source.container.id));
    if (untouched?.file !== undefined && plan.refused.length === 0)
        throw new errors/* InstanceError */.i2(`${untouched.file.database.source.name} has its file in ${untouched.volume} and is not among those that are stopped for it: it runs no more, or cannot write there`);
    if (plan.refused.length > 0)
        throw new errors/* InstanceError */.i2((0,format/* joinSentences */.DP)(plan.refused.map(({ error }) => error)));
    for (const { target, message } of plan.warnings)
        await run.report.warn(`volume ${target}: ${message}`);
    const journal = plan.groups.flatMap((group) => group.start.flatMap((wave, index) => wave.map((one) => ({ ...one, wave: index }))));
    return { groups: plan.groups, self, journal };
}
async function openPlacer(run, { lock, held, placements, databases, label }, { stops, undo }) {
    const staged = await (0,instance_lock/* stagingVolume */.mI)(lock, held.id);
    const mount = (source, target) => ({ type: 'volume', source, target, readonly: false });
    const made = (source, target) => ({
        ...mount(source, target),
        labels: (0,undoPlace/* restoreLabels */.Kz)(label, run.context.host.owner.job),
    });
    const opened = await (0,helperContainer/* startHelper */.j)(run.context.host, {
        claim: {
            kind: 'helper',
            self: (0,labels/* placeClaimName */.vU)(run.instance.id),
            ...(0,containerSpecs/* claimBase */.M)(lock),
            restart: stops.journal,
            dumps: databases.map(({ source }) => source.container.id),
            hooks: [],
            undo,
        },
        images: (0,instance_lock/* helperImages */.pV)(lock),
        mounts: [
            { ...mount(staged, RESTORED), readonly: true },
            ...placements.flatMap(({ volume, file, undo: { into, before } }, index) => [
                ...(into === 'place' && file === undefined ? [mount(volume, (0,undoPlace/* placedAt */.Bc)(index))] : []),
                ...(file === undefined ? [] : [{ ...file.mounted, target: (0,undoPlace/* placedAt */.Bc)(index), readonly: false }]),
                ...(into === 'place' ? [made(before, (0,undoPlace/* keptAt */.yo)(index))] : []),
                ...(into === 'new' ? [made(volume, (0,undoPlace/* placedAt */.Bc)(index))] : []),
                ...(into === 'dumps' ? [made(volume, (0,undoPlace/* keptAt */.yo)(index))] : []),
            ]),
        ],
    }, { lockWaitMs: 0, signal: run.abort.signal, onClaimed: () => { }, say: (line) => run.log.write('marina', line) }, (exec) => (0,tools/* probeTools */.E)(exec, PROBE_MS, run.abort.signal));
    if (placements.length > 0)
        for (const warning of opened.tools.warnings)
            await run.report.warn(warning);
    return { ...opened.helper, tools: opened.tools };
}
/** Throws `InstanceError` if a disk has no room for the old and the new data. Nothing is stopped or changed before. */
async function refuseWithoutRoom(run, placer, placements) {
    const { instance, abort } = run;
    const limits = { deadlineMs: instance.timeoutMs, signal: abort.signal };
    const rooms = new Map();
    const sizeOf = async (volume, root, paths, block) => {
        const listing = await (0,copy_listing/* listTree */.nT)(placer, root, { what: `volume ${volume}`, paths, live: true, ...limits });
        return (0,freeSpace/* spaceNeeded */.Yh)(listing, block, placer.tools).bytes;
    };
    const take = (volume, { device, bytes: free }, need) => {
        const room = rooms.get(device) ?? { free, need: 0, volumes: new Set() };
        room.need += need;
        room.volumes.add(volume);
        rooms.set(device, room);
    };
    for (const [index, { from, paths, volume, undo, file }] of placements.entries()) {
        if (undo.into === 'dumps')
            continue; // nobody knows their size before they are made
        const room = await (0,freeSpace/* freeSpaceAt */.uJ)(placer, (0,undoPlace/* placedAt */.Bc)(index), limits.deadlineMs, limits.signal);
        const copies = file?.files.copies ?? 1;
        const fresh = copies * (await sizeOf(volume, `${RESTORED}/${from}`, paths, room.block));
        if (undo.into === 'new') {
            take(volume, room, fresh);
            continue;
        }
        // with paths, the rest of the volume stays
        const replaced = paths.length > 0 ? 0 : await sizeOf(volume, (0,undoPlace/* placedAt */.Bc)(index), [], room.block);
        take(volume, room, Math.max(0, fresh - replaced));
        // the old data is kept in full before the new data takes its place
        const keptRoom = await (0,freeSpace/* freeSpaceAt */.uJ)(placer, (0,undoPlace/* keptAt */.yo)(index), limits.deadlineMs, limits.signal);
        take(volume, keptRoom, await sizeOf(volume, (0,undoPlace/* placedAt */.Bc)(index), [], keptRoom.block));
    }
    for (const { free, need, volumes } of rooms.values())
        if (need > free)
            throw new errors/* InstanceError */.i2(`no room to restore ${volumes.size === 1 ? 'volume' : 'volumes'} ${[...volumes].join(', ')}: the new data, and the old data beside it, take ${(0,format/* bytes */.ee)(need)} more, and the disk has ${(0,format/* bytes */.ee)(free)} free. Free space on the Docker host`);
}
/**
 * Removes the helper, and the volumes that are worth nothing now. If the old data is not back, the helper stays, because it alone knows what
 * to undo. What cannot be removed is a warning: it must not hide how the restore ended.
 */
async function closePlacer(run, placer, { undo, data, keepsOld, onHelperStays, }) {
    if (placer !== null) {
        if (data === 'torn') {
            onHelperStays();
            return placer.abandon();
        }
        try {
            await (run.down.length === 0 ? placer.release() : placer.releaseWithout(run.down));
            run.down = [];
        }
        catch (error) {
            onHelperStays();
            placer.abandon();
            return run.report.warn(`the helper of the restore stays, and the next run removes it: ${(0,errors/* asError */.zR)(error).message}`);
        }
    }
    const { docker, owner } = run.context.host;
    const worthless = data === 'placed' ? (keepsOld ? [] : undo.filter(({ into }) => into !== 'new')) : undo;
    const left = await (0,undoPlace/* removeMade */.gp)(docker, worthless, owner.job);
    if (left.length > 0)
        await run.report.warn(`${left.join(', ')} could not be removed, and nothing needs it: docker volume rm ${left.join(' ')}`);
}
//# sourceMappingURL=bringIntoPlace.js.map
// EXTERNAL MODULE: ./build/restore/checkRestored.js + 2 modules
var checkRestored = __webpack_require__(50849);
// EXTERNAL MODULE: external "node:crypto"
var external_node_crypto_ = __webpack_require__(77598);
;// CONCATENATED MODULE: ./build/restore/placements.js
/** Decides where each volume of a backup goes, and how the volumes are named that a restore makes. Pure. */



/** Longest name of a volume that is made here; the engine takes 255 characters. */
const LONGEST_NAME = 200;
const HASH_DIGITS = 8;
/**
 * Returns a placement for each volume and, if there are databases, a last one for dumps: those of the backup (`new`), or of what the servers
 * hold now (`place`). Throws `InstanceError` if a volume to make exists already.
 */
function placementsOf(targets, request) {
    const wanted = [
        ...targets.flatMap((target) => (target.kind === 'volume' ? [placementOf(target, request)] : [])),
        ...request.files.map((file) => placementOfFile(file, request)),
        ...dumpsOf(targets, request),
    ];
    refuseMeeting(wanted);
    const placements = withNamesOfTheirOwn(wanted, request);
    const made = placements.map(madeBy);
    const taken = made.filter((name) => request.existing.has(name));
    if (taken.length > 0)
        throw new errors/* InstanceError */.i2(`volume ${taken.join(', ')} is there already, from an earlier restore: remove it (docker volume rm ${taken.join(' ')}) and restore again`);
    return placements;
}
/**
 * Gives each placement a volume of its own to make: a volume of the backup may be called as that of the dumps is, or as the container of a
 * server whose file comes into place.
 */
function withNamesOfTheirOwn(placements, { into }) {
    const isFixed = ({ undo }) => into === 'place' && undo.into === 'new';
    const used = new Set(placements.flatMap((one) => (isFixed(one) || one.undo.into === 'place' ? [one.volume] : [])));
    const free = (name) => {
        let found = name;
        for (let n = 2; used.has(found); n++)
            found = `${name}-${n}`;
        used.add(found);
        return found;
    };
    return placements.map((one) => {
        if (isFixed(one))
            return one;
        if (one.undo.into === 'place')
            return { ...one, undo: { ...one.undo, before: free(one.undo.before) } };
        const volume = free(one.volume);
        return { ...one, volume, undo: { ...one.undo, volume } };
    });
}
/** Returns the name of the volume that a placement makes. */
function madeBy({ undo }) {
    return undo.into === 'place' ? undo.before : undo.volume;
}
function placementOf(target, { into, point, timestamp, now, existing }) {
    if (into === 'new') {
        const volume = named(target.name, 'restored', point === 'latest' ? timestamp : point);
        return { volume, from: target.path, paths: [], undo: { into: 'new', volume, before: '' } };
    }
    const what = { volume: target.name, from: target.path, paths: target.paths };
    // a volume that the host has lost is made anew: there is nothing to keep
    if (!existing.has(target.name))
        return { ...what, undo: { into: 'new', volume: target.name, before: '' } };
    return { ...what, undo: { into: 'place', volume: target.name, before: named(target.name, 'before', now) } };
}
function placementOfFile(file, { now }) {
    const { source } = file.mounted;
    const isFolder = file.mounted.type === 'bind';
    const volume = isFolder ? (0,hostState/* folderName */.ub)(source) : source;
    const before = named(isFolder ? file.database.source.name : volume, 'before', now);
    return { volume, from: file.database.entry.path, paths: [], undo: { into: 'place', volume, before }, file };
}
/** Throws `InstanceError` if the file of a server comes into a volume that something else comes into, too. */
function refuseMeeting(placements) {
    for (const { volume, file } of placements) {
        if (file === undefined || placements.filter((one) => one.volume === volume).length < 2)
            continue;
        throw new errors/* InstanceError */.i2(`the backup holds a dump of ${file.database.source.name} and what else comes into ${volume}, where it has its file, and only one of the two can come into place: name the one in targets`);
    }
}
function dumpsOf(targets, request) {
    const byFile = new Set(request.files.map(({ database }) => database.entry.path));
    const dumps = targets.flatMap((target) => (target.kind === 'db' && !byFile.has(target.path) ? [target.path] : []));
    if (dumps.length === 0)
        return [];
    const { into, instance, point, timestamp, now } = request;
    const name = `${instance}-dumps`;
    const volume = into === 'new' ? named(name, 'restored', point === 'latest' ? timestamp : point) : named(name, 'before', now);
    const kind = into === 'new' ? 'new' : 'dumps';
    return [{ volume, from: '', paths: ['manifest.json', ...dumps], undo: { into: kind, volume, before: '' } }];
}
/** Makes a volume's name of these parts. A long one is cut and gets a hash, so that two that begin alike stay apart. */
function named(name, word, when) {
    const whole = `${name}-${word}-${when.replace(/[^a-zA-Z0-9_.-]/g, '-')}`;
    if (whole.length <= LONGEST_NAME)
        return whole;
    const hash = (0,external_node_crypto_.createHash)('sha256').update(`${name} ${word} ${when}`).digest('hex').slice(0, HASH_DIGITS);
    return `${whole.slice(0, LONGEST_NAME - HASH_DIGITS - 1)}-${hash}`;
}
//# sourceMappingURL=placements.js.map
// EXTERNAL MODULE: ./build/instance/reportBuilder.js
var reportBuilder = __webpack_require__(14403);
;// CONCATENATED MODULE: ./build/restore/refuseForeign.js


/** Throws an `InstanceError` that names what the backup holds and the instance does not have today. */
function refuseForeign(held, question) {
    const { instance, own, isDiscovered, existing } = question;
    const isOwn = ({ kind, name }) => own.some((one) => one.kind === kind && (0,reportBuilder/* targetName */.je)(one) === name);
    // a volume that the host has lost is nobody else's, and has no label either
    const isLost = ({ kind, name }) => isDiscovered && kind === 'volume' && !existing.has(name);
    const foreign = held.filter((one) => !isOwn(one) && !isLost(one));
    if (foreign.length === 0)
        return;
    const names = foreign.map(({ kind, name }) => `${kind === 'db' ? 'database' : 'volume'} ${name}`).join(', ');
    throw new errors/* InstanceError */.i2(isDiscovered
        ? `the backup holds ${names}, which instance ${instance} does not find on this host as its own today: say in targets what is to be replaced`
        : `the backup holds ${names}, which the configuration does not name as a target of ${instance}: say in targets what is to be replaced`);
}
//# sourceMappingURL=refuseForeign.js.map
// EXTERNAL MODULE: ./build/restore/runRestoreImage.js + 1 modules
var runRestoreImage = __webpack_require__(86252);
;// CONCATENATED MODULE: ./build/restore/restoreInstance.js
/** Restores one instance: resolve, image, claim, run the image, check what came back, bring it into place, release. */















/** Restores the instance, or lists its points. Never throws for what can go wrong with it: that is in the outcome. */
async function restoreInstance(context, instance, log, request) {
    // its script is that of a restore: what a run says of scripts then names the right one
    const run = (0,instanceRun/* beginInstanceRun */.YW)(context, { ...instance, script: instance.restoreScript }, log, () => new Date());
    const found = { points: [], restored: [], backupOf: null };
    let lock = null;
    let isEngineLost = false;
    let staysForNextRun = false;
    const onHelperStays = () => {
        staysForNextRun = true;
    };
    try {
        const image = await run.report
            .phase('resolve', async () => {
            refusePending(run);
            run.script = await scriptOf(run);
        })
            .then(() => run.report.phase('image', () => (0,instance_image/* findImage */.F1)(run)));
        const work = restoreLock(run, image);
        const { point } = request;
        if (point === null) {
            const held = (0,instance_lock/* lockByBackupContainer */.QV)(work);
            lock = held;
            found.points = await run.report.phase('run', () => (0,runRestoreImage/* listPoints */.Cl)(run, held, image));
        }
        else {
            const held = await run.report.phase('claim', () => (0,instance_lock/* lockByHelper */.RJ)(work, [], { restart: [], dumps: [], hooks: [] }));
            lock = held;
            const helper = held.helper;
            run.abort.also(helper.lost, 'the helper died while it was needed (killed, out of memory, or the engine restarted): restore again');
            await run.report.phase('run', () => (0,runRestoreImage/* fetchPoint */.vY)(run, held, { image, point }));
            const checked = await run.report.phase('check', () => check(run, helper, request));
            found.backupOf = checked.manifest.timestamp;
            if (!request.dryRun)
                found.restored = await run.report.phase('place', () => place(run, work, { helper, checked, request: { ...request, point }, onHelperStays }));
        }
    }
    catch (error) {
        (0,instanceRun/* explainFailure */.SP)(run, error);
        isEngineLost = error instanceof errors/* EngineLostError */.LJ;
    }
    finally {
        run.abort.disarm();
        if (staysForNextRun)
            lock?.abandon();
        else if (lock !== null)
            await releaseLock(run, lock, isEngineLost);
    }
    return { outcome: run.report.end(), ...found };
}
/** Makes the request for the claim under which the image restores. It serves no slot of the backup. */
function restoreLock(run, image) {
    const { context, instance, abort, log } = run;
    return {
        work: 'restore',
        context,
        instance,
        image,
        start: { at: run.start.at, isScheduled: false },
        signal: abort.signal,
        onClaimed: () => abort.arm(instance.timeoutMs),
        say: (line) => log.write('marina', line),
    };
}
/** Throws `InstanceError` if a value that the restore needs, as the name of the host, is not known because a variable of it has no value. */
function refusePending({ context, instance }) {
    const pending = context.pending(instance);
    if (pending.length > 0)
        throw new errors/* InstanceError */.i2((0,format/* joinSentences */.DP)(pending));
}
/** Returns what is put at `/restore.sh`; `null` if the image has its own. */
async function scriptOf({ context, instance }) {
    if (instance.repository !== null)
        return Buffer.from(scripts/* RESTIC_RESTORE */.w);
    return instance.script === null ? null : context.readScript(instance.script);
}
async function check(run, helper, request) {
    const { targets } = request;
    const checked = await (0,checkRestored/* checkRestored */.Hl)(helper, {
        directory: '/backup',
        instance: run.instance.id,
        targets,
        deadlineMs: run.instance.timeoutMs,
        signal: run.abort.signal,
    });
    for (const warning of [...checked.warnings, ...leftOut(checked.targets, request)])
        await run.report.warn(warning);
    const names = checked.targets.map(({ name }) => name).join(', ');
    await run.log.write('marina', `the backup of ${checked.manifest.timestamp} came back whole: ${names}`);
    return checked;
}
/** Says for each volume that is replaced what `exclude` had left out of its backup: it is not in the volume afterwards. */
function leftOut(targets, { into, keepsOld }) {
    if (into === 'new')
        return [];
    return targets.flatMap((target) => target.kind === 'volume' && target.exclude.length > 0
        ? `volume ${target.name}: what exclude left out of the backup (${target.exclude.join(', ')}) is not in the volume after the restore, but ${keepsOld ? 'only in the old data that is kept' : 'gone, since the old data is not kept'}`
        : []);
}
async function place(run, lock, { helper, checked, request, onHelperStays }) {
    const { docker } = run.context.host;
    const { hostVolumes } = await (0,hostState/* hostContents */.vT)(docker, [], async () => { }, { signal: run.abort.signal });
    const existing = new Set(hostVolumes.map(({ name }) => name));
    if (request.into === 'place' && request.targets.length === 0) {
        const isNothingThere = checked.targets.every(({ kind, name }) => kind === 'volume' && !existing.has(name));
        const own = await ownTargets(run, isNothingThere);
        const { id, targets } = run.instance;
        refuseForeign(checked.targets, { instance: id, own, isDiscovered: targets === null, existing });
    }
    const entries = checked.targets.flatMap((target) => (target.kind === 'db' ? [target] : []));
    const servers = request.into === 'place' ? await (0,placeDatabases/* findServers */.G9)(run, entries) : [];
    const files = [];
    for (const server of servers.filter(isByFile))
        files.push(await findServerFile(run, server));
    const placements = placementsOf(checked.targets, {
        into: request.into,
        instance: run.instance.id,
        point: request.point,
        timestamp: checked.manifest.timestamp,
        now: (0,layout/* layoutOf */.aH)('timestamp', new Date()).timestamp,
        existing,
        files,
    });
    await bringIntoPlace(run, {
        lock,
        held: helper,
        placements,
        databases: servers.filter((server) => !isByFile(server)),
        label: `${run.instance.id} ${checked.manifest.timestamp}`,
        keepsOld: request.keepsOld,
        onHelperStays,
    });
    return checked.targets.map((target) => restoredTo(target, placements, request));
}
/** Returns the targets that the instance has today. An empty host has none to find, and none that could be somebody else's. */
async function ownTargets({ context, instance }, isNothingThere) {
    if (instance.targets !== null)
        return instance.targets;
    if (isNothingThere)
        return [];
    const found = await context.discover(instance).catch((error) => {
        if (!(error instanceof errors/* InstanceError */.i2))
            throw error;
        throw new errors/* InstanceError */.i2(`${error.message}. To restore all the same, say in targets what is to be replaced`, {
            cause: error,
        });
    });
    return found.targets;
}
/** Says where a target is now, and where its old data is. */
function restoredTo({ kind, name, path }, placements, { into, keepsOld }) {
    const file = placements.find((one) => one.file !== undefined && one.from === path);
    if (file !== undefined)
        return { kind, name, to: name, kept: keepsOld ? file.undo.before : null };
    const placement = placements.find((one) => (kind === 'volume' ? one.from === path : one.from === ''));
    const { before = '', volume = '' } = placement?.undo ?? {};
    if (kind === 'volume')
        return { kind, name, to: volume, kept: before === '' || !keepsOld ? null : before };
    return into === 'new'
        ? { kind, name, to: volume, kept: null }
        : { kind, name, to: name, kept: keepsOld ? volume : null };
}
async function releaseLock(run, lock, isEngineLost) {
    if (isEngineLost) {
        lock.abandon();
        await run.report.warn('the claim could not be released, since the engine does not answer: the next run will sweep it');
        return;
    }
    try {
        await run.report.phase('release', () => lock.release(run.down));
    }
    catch (error) {
        await run.report.warn(`the claim could not be released, the next run will sweep it: ${error instanceof Error ? error.message : String(error)}`);
    }
}
//# sourceMappingURL=restoreInstance.js.map

/***/ }),

/***/ 86252:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {


// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  vV: () => (/* binding */ askPoints),
  vY: () => (/* binding */ fetchPoint),
  Cl: () => (/* binding */ listPoints)
});

// EXTERNAL MODULE: ./build/container/fillContainer.js + 1 modules
var fillContainer = __webpack_require__(18294);
// EXTERNAL MODULE: ./build/container/runBackup.js + 3 modules
var runBackup = __webpack_require__(61231);
// EXTERNAL MODULE: ./build/docker/copyFiles.js
var copyFiles = __webpack_require__(75669);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/instance/instanceRun.js + 1 modules
var instanceRun = __webpack_require__(21522);
;// CONCATENATED MODULE: ./build/restore/listTail.js
/** Keeps the end of the list of points that an image prints: the newest stands last. */
/** Most bytes of a list that are kept. */
const LIST_BYTES = 1 << 20;
/** Makes a collector of what an image prints. It holds at most `limit` bytes and the last chunk. */
function listTail(limit = LIST_BYTES) {
    let kept = [];
    let length = 0;
    let isCut = false;
    const joined = () => {
        const all = Buffer.concat(kept);
        if (all.length > limit)
            isCut = true;
        const end = all.subarray(Math.max(0, all.length - limit));
        kept = [end];
        length = end.length;
        return end;
    };
    return {
        add(chunk) {
            kept.push(Buffer.from(chunk));
            length += chunk.length;
            if (length > 2 * limit)
                joined();
        },
        /** Returns the kept lines, without the one that is cut. */
        end() {
            const text = joined().toString();
            return { text: isCut ? text.slice(text.indexOf('\n') + 1 || text.length) : text, isCut };
        },
    };
}
//# sourceMappingURL=listTail.js.map
// EXTERNAL MODULE: ./build/restore/points.js
var restore_points = __webpack_require__(98094);
;// CONCATENATED MODULE: ./build/restore/runRestoreImage.js
/** Runs the image of an instance in the other direction: it lists its points, or fills the staging volume with what a backup held. */







/** Asks the image which points it has. Throws `InstanceError` if it fails, or prints nothing that names a point. */
async function listPoints(run, lock, image) {
    const { points } = await askPoints(run, lock, image);
    if (points.length === 0)
        throw new errors/* InstanceError */.i2('the image lists no point: nothing was ever backed up for this instance, or its /restore.sh does not know MARINA_RESTORE_LIST');
    return points;
}
/** Asks the image which points it has: none, if it prints nothing. Warns of lines that name no point, and throws `InstanceError` if it fails. */
async function askPoints(run, lock, image) {
    const printed = listTail();
    const log = {
        ...run.log,
        async write(source, chunk) {
            if (source === 'out')
                printed.add(Buffer.from(chunk));
            await run.log.write(source, chunk);
        },
    };
    await runImage(run, lock, { image, log, env: { MARINA_RESTORE_LIST: '1' } });
    const { text, isCut } = printed.end();
    if (isCut)
        await run.report.warn('the list of points that the image printed is longer than 1 MiB: only its end was read, where the newest stand');
    const { points, unread } = (0,restore_points/* parsePoints */.PW)(text);
    if (unread > 0)
        await run.report.warn(`${unread} of the lines that the image printed name no point: with MARINA_RESTORE_LIST=1 it must print \`ID TIME text\`, one point a line, and everything else on stderr`);
    return { points, unread };
}
/** Lets the image fill the staging volume with the point. Throws `InstanceError` if it fails. */
async function fetchPoint(run, lock, { image, point }) {
    await runImage(run, lock, { image, log: run.log, env: { MARINA_RESTORE_POINT: point } });
}
async function runImage(run, lock, { image, log, env }) {
    const { context, instance, report, abort } = run;
    const { docker } = context.host;
    const container = await lock.create([], { ...restoreEnvironment(run), ...env, ...instance.env });
    const owner = await (0,fillContainer/* imageUserOf */.s)({ docker, instance, image, signal: abort.signal }, container);
    await (0,copyFiles/* copyIn */.D)(docker, container, [
        { path: 'restore/', mode: 0o755, ...owner },
        ...(run.script ? [{ path: 'restore.sh', mode: 0o755, ...owner, content: run.script }] : []),
    ], { signal: abort.signal });
    const end = await (0,runBackup/* runBackup */.Q)({
        work: 'restore',
        docker,
        container,
        image: image.reference,
        memory: instance.resources.memory,
        entrypoint: instance.entrypoint ?? image.entrypoint,
        user: instance.user ?? image.user,
        log,
        signal: abort.signal,
    });
    report.set({ exitCode: end.kind === 'success' ? 0 : end.exitCode });
    for (const warning of end.warnings)
        await report.warn(warning);
    if (abort.reason() !== null) {
        (0,instanceRun/* explainFailure */.SP)(run, new errors/* CancelledError */.cc());
        throw new errors/* CancelledError */.cc();
    }
    if (end.kind === 'failed')
        throw new errors/* InstanceError */.i2(end.error);
}
/** Makes the variables of the contract for a restore. */
function restoreEnvironment({ context, instance }) {
    return {
        MARINA_CONTRACT: '1',
        MARINA_INSTANCE_ID: instance.id,
        MARINA_HOSTNAME: context.hostName,
        MARINA_RESTORE_DIR: '/restore',
        MARINA_RUN_URL: context.runUrl ?? '',
    };
}
//# sourceMappingURL=runRestoreImage.js.map

/***/ })

};

//# sourceMappingURL=596.index.js.map