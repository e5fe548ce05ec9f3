/** Groups instances by the host that runs them. A host is a set of runner labels (`runsOn`). Pure. */

export interface RunnerHost {
  /** Name of the host: its labels, in small letters and without those that many runners have: `nas` for `[self-hosted, linux, NAS]`. */
  readonly name: string
  /** The labels as the first of its instances writes them. */
  readonly runsOn: readonly string[]
}

/** The labels of an instance without `runsOn`. */
const DEFAULT_LABELS: readonly string[] = ['self-hosted']

/** Labels that say nothing of which host it is. */
const COMMON = ['self-hosted', 'linux', 'x64', 'x86', 'arm', 'arm64']

/** Returns the host of each instance, in their order. Two hosts whose short names would be equal are named by all their labels. */
export function hostsOf(instances: readonly { readonly runsOn: readonly string[] }[]): readonly RunnerHost[] {
  const hosts = new Map<string, RunnerHost>()
  for (const { runsOn } of instances) {
    const labels = runsOn.length === 0 ? DEFAULT_LABELS : runsOn
    const key = hostKey(labels)
    if (!hosts.has(key)) hosts.set(key, { name: shortName(labels), runsOn: labels })
  }
  const counts = new Map<string, number>()
  for (const { name } of hosts.values()) counts.set(name, (counts.get(name) ?? 0) + 1)
  for (const [key, host] of hosts) {
    if ((counts.get(host.name) ?? 0) > 1) hosts.set(key, { ...host, name: key.split(' ').join('-') })
  }
  return instances.map(({ runsOn }) => hosts.get(hostKey(runsOn)) as RunnerHost)
}

/** Returns the different hosts of `hosts`, in their order. */
export function distinctHosts(hosts: readonly RunnerHost[]): readonly RunnerHost[] {
  return [...new Map(hosts.map((host) => [host.name, host])).values()]
}

/** Tells whether `word` of the input `host` means this host: its name or, if no host has that name, any of its labels. */
export function isMeant(word: string, host: RunnerHost, all: readonly RunnerHost[]): boolean {
  const lower = word.toLowerCase()
  if (all.some(({ name }) => name === lower)) return host.name === lower
  return host.runsOn.some((label) => label.toLowerCase() === lower)
}

/** Returns a text that is the same for the same set of runner labels. */
export function hostKey(runsOn: readonly string[]): string {
  const labels = runsOn.length === 0 ? DEFAULT_LABELS : runsOn
  return [...new Set(labels.map((label) => label.toLowerCase()))].sort().join(' ')
}

function shortName(labels: readonly string[]): string {
  const own = labels.map((label) => label.toLowerCase()).filter((label) => !COMMON.includes(label))
  return own.length === 0 ? 'self-hosted' : [...new Set(own)].join('-')
}
