import { InstanceError } from '../errors.ts'

/** Says that a dump tool, or a question to the database before it, failed in its own words. The words may suggest what to write in `dumpArgs`. */
export class ToolFailure extends InstanceError {}
