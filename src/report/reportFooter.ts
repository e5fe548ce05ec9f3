/** Draws the links on the page of a restore or a drill. Pure. */
import { inline, link } from './markdown.ts'
import type { PageLinks } from './pageLinks.ts'

export type ReportLinks = Pick<PageLinks, 'workflow' | 'config' | 'report' | 'logs'>

interface Named {
  readonly host: string
  readonly configFile: string
}

/** Returns a link to an instance's line of the configuration, in brackets behind a sentence; empty without that page. */
export function lineLink({ configFile }: Named, line: number, { config }: ReportLinks): string {
  const at = link(`${configFile} line ${line}`, config === null ? null : `${config}#L${line}`)
  return at === null ? '' : ` (${at})`
}

/** Draws where the report, the logs and the configuration are, and which host it was. */
export function reportFooter({ host, configFile }: Named, links: ReportLinks): string {
  const parts = [
    `Host ${inline(host)}`,
    link(links.logs === null ? 'report' : 'report and logs', links.report),
    link(configFile, links.config),
  ]
  return `<sub>${parts.filter((part) => part !== null).join(' · ')}</sub>`
}
