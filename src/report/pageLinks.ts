/** Addresses of the pages that a summary leads to; `null` if there is no such page. */
export interface PageLinks {
  /** The forge itself, without a slash at its end. */
  readonly server: string | null
  /** The workflow's page, with its button "Run workflow". */
  readonly workflow: string | null
  /** True if that workflow has an input `instances`; `null` if that is not known. */
  readonly takesInstances: boolean | null
  /** The configuration at the commit of this run. */
  readonly config: string | null
  /** The artifact with `report.json`. */
  readonly report: string | null
  /** The artifact with the logs. */
  readonly logs: string | null
}
