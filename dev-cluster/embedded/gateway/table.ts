/** The routes of some listeners, found by host: what the data plane asks for each request. */
import type { ListenerReport, RouteEntry } from './attach.ts';
import { comparePrecedence, hostMatches, hostSpecificity, type RequestFacts } from './routing.ts';

/** The listeners of one Gateway and port: they share it by host name. */
export type ListenerGroup = readonly ListenerReport[];

/** Hosts come from clients: a table remembers this many, then begins anew. */
const MOST_HOSTS = 1000;

export class RouteTable {
  readonly #groups: readonly ListenerGroup[];
  readonly #byHost = new Map<string, readonly RouteEntry[]>();

  constructor(groups: readonly ListenerGroup[]) {
    this.#groups = groups;
  }

  /** `host` in lower case, without a port. */
  find(host: string, request: RequestFacts): RouteEntry | undefined {
    for (const entry of this.#entries(host)) if (entry.match.matches(request)) return entry;
    return undefined;
  }

  /** True when a route names this host, exactly or by a wildcard. */
  isNamed(host: string): boolean {
    return this.#entries(host).some(({ hostname }) => hostname !== '');
  }

  #entries(host: string): readonly RouteEntry[] {
    const known = this.#byHost.get(host);
    if (known !== undefined) return known;
    const entries = this.#groups
      .flatMap((group) => mostSpecific(group, host)?.entries ?? [])
      .filter(({ hostname }) => hostMatches(hostname, host))
      .sort((a, b) => hostSpecificity(b.hostname) - hostSpecificity(a.hostname) || comparePrecedence(a, b));
    if (this.#byHost.size >= MOST_HOSTS) this.#byHost.clear();
    this.#byHost.set(host, entries);
    return entries;
  }
}

/** A request belongs to the listener with the most specific host name alone. */
function mostSpecific(group: ListenerGroup, host: string): ListenerReport | undefined {
  let best: ListenerReport | undefined;
  for (const report of group) {
    const { hostname } = report.listener;
    if (!report.isUsable || !hostMatches(hostname, host)) continue;
    if (best === undefined || hostSpecificity(hostname) > hostSpecificity(best.listener.hostname))
      best = report;
  }
  return best;
}
