/** What one route was asked, and how that may have been counted. */
interface Account {
  /** By the status that the client saw, or that there can only be. */
  certain: Map<number, number>;
  /** Requests whose client left when they may have been answered, or not. */
  open: number;
}

/** What was sent to a server, for a comparison with what it counted. */
export class Ledger {
  readonly #accounts = new Map<string, Account>();

  /** A request that was, or must have been, counted with this status. */
  add(route: string, status: number): void {
    const { certain } = this.#account(route);
    certain.set(status, (certain.get(status) ?? 0) + 1);
  }

  /** A request whose client left after it was sent as a whole. */
  addOpen(route: string): void {
    this.#account(route).open++;
  }

  get total(): number {
    let total = 0;
    for (const { certain, open } of this.#accounts.values()) {
      total += open;
      for (const count of certain.values()) total += count;
    }
    return total;
  }

  /** Where the server's `/metrics` say something else, in words. */
  differences(metrics: string): string[] {
    const counted = new Map<string, Map<number, number>>();
    for (const [, route, status, count] of metrics.matchAll(
      /^slipway_requests_total\{route="(\w+)",status="(\d+)"\} (\d+)$/gm,
    )) {
      const statuses = counted.get(route as string) ?? new Map<number, number>();
      counted.set(route as string, statuses.set(Number(status), Number(count)));
    }
    const words: string[] = [];
    for (const route of new Set([...counted.keys(), ...this.#accounts.keys()])) {
      const { certain, open } = this.#account(route);
      const statuses = counted.get(route) ?? new Map<number, number>();
      let surplus = 0;
      for (const status of new Set([...statuses.keys(), ...certain.keys()])) {
        const difference = (statuses.get(status) ?? 0) - (certain.get(status) ?? 0);
        if (difference < 0 || (difference > 0 && !openStatuses.has(status)))
          words.push(
            `${route} ${status}: ${statuses.get(status) ?? 0} counted, ${certain.get(status) ?? 0} sent`,
          );
        surplus += difference;
      }
      if (surplus !== open)
        words.push(`${route}: ${surplus} counted beyond what was answered, ${open} clients left`);
    }
    return words;
  }

  #account(route: string): Account {
    let account = this.#accounts.get(route);
    if (!account) this.#accounts.set(route, (account = { certain: new Map(), open: 0 }));
    return account;
  }
}

/** A client that leaves may be answered before the server knows, or when the worker has just been killed. */
const openStatuses = new Set([200, 499, 503]);
