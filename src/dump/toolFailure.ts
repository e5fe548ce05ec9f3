import { InstanceError } from '../errors.ts'

/** A dump tool, or a question to the database before it, failed in its own words: they may tell what to write in `dumpArgs`. */
export class ToolFailure extends InstanceError {}
