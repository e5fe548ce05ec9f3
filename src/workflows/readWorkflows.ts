/** Reads workflow files: which of them run this action, when, and with what. Pure. */
import { posix } from 'node:path'
import { excerpt } from '../config/excerpt.ts'
import type { Schedule } from '../config/model.ts'
import { isTreeMap, type Path, readTree, type Tree, treeAt, type YamlSource } from '../config/yaml.ts'
import { type ActionUse, type LocalUse, looksLikeOurs, type UsedThing, useOf } from './actionUse.ts'
import { readWorkflowCron } from './workflowCron.ts'

/** A file of the repository, its path with `/` and from the root. */
export interface WorkflowText {
  readonly path: string
  readonly text: string
}

/** A workflow file that runs this action, itself or by a file of the repository that it calls. */
export interface WorkflowFile {
  readonly path: string
  /** Names of the events that start it, in the order of the file. */
  readonly triggers: readonly string[]
  /** Crons by which it is started. Those that start nothing are left out. `problems` tells of them, and of those that GitHub may refuse. */
  readonly crons: readonly Schedule[]
  readonly uses: readonly ActionUse[]
}

/** Something wrong in a workflow file. `line` is 1-based. */
export interface WorkflowProblem {
  readonly path: string
  readonly line: number
  readonly message: string
}

export interface Workflows {
  readonly workflows: readonly WorkflowFile[]
  readonly problems: readonly WorkflowProblem[]
}

interface ParsedFile {
  readonly path: string
  readonly source: YamlSource
  readonly uses: readonly UsedThing[]
}

/** Number of files of the repository through which a call is followed: GitHub allows ten levels of workflows. */
const MOST_LEVELS = 10

/**
 * Reads workflow files, and the `action.yml` of local actions that they use. Never throws: a file that is no YAML is a problem, if it speaks
 * of Marina at all. Files are told apart by their paths: those in a folder `workflows` are workflows.
 */
export function readWorkflows(texts: readonly WorkflowText[]): Workflows {
  const files = new Map<string, ParsedFile>()
  const problems: WorkflowProblem[] = []
  for (const { path, text } of texts) {
    const source = readTree(text)
    const [issue] = source.issues
    if (issue === undefined) files.set(path, { path, source, uses: usesIn(source) })
    else if (/marina/i.test(text))
      problems.push({
        path,
        line: issue.line,
        message: `the workflow cannot be read, and GitHub does not start it: ${issue.message}`,
      })
  }
  const workflows: WorkflowFile[] = []
  for (const file of files.values()) {
    const uses = isWorkflow(file.path) ? ownUses(file, files, []) : []
    if (uses.length === 0) continue
    const { crons, wrong } = cronsOf(file)
    workflows.push({ path: file.path, triggers: triggersOf(file.source.tree), crons, uses })
    problems.push(...wrong)
  }
  return { workflows, problems }
}

/** Tells whether a path is that of a workflow file. */
function isWorkflow(path: string): boolean {
  return /(?:^|\/)workflows\/[^/]+\.ya?ml$/.test(path)
}

/**
 * Returns the uses of this action in a file: its own, and those of the files of the repository that it calls. An unread one counts if it
 * looks like ours.
 */
function ownUses(
  file: ParsedFile,
  files: ReadonlyMap<string, ParsedFile>,
  callers: readonly string[],
): readonly ActionUse[] {
  if (callers.includes(file.path) || callers.length > MOST_LEVELS) return []
  return file.uses.flatMap((used): readonly ActionUse[] => {
    if (used.kind === 'ours') return [used.use]
    const called = calledFile(used, files)
    if (called === undefined) return looksLikeOurs(used) ? [used.use] : []
    const inner = ownUses(called, files, [...callers, file.path])
    // the caller's own words count where the called file passes them on
    return inner.map((use) => ({ ...use, ...passedOn(used.use, use), line: used.use.line }))
  })
}

/** Returns the configuration, command and instances of the called file, with the caller's literal values for those that it leaves open. */
function passedOn(caller: ActionUse, called: ActionUse): Partial<ActionUse> {
  return {
    config: called.config ?? (caller.isSet.config ? caller.config : null),
    command: called.command ?? (caller.isSet.command ? caller.command : null),
    instances: called.instances ?? caller.instances,
  }
}

function calledFile(used: LocalUse, files: ReadonlyMap<string, ParsedFile>): ParsedFile | undefined {
  const path = posix.normalize(used.path)
  return [path, `${path}/action.yml`, `${path}/action.yaml`]
    .map((one) => files.get(one))
    .find((one) => one !== undefined)
}

/** Finds all that a file uses: in the jobs of a workflow and their steps, or in the steps of an action. */
function usesIn(source: YamlSource): readonly UsedThing[] {
  const { tree } = source
  const found: UsedThing[] = []
  const add = (node: Tree | undefined, path: Path) => {
    const used = isTreeMap(node) ? useOf(node, source.valueAt([...path, 'uses']).line) : null
    if (used !== null) found.push(used)
  }
  const addSteps = (steps: Tree | undefined, path: Path) => {
    if (Array.isArray(steps)) for (const [index, step] of steps.entries()) add(step as Tree, [...path, index])
  }
  const jobs = treeAt(tree, ['jobs'])
  if (isTreeMap(jobs)) {
    for (const [name, job] of Object.entries(jobs)) {
      add(job, ['jobs', name])
      addSteps(treeAt(job, ['steps']), ['jobs', name, 'steps'])
    }
  }
  addSteps(treeAt(tree, ['runs', 'steps']), ['runs', 'steps'])
  return found
}

function triggersOf(tree: Tree | undefined): readonly string[] {
  const on = treeAt(tree, ['on'])
  if (typeof on === 'string') return [on]
  if (Array.isArray(on)) return on.filter((one: Tree): one is string => typeof one === 'string')
  return isTreeMap(on) ? Object.keys(on) : []
}

function cronsOf({ path, source }: ParsedFile): { crons: readonly Schedule[]; wrong: readonly WorkflowProblem[] } {
  const entries = treeAt(source.tree, ['on', 'schedule'])
  const crons: Schedule[] = []
  const wrong: WorkflowProblem[] = []
  if (!Array.isArray(entries)) return { crons, wrong }
  for (const [index, entry] of entries.entries()) {
    const at = ['on', 'schedule', index]
    const cron = treeAt(entry as Tree, ['cron'])
    const timezone = treeAt(entry as Tree, ['timezone'])
    const { line } = source.valueAt([...at, 'cron'])
    if (typeof cron !== 'string') {
      wrong.push({ path, line, message: 'this entry of `schedule` has no `cron`, and starts nothing' })
      continue
    }
    const { schedule, problem } = readWorkflowCron(cron, typeof timezone === 'string' ? timezone : undefined, line)
    if (schedule !== null) crons.push(schedule)
    if (problem !== null) wrong.push({ path, line, message: `the cron ${excerpt(problem, 500)}` })
  }
  return { crons, wrong }
}
