export const id = 350;
export const ids = [350];
export const modules = {

/***/ 61350:
/***/ ((__unused_webpack___webpack_module__, __webpack_exports__, __webpack_require__) => {

// ESM COMPAT FLAG
__webpack_require__.r(__webpack_exports__);

// EXPORTS
__webpack_require__.d(__webpack_exports__, {
  validate: () => (/* binding */ validate)
});

// EXTERNAL MODULE: ./build/action/pages.js
var pages = __webpack_require__(84871);
// EXTERNAL MODULE: ./build/action/stepSummary.js
var stepSummary = __webpack_require__(5713);
// EXTERNAL MODULE: ./build/config/issues.js
var config_issues = __webpack_require__(66175);
// EXTERNAL MODULE: ./build/config/yaml.js
var yaml = __webpack_require__(95252);
// EXTERNAL MODULE: ./build/container/scriptHead.js
var scriptHead = __webpack_require__(59283);
// EXTERNAL MODULE: ./build/docker/imageNames.js
var imageNames = __webpack_require__(30042);
// EXTERNAL MODULE: ./build/errors.js
var errors = __webpack_require__(19473);
// EXTERNAL MODULE: ./build/report/configChanges.js
var configChanges = __webpack_require__(6796);
// EXTERNAL MODULE: ./build/report/messagePages.js
var messagePages = __webpack_require__(74986);
// EXTERNAL MODULE: ./build/workflows/readWorkflows.js + 2 modules
var readWorkflows = __webpack_require__(90695);
// EXTERNAL MODULE: ./build/config/interpolation.js
var interpolation = __webpack_require__(8945);
;// CONCATENATED MODULE: ./build/config/clearSecrets.js
/**
 * Finds secrets that are written in clear into the configuration: by a fixed list of shapes (docs/configuration.md lists them) and, under
 * telling names, by how random a value looks. It is for advice: any other secret is not found, and a value is never quoted. Pure.
 */

/** Shapes that are secrets under any name, each with its words for people. */
const SHAPES = [
    [/-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|AGE-SECRET-KEY-1[A-Z0-9]{20,}/, 'a private key'],
    [/(?<![A-Za-z0-9])(?:AKIA|ASIA)[A-Z0-9]{16}(?![A-Za-z0-9])/, 'the id of an AWS access key'],
    [/(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})/, 'a GitHub token'],
    [/(?<![A-Za-z0-9])gl(?:pat|dt|rt|ptt|cbt|soat|ft|imt)-[A-Za-z0-9_.-]{20,}/, 'a GitLab token'],
    [/(?<![A-Za-z0-9])(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,}/, 'a Slack token'],
    [
        /hooks\.slack\.com\/services\/T[A-Za-z0-9]{1,40}\/B[A-Za-z0-9]{1,40}\/[A-Za-z0-9]{10,}/,
        'the address of a Slack webhook',
    ],
    [/(?<![A-Za-z0-9])(?:[sr]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}/, 'a Stripe key'],
    [/(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/, 'a JSON Web Token'],
];
/** Stands for a variable: no shape takes it. */
const VARIABLE = '\ue000';
/** Matches `user:password@` in a URL; the password may hold any sign that a careless writer leaves unescaped. */
const PASSWORD_IN_URL = /(?<![a-z0-9+.-])[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/@:?#]{0,200}:[^\s/@\ue000]{1,500}@/i;
const TELLING = /pass(?:word|wd|phrase)?(?![a-z])|secret|token|key|credential/i;
/** Matches names of a place, a property or the public part of a secret. */
const PROPERTY = /(?:^|_)(?:PUBLIC|PUB)(?:_|$)|(?:^|_)(?:FILE|PATH|DIR|URL|URI|HOST|USER|USERNAME|NAME|ID|PREFIX|SUFFIX|TYPE|KIND|ALGORITHM|FORMAT|SIZE|LENGTH|BITS|TTL|AGE|COUNT|REGION|HASH|DIGEST|CHECKSUM|FINGERPRINT|MD5|SHA\d+|COMMAND|CMD)$/i;
/** Matches names under which even a text that could be a digest is a secret. */
const SURE = /pass(?:word|wd|phrase)?(?![a-z])|secret|token|(?:api|access|encryption|private|master|account|auth)_?key/i;
const SHORTEST = 12;
/** A longer text is no value that was drawn by chance. */
const LONGEST = 4096;
const UUID = /^\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?$/i;
/** Matches a digest with its algorithm (`sha256:…`, `SHA256:…`, `name@sha256:…`), and pairs of hexadecimal digits (a fingerprint). */
const DIGEST = /^(?:\S*@)?(?:sha\d+|md5|blake2[bs]?|blake3)[:-]|^[0-9a-f]{2}(?::[0-9a-f]{2}){5,}$/i;
const BARE_DIGEST = /^(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{56}|[0-9a-f]{64}|[0-9a-f]{96}|[0-9a-f]{128})$/i;
const URL_OR_PATH = /^[a-z][a-z0-9+.-]*:\/\/|^(?:~|\.{0,2})\/|^[a-z]:[\\/]/i;
/** Matches public keys: `age1…`, those of SSH. */
const PUBLIC_KEY = /^(?:age1[a-z0-9]{20,}|ssh-|ecdsa-|AAAA[A-Z0-9])/i;
/** Matches parts of a name as people write them: a word, words in CamelCase, capitals, a number. */
const WORD = /^(?:[a-z]+|(?:[A-Z]?[a-z]+)(?:[A-Z][a-z]+)*|[A-Z]+)\d{0,4}$|^\d*$/;
/**
 * Says what kind of secret a text holds in clear, such as "a GitHub token"; `null` if none is recognised. `name` is its name in `env`; `null`
 * elsewhere.
 */
function clearSecret(name, text) {
    const { parts } = (0,interpolation/* parseTemplate */.QC)(text);
    const literal = parts.map((part) => (typeof part === 'string' ? part : VARIABLE)).join('');
    const fallbacks = parts.flatMap((part) => (typeof part === 'string' || part.fallback === null ? [] : [part.fallback]));
    for (const one of [literal, ...fallbacks]) {
        const kind = SHAPES.find(([shape]) => shape.test(one))?.[1];
        if (kind !== undefined)
            return kind;
        if (PASSWORD_IN_URL.test(one))
            return 'a URL with a password';
        if (name !== null && isTelling(name) && isRandom(one, SURE.test(name)))
            return 'a value that looks like a secret';
    }
    return null;
}
/** Tells whether a name says that its value is a secret. */
function isTelling(name) {
    return TELLING.test(name) && !PROPERTY.test(name.replace(/([a-z])([A-Z])/g, '$1_$2').replace(/[-.]/g, '_'));
}
/** Tells whether a text is long and looks as if it was drawn by chance. `isSure`: its name makes even a text like a digest a secret. */
function isRandom(text, isSure) {
    const value = text.trim();
    if (value.length < SHORTEST || value.length > LONGEST || !/^[\x21-\x7e]+$/.test(value))
        return false;
    if (BARE_DIGEST.test(value))
        return isSure && new Set(value).size > 4;
    if ([UUID, DIGEST, URL_OR_PATH, PUBLIC_KEY].some((shape) => shape.test(value)))
        return false;
    const parts = value.split(/[-_./:@+=,]+/).filter((part) => !WORD.test(part));
    const length = parts.reduce((sum, part) => sum + part.length, 0);
    return length >= SHORTEST - 4 && new Set(value).size >= 6;
}
//# sourceMappingURL=clearSecrets.js.map
// EXTERNAL MODULE: ./build/config/load.js
var load = __webpack_require__(35235);
// EXTERNAL MODULE: ./build/config/runnerHosts.js
var runnerHosts = __webpack_require__(95382);
// EXTERNAL MODULE: ./build/config/schema.js + 1 modules
var schema = __webpack_require__(52717);
;// CONCATENATED MODULE: ./build/command/writtenTargets.js
/** Reads from the configuration's text what instances write as their image and targets, as far as no variable decides. Pure. */




/** Returns the volumes and databases that an instance names. */
function writtenTargets(config, { index }) {
    const targets = (0,yaml/* treeAt */.Ss)(config.tree, ['instances', index, 'targets']);
    if (!Array.isArray(targets))
        return [];
    return targets.flatMap((target, at) => {
        const kind = (0,yaml/* isTreeMap */.vD)(target) && target.volume !== undefined ? 'volume' : 'db';
        const path = ['instances', index, 'targets', at];
        const name = writtenAt(config, [...path, kind]);
        if (name === undefined)
            return [];
        const stops = kind === 'volume' && stopsAttached(config, index, path);
        return [{ kind, name, line: config.source.valueAt([...path, kind]).line, stops }];
    });
}
/** Returns the volumes that an instance names. */
function volumeTargets(config, instance) {
    return writtenTargets(config, instance).filter(({ kind }) => kind === 'volume');
}
function stopsAttached(config, index, target) {
    const places = [[...target, 'stopAttached'], ['instances', index, 'stopAttached'], ['stopAttached']];
    const text = places.map((path) => writtenAt(config, path)).find((one) => one !== undefined);
    return text !== undefined && (0,schema/* readBoolean */.Vf)(text) === true;
}
/**
 * Makes a key of the host on which an instance runs, from its runner labels and the `nodeName` that it writes. Two instances with the same
 * key may run on one host.
 */
function writtenHost(config, { index, runsOn }) {
    return `${(0,runnerHosts/* hostKey */._9)(runsOn)}\n${writtenAt(config, ['instances', index, 'nodeName']) ?? ''}`;
}
/**
 * Returns the text at a path, with the defaults of its variables; `undefined` if it is missing or empty, is no text, or contains a variable
 * without a default.
 */
function writtenAt(config, path) {
    const value = (0,yaml/* treeAt */.Ss)(config.tree, path);
    return (typeof value === 'string' ? byDefault(value) : null) || undefined;
}
/** Fills in the defaults of a text's variables, which a run takes where nobody sets them; `null` if one has none. */
function byDefault(text) {
    const template = (0,interpolation/* parseTemplate */.QC)(text);
    const filled = (0,interpolation/* fillTemplate */.ou)(template, () => undefined);
    return template.problems.length > 0 || filled.missing.length > 0 ? null : filled.text;
}
//# sourceMappingURL=writtenTargets.js.map
;// CONCATENATED MODULE: ./build/command/advice.js
/** Defines what `validate` tells besides errors, and collects what a configuration alone tells. Pure. */





/** Number of pieces of advice of one kind that are told: more help nobody. */
const MOST_TOLD = 100;
const MOST_NAMED = 10;
/** Leaves out what is beyond `MOST_TOLD`, and says at the first of them how many there are. */
function bounded(all) {
    const next = all[MOST_TOLD];
    if (next === undefined)
        return all;
    const more = { ...next, message: `and ${all.length - MOST_TOLD} more of this kind, from this line on` };
    return [...all.slice(0, MOST_TOLD), more];
}
/** Returns a warning for each text that holds a secret in clear. A text that several instances share is told once. */
function adviseOnSecrets(config) {
    const told = new Map();
    const found = [];
    for (const { id, index } of config.instances) {
        const path = ['instances', index];
        for (const { path: place, text } of (0,load/* openTexts */.ng)((0,yaml/* treeAt */.Ss)(config.tree, path), path)) {
            const name = place[2] === 'env' && place.length === 4 ? String(place[3]) : null;
            const key = `${(0,yaml/* writePath */.Jf)(place.slice(2))}\n${text}`;
            const sharing = told.get(key);
            if (sharing !== undefined) {
                if (sharing.length > 0)
                    sharing.push(id);
                continue;
            }
            const kind = clearSecret(name, text);
            told.set(key, kind === null ? [] : [id]);
            if (kind === null)
                continue;
            const variable = name ?? 'NAME';
            found.push({
                key,
                id,
                line: config.source.valueAt(place).line,
                words: `\`${keyOf(place)}\` holds ${kind} in clear: everybody who reads the repository has it, and it stays in its history. Store it as a secret of the repository, write \`\${${variable}}\` here, and replace it where it is used`,
            });
        }
    }
    return found.map(({ key, id, line, words }) => ({
        severity: 'warning',
        line,
        message: `${withOthers(id, told.get(key))}: ${words}`,
    }));
}
function keyOf(place) {
    return (0,yaml/* writePath */.Jf)(place.slice(2));
}
function withOthers(id, sharing = []) {
    const more = sharing.length - 1;
    return more > 0 ? `${id} and ${more} more` : id;
}
/** Returns a notice for each image that is named with neither a tag nor a digest, unless no registry is asked for it. */
function adviseOnTags(config) {
    return config.instances.flatMap((one) => ['customImage', 'resticImage', 'helperImage'].flatMap((key) => {
        const path = ['instances', one.index, key];
        const image = writtenAt(config, path);
        if (image === undefined || (0,imageNames/* hasTag */.ti)(image) || (0,imageNames/* parseImageName */["if"])(image).isPinned || (0,imageNames/* isOfHostOnly */.ao)(image))
            return [];
        if (writtenAt(config, ['instances', one.index, 'pull']) === 'never')
            return [];
        const message = `${one.id}: ${key} ${image} has neither tag nor digest, so that Docker takes \`latest\`, whatever that is on the day. Name a version, such as ${image}:1.2, or a digest`;
        return [{ severity: 'notice', line: config.source.valueAt(path).line, message }];
    }));
}
/** Returns a notice for each target that several instances of one host have. */
function adviseOnSharedTargets(config) {
    const owners = new Map();
    for (const one of config.instances) {
        const host = writtenHost(config, one);
        for (const { kind, name, line } of writtenTargets(config, one)) {
            const key = `${kind}\n${name}\n${host}`;
            const known = owners.get(key) ?? {
                words: `${kind === 'db' ? 'the database' : 'the volume'} ${name}`,
                ids: [],
                lines: [],
            };
            owners.set(key, known);
            known.ids.push(one);
            known.lines.push(line);
        }
    }
    return [...owners.values()]
        .filter(({ ids }) => ids.length > 1)
        .map(({ words, ids, lines }) => {
        const named = ids.slice(0, MOST_NAMED).map(({ id }, index) => `${id} (line ${lines[index]})`);
        const more = ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : '';
        return {
            severity: 'notice',
            line: lines[1],
            message: `${words} is a target of ${ids.length} instances: ${named.join(', ')}${more}. That is right if they back it up to different places`,
        };
    });
}
//# sourceMappingURL=advice.js.map
// EXTERNAL MODULE: external "node:path"
var external_node_path_ = __webpack_require__(76760);
// EXTERNAL MODULE: ./build/action/forge/askForge.js
var askForge = __webpack_require__(44947);
// EXTERNAL MODULE: ./node_modules/zod/v4/classic/schemas.js + 15 modules
var schemas = __webpack_require__(9691);
;// CONCATENATED MODULE: ./build/action/forge/repositoryFile.js
/** Asks the forge for a file of the repository at a commit, which needs no history in the checkout. */

const MOST_BYTES = 16 * 1024 * 1024;
/** Gitea's answer, whatever form was asked for. */
const inJson = schemas/* object */.Ikc({ type: schemas/* literal */.euz('file'), encoding: schemas/* literal */.euz('base64'), content: schemas/* string */.YjP() });
/** Reads the text of a file at a commit. `path` has `/` and begins at the root. Unknown, with status 404, if the commit has no such file. */
async function readFileAt(forge, path, commit) {
    const answer = await forge.download({
        route: `/contents/${path.split('/').map(encodeURIComponent).join('/')}`,
        parameters: { ref: commit, mediaType: { format: 'raw' } },
        what: `${path} at the commit ${commit.slice(0, 12)}`,
        permission: 'contents: read',
    }, MOST_BYTES);
    if ('unknown' in answer)
        return answer;
    const text = answer.value.toString('utf8');
    return { value: decoded(text) ?? text };
}
/** Takes the file out of a JSON answer; `null` if the text is the file itself. */
function decoded(text) {
    if (!text.startsWith('{'))
        return null;
    try {
        const read = inJson.safeParse(JSON.parse(text));
        return read.success ? Buffer.from(read.data.content, 'base64').toString('utf8') : null;
    }
    catch {
        return null; // a configuration may begin with a brace too
    }
}
//# sourceMappingURL=repositoryFile.js.map
;// CONCATENATED MODULE: ./build/config/compareConfigs.js

/** Compares two configurations. The order of instances and of keys says nothing, that of targets neither. */
function compareConfigs(base, head) {
    const before = instancesOf(base);
    const after = instancesOf(head);
    return {
        added: [...after.keys()].filter((id) => !before.has(id)),
        removed: [...before.keys()].filter((id) => !after.has(id)),
        changed: [...after].flatMap(([id, instance]) => {
            const old = before.get(id);
            const keys = old === undefined ? [] : instanceKeys(old, instance);
            return keys.length === 0 ? [] : [{ id, keys }];
        }),
        top: differing(withoutKey(base.tree, 'instances'), withoutKey(head.tree, 'instances')),
    };
}
function instancesOf({ instances, tree }) {
    return new Map(instances.map(({ id, index }) => [id, (0,yaml/* treeAt */.Ss)(tree, ['instances', index])]));
}
function instanceKeys(before, after) {
    return differing(before, after).flatMap((key) => {
        const [old, now] = [before[key], after[key]];
        if (key === 'env')
            return differing(mapOf(old), mapOf(now)).map((name) => `env.${name}`);
        if (key !== 'targets' || !Array.isArray(old) || !Array.isArray(now))
            return [key];
        return differing(byName(old), byName(now)).map((name) => `targets (${name})`);
    });
}
/** Returns the keys of two maps whose values differ, in the order of the second, then those that only the first has. */
function differing(before, after) {
    const keys = new Set([...Object.keys(after), ...Object.keys(before)]);
    return [...keys].filter((key) => canonical(before[key]) !== canonical(after[key]));
}
/** Returns the targets by kind and name, since they have no ids. A target without a name goes by its position. */
function byName(targets) {
    return Object.fromEntries(targets.map((target, index) => {
        const map = mapOf(target);
        if (typeof map.volume === 'string')
            return [`volume ${map.volume}`, target];
        return [typeof map.db === 'string' ? `db ${map.db}` : `item ${index + 1}`, target];
    }));
}
function mapOf(tree) {
    return (0,yaml/* isTreeMap */.vD)(tree) ? tree : {};
}
function withoutKey(map, key) {
    return Object.fromEntries(Object.entries(map).filter(([name]) => name !== key));
}
/** Writes a tree as text in which the order of keys does not count. */
function canonical(tree) {
    return (JSON.stringify(tree, (_, value) => (0,yaml/* isTreeMap */.vD)(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value) ?? '');
}
//# sourceMappingURL=compareConfigs.js.map
// EXTERNAL MODULE: ./build/format.js
var format = __webpack_require__(47413);
// EXTERNAL MODULE: ./build/schedule/slots.js
var schedule_slots = __webpack_require__(10293);
// EXTERNAL MODULE: ./build/schedule/slotWords.js
var slotWords = __webpack_require__(30053);
;// CONCATENATED MODULE: ./build/command/baseChanges.js
/** Compares the configuration of a pull request with that of the branch it goes to. */









/** Returns what the pull request changes; `null` if this run is none of a pull request. Asks the API. Never throws for what it answers. */
async function changesAgainstBase(action, head) {
    const { base, apiUrl, repository } = action.event;
    if (base === null)
        return null;
    const forge = (0,askForge/* openForge */.y)({ token: action.inputs.githubToken, baseUrl: apiUrl, repository });
    const answer = await readFileAt(forge, external_node_path_.posix.normalize(head.file), base.sha);
    const page = { base: base.ref, instances: [], top: [] };
    if ('value' in answer)
        return pageOf(base.ref, answer.value, head);
    if (answer.status !== 404)
        return { ...page, remark: `They are not known. ${answer.unknown}` };
    const added = head.instances.map((one) => changeOf(one, 'added', []));
    return { ...page, instances: added, remark: `${head.file} is not there yet: every backup is new.` };
}
function pageOf(base, text, head) {
    try {
        const changes = compareConfigs((0,load/* loadConfig */.Z9)(text, head.file), head);
        return { base, instances: changedInstances(changes, head), top: changes.top, remark: null };
    }
    catch (error) {
        if (!(error instanceof errors/* ConfigError */.xL))
            throw error;
        const remark = `They are not known: ${head.file} has ${(0,format/* count */.U9)(error.issues.length, 'error')} there.`;
        return { base, instances: [], top: [], remark };
    }
}
function changedInstances({ added, changed, removed }, head) {
    const byId = new Map(head.instances.map((one) => [one.id, one]));
    const of = (id) => byId.get(id);
    return [
        ...added.map((id) => changeOf(of(id), 'added', [])),
        ...changed.map(({ id, keys }) => changeOf(of(id), 'changed', keys)),
        ...removed.map((id) => ({ id, line: null, kind: 'removed', keys: [], next: null })),
    ];
}
function changeOf(instance, kind, keys) {
    return { id: instance.id, line: instance.line, kind, keys, next: nextWords(instance) };
}
function nextWords({ schedule, scheduleIsOpen }) {
    if (scheduleIsOpen)
        return 'as its variables say';
    return schedule === null ? 'by hand' : (0,slotWords/* slotWords */.S)((0,schedule_slots/* nextSlot */.yo)(schedule, new Date()), schedule);
}
//# sourceMappingURL=baseChanges.js.map
// EXTERNAL MODULE: ./build/command/loadConfiguration.js + 1 modules
var loadConfiguration = __webpack_require__(39733);
// EXTERNAL MODULE: ./build/command/repositoryFiles.js
var repositoryFiles = __webpack_require__(20677);
;// CONCATENATED MODULE: ./build/schedule/coincidence.js

const DAY = 86_400_000;
const HORIZON = 400 * DAY;
/** Number of slots that are computed for all instances together, so that thousands on one volume stay quick. */
const MOST_SLOTS = 400_000;
/** Number of slots that are looked at of each further schedule, once `MOST_SLOTS` are used up. */
const FEW_SLOTS = 50;
/**
 * Returns, for each volume and each instance that shares a slot of the next 400 days with one before it, one such pair. A pair that shares
 * several volumes is told once. Of very many schedules only some slots are looked at (`MOST_SLOTS`).
 */
function coincidences(stoppers, now) {
    const byVolume = grouped(stoppers, (one) => one.volume);
    const found = [];
    const told = new Set();
    let spent = 0;
    const slotsOf = (schedule) => {
        const most = spent < MOST_SLOTS ? MOST_SLOTS - spent : FEW_SLOTS;
        const slots = (0,schedule_slots/* slotsBetween */.iF)(schedule, { from: now, to: now + HORIZON, most });
        spent += slots.length;
        return slots;
    };
    for (const sharing of byVolume.values()) {
        if (sharing.length < 2)
            continue;
        const taken = new Map();
        for (const [key, same] of grouped(sharing, ({ schedule }) => `${schedule.timezone} ${schedule.cron}`)) {
            const slots = slotsOf(same[0].schedule);
            for (const [index, second] of same.entries()) {
                const slot = index === 0 ? slots.find((one) => taken.has(one)) : slots[0];
                const first = index === 0 ? taken.get(slot) : same[0];
                if (slot === undefined || first === undefined || told.has(`${first.id} ${second.id} ${key}`))
                    continue;
                told.add(`${first.id} ${second.id} ${key}`);
                found.push({ first, second, slot });
            }
            for (const slot of slots)
                if (!taken.has(slot))
                    taken.set(slot, same[0]);
        }
    }
    return found;
}
function grouped(stoppers, keyOf) {
    const groups = new Map();
    for (const one of stoppers) {
        const key = keyOf(one);
        const group = groups.get(key);
        if (group === undefined)
            groups.set(key, [one]);
        else
            group.push(one);
    }
    return groups;
}
//# sourceMappingURL=coincidence.js.map
;// CONCATENATED MODULE: ./build/schedule/ticks.js

const ticks_DAY = 86_400_000;
/** Time from now on in which all slots lie that are looked at: it has both summer and winter time, and each schedule that fires once a year. */
const ticks_HORIZON = 400 * ticks_DAY;
/** Time over which slots and runs are counted, days: whole weeks, so that each weekday counts alike. */
const SHORT_DAYS = 28;
const LONG_DAYS = 364;
/** A schedule with fewer slots than this in `SHORT_DAYS` is counted over `LONG_DAYS`. */
const ticks_FEW_SLOTS = 4;
/** Returns all ticks of these crons within twice the horizon, so that each slot in it finds its tick. */
function ticksOf(crons, now) {
    const to = now + 2 * ticks_HORIZON;
    const all = crons.flatMap((cron) => (0,schedule_slots/* slotsBetween */.iF)(cron, { from: now, to, most: Number.POSITIVE_INFINITY }));
    return [...new Set(all)].sort((a, b) => a - b);
}
/** Compares a schedule with the ticks. Returns `null` if the schedule has no slot in the next 364 days. */
function fitTicks(schedule, ticks, now) {
    const within = (from, days) => (0,schedule_slots/* slotsBetween */.iF)(schedule, { from, to: from + days * ticks_DAY, most: Number.POSITIVE_INFINITY });
    const soon = within(now, SHORT_DAYS);
    const isRare = soon.length < ticks_FEW_SLOTS;
    const counted = isRare ? within(now, LONG_DAYS) : soon;
    if (counted.length === 0)
        return null;
    const days = isRare ? LONG_DAYS : SHORT_DAYS;
    const later = isRare ? [] : within(now + ticks_HORIZON / 2, SHORT_DAYS); // the other half of the year has the other time
    const waits = [...counted, ...later].flatMap((slot) => {
        const tick = tickAfter(ticks, slot);
        return tick === undefined ? [] : [{ slot, tick }];
    });
    const longest = waits.reduce((most, one) => (most === null || one.tick - one.slot > most.tick - most.slot ? one : most), null);
    return { longest, slots: counted.length, runs: new Set(counted.map((slot) => tickAfter(ticks, slot))).size, days };
}
/** Finds the first tick at or after a slot. */
function tickAfter(ticks, slot) {
    let low = 0;
    let high = ticks.length;
    while (low < high) {
        const middle = (low + high) >> 1;
        if (ticks[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return ticks[low];
}
/** Chooses the unit in which to tell that something happens `times` in `days` days. `per` writes any such number for one unit. */
function rateWords(times, days) {
    const [unit, length] = UNITS.find((one) => times / days >= 1 / one[1]) ?? YEAR;
    return { unit, per: (count) => String(rounded((count / days) * length)) };
}
const YEAR = ['year', LONG_DAYS];
const UNITS = [
    ['day', 1],
    ['week', 7],
    ['month', LONG_DAYS / 12],
];
function rounded(value) {
    return value < 9.95 ? Math.round(value * 10) / 10 : Math.round(value);
}
//# sourceMappingURL=ticks.js.map
;// CONCATENATED MODULE: ./build/command/scheduleAdvice.js
/** Compares the schedules of a configuration with the workflows that start it, and with each other. Pure. */






/** The longest time that a slot may wait for the workflow without a warning, ms. */
const LONGEST_WAIT_MS = 3_600_000;
/** Part of its slots that an instance may lose to shared ticks, as where a clock changes. */
const SHARED = 0.05;
/** Returns the advice on schedules: what no workflow starts, what waits long, and what is asked for too often. */
function adviseOnTicks(config, { workflows }, now) {
    const scheduled = config.instances.filter((one) => one.schedule !== null);
    const asking = config.instances.find((one) => one.schedule !== null || one.scheduleIsOpen);
    if (asking === undefined)
        return [];
    const starting = workflows.filter((one) => one.crons.length > 0 && usesFor(one, config.file).length > 0);
    if (starting.length === 0)
        return [noWorkflow(config, asking, workflows)];
    const fits = fitsBy(now);
    return scheduled.flatMap((one) => {
        const serving = starting.filter((workflow) => serves(workflow, config.file, one.id));
        if (serving.length === 0) {
            const message = `${one.id} has a \`schedule\`, but no workflow with a schedule runs it: the input \`instances\` of ${namesOf(starting)} leaves it out`;
            return [{ severity: 'warning', line: one.schedule.line, message }];
        }
        const fit = fits(one.schedule, serving);
        const words = fit === null ? null : misfitWords(one.schedule, fit, serving);
        return words === null ? [] : [{ severity: 'warning', line: one.schedule.line, message: `${one.id} ${words}` }];
    });
}
/** Returns the uses of a workflow that back up by this configuration, as far as its words tell. */
function usesFor({ uses }, file) {
    const own = external_node_path_.posix.normalize(file);
    return uses.filter(({ command, config }) => (command ?? 'backup') === 'backup' && (config ?? own) === own);
}
function serves(workflow, file, id) {
    return usesFor(workflow, file).some(({ instances }) => instances === null || instances.includes(id));
}
function noWorkflow(config, first, workflows) {
    const asking = config.instances.filter((one) => one.schedule !== null || one.scheduleIsOpen);
    const who = asking.length === 1 ? `${first.id} has a \`schedule\`` : `${asking.length} instances have a \`schedule\``;
    const others = workflows.filter((one) => one.crons.length > 0);
    const hint = others.length === 0 ? '' : ` (${namesOf(others)} has a schedule, and runs another command or another configuration)`;
    return {
        severity: 'warning',
        line: config.source.valueAt(['instances', first.index, 'schedule']).line,
        message: `${who}, but no workflow with a schedule runs \`command: backup\` with ${config.file}${hint}: nothing starts ${asking.length === 1 ? 'it' : 'them'}. Write \`on: schedule\` with a \`cron\` into the workflow`,
    };
}
/** Compares schedules with ticks: thousands of instances share a few schedules, and most of them all workflows. */
function fitsBy(now) {
    const ticks = new Map();
    const fits = new Map();
    return (schedule, serving) => {
        const who = namesOf(serving);
        const own = ticks.get(who) ?? ticksOf(cronsOf(serving), now);
        ticks.set(who, own);
        const key = `${who}\n${(0,slotWords/* scheduleWords */.l)(schedule)}`;
        const known = fits.get(key);
        const fit = known === undefined ? fitTicks(schedule, own, now) : known;
        fits.set(key, fit);
        return fit;
    };
}
/** Says what does not fit; `null` if all does. */
function misfitWords(schedule, fit, serving) {
    const { unit, per } = rateWords(fit.slots, fit.days);
    const crons = `${namesOf(serving)}: ${cronsOf(serving).map(slotWords/* scheduleWords */.l).join('; ')}`;
    const asksMore = fit.runs < fit.slots * (1 - SHARED);
    const rate = `asks for ${per(fit.slots)} runs a ${unit}, the workflow starts ${per(fit.runs)}`;
    const waitMs = fit.longest === null ? 0 : fit.longest.tick - fit.longest.slot;
    const slot = (0,slotWords/* slotWords */.S)(new Date(fit.longest?.slot ?? 0), schedule);
    const wait = waitMs > LONGEST_WAIT_MS ? `its slot of ${slot} waits ${(0,format/* limit */.AB)(waitMs)} for the next start` : null;
    if (asksMore)
        return `${rate} (${crons}): one run serves all slots since the start before${wait === null ? '' : `, and ${wait}`}. Let the workflow start more often, or the instance less`;
    return wait === null
        ? null
        : `waits for its workflow: ${wait} (${crons}). Choose a \`cron\` that comes soon after the \`schedule\``;
}
function cronsOf(workflows) {
    return workflows.flatMap(({ crons }) => crons);
}
function namesOf(workflows) {
    return workflows.map(({ path }) => path).join(', ');
}
/** Returns a warning for each two instances that stop the containers of one volume at the same slot. */
function adviseOnStops(config, now) {
    const stoppers = config.instances.flatMap((one) => {
        const { schedule } = one;
        if (schedule === null)
            return [];
        const host = writtenHost(config, one);
        return volumeTargets(config, one)
            .filter((target) => target.stops)
            .map(({ name }) => ({ id: one.id, schedule, volume: `${name}\n${host}` }));
    });
    return coincidences(stoppers, now).map(({ first, second, slot }) => ({
        severity: 'warning',
        line: second.schedule.line,
        message: `${second.id} and ${first.id} (line ${first.schedule.line}) both stop the containers of the volume ${second.volume.split('\n')[0]} at the same slot, next ${(0,slotWords/* slotWords */.S)(new Date(slot), second.schedule)}: the second waits for the first, and the application is down twice. Choose different times, or put the targets into one instance`,
    }));
}
/** Returns what is wrong in the workflow files, each at its own line. */
function adviseOnWorkflows({ problems }) {
    return problems.map(({ path, line, message }) => ({ severity: 'warning', file: path, line, message }));
}
/** Says how many workflows run this configuration, for the log. */
function workflowsWords(config, { workflows }) {
    const own = workflows.filter((one) => usesFor(one, config.file).length > 0);
    if (own.length === 0)
        return 'No workflow of this checkout runs it.';
    const crons = cronsOf(own).map(slotWords/* scheduleWords */.l);
    return `Run by ${(0,format/* count */.U9)(own.length, 'workflow')} (${namesOf(own)}): ${crons.length === 0 ? 'without a schedule' : crons.join('; ')}.`;
}
//# sourceMappingURL=scheduleAdvice.js.map
// EXTERNAL MODULE: ./build/command/workflowFiles.js
var workflowFiles = __webpack_require__(10762);
;// CONCATENATED MODULE: ./build/command/validate.js
/**
 * `validate`: checks the configuration, and the `script` of each instance, as far as the repository alone allows. Needs no Docker and no
 * variable's value.
 */

















/**
 * Prints what a valid configuration holds, and returns the exit code, 0. Throws `ConfigError` with all that is wrong in the file or, if
 * nothing is, with all that a run would refuse; `InputError` if the file cannot be read.
 */
async function validate(action) {
    const { console, event, env } = action;
    const config = await (0,loadConfiguration/* readConfig */.Xg)(action);
    const workflows = (0,readWorkflows/* readWorkflows */.L)(await (0,workflowFiles/* readWorkflowTexts */.Y)(event.workspace, env));
    const checked = await Promise.all(config.instances.map((raw) => checkInstance(action, config, raw)));
    const written = [...config.notices, ...imageNotice(config), ...checked.flatMap((one) => one.notices)];
    const advice = adviseOn(config, workflows, written);
    for (const { severity, message, file, line } of advice)
        await console[severity](message, { file: file ?? config.file, line });
    const issues = checked.flatMap((one) => one.issues);
    if (issues.length > 0)
        throw new errors/* ConfigError */.xL(config.file, (0,config_issues/* sortIssues */.V)(issues));
    const count = config.instances.length;
    await console.info(`${config.file} is valid: ${count} instance${count === 1 ? '' : 's'}.`);
    await console.info(workflowsWords(config, workflows));
    if (config.nodeNameVariables.length > 0)
        await console.info(`  nodeName needs ${config.nodeNameVariables.join(', ')}`);
    for (const instance of config.instances) {
        const needs = instance.variables.length === 0 ? 'needs no variables' : `needs ${instance.variables.join(', ')}`;
        await console.info(`  ${instance.id} (line ${instance.line}): ${scheduleOf(instance) ?? 'by hand'}, ${needs}`);
    }
    const changes = await changesAgainstBase(action, config);
    if (changes !== null)
        await console.info((0,configChanges/* changesWords */.l)(changes));
    await summarise(action, config, { advice, changes });
    return 0;
}
/** Collects all advice in the order in which it is told: of each kind GitHub shows ten, so that what matters most comes first. */
function adviseOn(config, workflows, written) {
    const now = Date.now();
    return [
        adviseOnSecrets(config),
        adviseOnTicks(config, workflows, now),
        adviseOnStops(config, now),
        adviseOnWorkflows(workflows),
        written.map((one) => ({ severity: 'notice', ...one })),
        adviseOnTags(config),
        adviseOnSharedTargets(config),
    ].flatMap(bounded);
}
/** Finds what a run of the instance would refuse (a script that cannot start), and what people should know. */
async function checkInstance(action, config, raw) {
    const script = writtenKey(config, raw, 'script');
    return script === undefined ? { issues: [], notices: [] } : checkScript(action, config, { raw, script });
}
async function checkScript({ event }, config, { raw, script }) {
    const issue = (message) => ({
        issues: [(0,config_issues/* issueAt */.NC)(config.source, ['instances', raw.index, 'script'], message)],
        notices: [],
    });
    const file = await (0,repositoryFiles/* readScript */.U)({ workspace: event.workspace, configFile: config.file }, script).catch((error) => {
        if (error instanceof errors/* InstanceError */.i2)
            return error;
        throw error;
    });
    if (file instanceof errors/* InstanceError */.i2)
        return issue(file.message);
    const { line } = config.source.valueAt(['instances', raw.index, 'script']);
    const entrypoint = writtenEntrypoint(config, raw);
    const problem = (0,scriptHead/* whyNotStartable */.AY)(file, entrypoint);
    // the image's own ENTRYPOINT is not known here, and may be Python's
    if (problem !== null && entrypoint === null && (0,scriptHead/* maySuitAnInterpreter */.GN)(file)) {
        const message = `script ${script} ${problem}. It does no harm if the image's ENTRYPOINT is an interpreter such as python3`;
        return { issues: [], notices: [{ message, line }] };
    }
    if (problem !== null)
        return issue(`script ${script} ${problem}`);
    return { issues: [], notices: (0,scriptHead/* goesOnAfterFailure */.iV)(file) ? [{ message: (0,scriptHead/* saysGoesOn */.ab)(`script ${script}`), line }] : [] };
}
/** Makes one notice for all images whose name in a registry could be given to another image; empty if there are none. */
function imageNotice(config) {
    const named = config.instances.flatMap((raw) => {
        const key = ['customImage', 'resticImage', 'helperImage'].find((one) => isForOthersToChange(config, raw, one));
        return key === undefined ? [] : [{ ...raw, key }];
    });
    const [first] = named;
    if (first === undefined)
        return [];
    const ids = named.map(({ id, key }) => (key === 'customImage' ? id : `${id} (${key})`)).join(', ');
    const message = `${ids}: the image is named by a tag, and whoever may push to that name decides what runs beside your data. A digest (image@sha256:…) always means the same image; one that is built on the host is best named localhost/…, for which no registry is asked`;
    return [{ message, line: config.source.valueAt(['instances', first.index, first.key]).line }];
}
/**
 * Tells whether somebody who may push to a registry could change which image runs: `key` names one without a digest, and a registry is
 * asked for it.
 */
function isForOthersToChange(config, raw, key) {
    const image = writtenKey(config, raw, key);
    if (image === undefined || writtenKey(config, raw, 'pull') === 'never')
        return false;
    return !(0,imageNames/* parseImageName */["if"])(image).isPinned && !(0,imageNames/* isOfHostOnly */.ao)(image);
}
/** Returns the text of a key of the instance, as `writtenAt` does. */
function writtenKey(config, raw, key) {
    return writtenAt(config, ['instances', raw.index, key]);
}
/** Returns the ENTRYPOINT that the instance sets; `null` if it sets none (the image's own counts), or if it contains a variable without a default. */
function writtenEntrypoint(config, raw) {
    const value = (0,yaml/* treeAt */.Ss)(config.tree, ['instances', raw.index, 'entrypoint']);
    const words = Array.isArray(value) ? value : [value ?? null];
    const filled = words.map((word) => (typeof word === 'string' ? byDefault(word) : null));
    return filled.every((word) => word !== null) ? filled.filter((word) => word !== '') : null;
}
async function summarise({ env, inputs, console }, config, { advice, changes }) {
    const summary = await (0,stepSummary/* openSummary */.F)(env);
    const markdown = (0,messagePages/* renderValid */.xM)({
        file: config.file,
        instances: config.instances.map((one) => ({ ...one, schedule: scheduleOf(one) })),
        // before it is escaped, which could hide a secret from a search
        advice: advice.map((one) => ({ ...one, file: one.file ?? null, message: console.redact(one.message) })),
        changes,
        config: (0,pages/* readPages */.n)(env, inputs.config).config,
        limitBytes: summary.roomBytes,
    });
    const unwritten = await summary.write(markdown);
    if (unwritten !== null)
        await console.warning(unwritten);
}
/** Writes the schedule, `0 4 * * * Europe/Berlin`; `null` if there is none; other words if it depends on variables. */
function scheduleOf({ schedule, scheduleIsOpen }) {
    if (scheduleIsOpen)
        return 'as its variables say';
    return schedule === null ? null : `${schedule.cron} ${schedule.timezone}`;
}
//# sourceMappingURL=validate.js.map

/***/ })

};

//# sourceMappingURL=350.index.js.map