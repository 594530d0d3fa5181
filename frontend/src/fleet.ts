/** The fleet as the backend describes it, kept by one subscription that all cards share. */
import type { Connection } from "./ha";

export interface OperatorRow {
  title: string;
  device_id: string | null;
  currency: string;
  mode: "auto" | "manual";
  interval_s: number;
  energy_price: number | null;
  problems: string[];
  reviews: number;
  /** The number of the plan's record; null without a plan. */
  plan_seq: number | null;
  /** What the plan changes next, as a sentence. */
  next_change: string | null;
  ledger_records: number;
  ledger_broken: boolean;
}

export interface MinerRow {
  name: string;
  device_id: string | null;
  entity_id: string | null;
  rate_entity_id: string | null;
  make: string | null;
  model: string | null;
  contact: boolean;
  mining: boolean | null;
  pending: string | null;
  held_until_ms: number | null;
  sentence: string | null;
  level: string | null;
  hashrate_ths: number | null;
  expected_ths: number | null;
  power_w: number | null;
  temperature_c: number | null;
  limit_c: number;
  profit_per_day: number | null;
  problems: string[];
}

export interface Miner extends MinerRow {
  id: string;
  operator_id: string;
  currency: string;
}

export interface FleetEvent {
  operator_id: string;
  /** null when the operator does not run any more. */
  operator: Partial<OperatorRow> | null;
  miners: Record<string, Partial<MinerRow>>;
  removed: string[];
  full?: boolean;
}

export const COMMAND = "aiep_miner/fleet/subscribe";
const RETRY_MS = 2000;

export class Fleet {
  readonly operators = new Map<string, OperatorRow>();
  readonly miners = new Map<string, Miner>();
  /** Whether anything has arrived yet. */
  known = false;
  /** Why nothing arrives; undefined while it does. */
  error: string | undefined;
  private readonly listeners = new Set<() => void>();
  private end: (() => Promise<void>) | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;

  constructor(private readonly connection: Connection) {}

  /** Calls a listener after each change, until the returned function is called. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    if (this.listeners.size === 1) this.begin();
    return (): void => {
      this.listeners.delete(listener);
      if (this.listeners.size === 0) this.stop();
    };
  }

  apply(event: FleetEvent): void {
    this.known = true;
    const id = event.operator_id;
    if (event.operator === null || event.full === true) this.forget(id);
    if (event.operator !== null) {
      const operator = { ...this.operators.get(id), ...event.operator } as OperatorRow;
      this.operators.set(id, operator);
      for (const [key, fields] of Object.entries(event.miners)) {
        const known = this.miners.get(key);
        const own = { id: key, operator_id: id, currency: operator.currency };
        this.miners.set(key, { ...known, ...fields, ...own } as Miner);
      }
      for (const key of event.removed) this.miners.delete(key);
    }
    this.tell();
  }

  private forget(operatorId: string): void {
    this.operators.delete(operatorId);
    for (const miner of this.miners.values()) {
      if (miner.operator_id === operatorId) this.miners.delete(miner.id);
    }
  }

  private begin(): void {
    this.connection.addEventListener("ready", this.restart);
    this.connection.addEventListener("disconnected", this.lost);
    void this.subscribe();
  }

  private stop(): void {
    this.connection.removeEventListener("ready", this.restart);
    this.connection.removeEventListener("disconnected", this.lost);
    clearTimeout(this.retry);
    this.attempt += 1;
    void this.end?.().catch(() => undefined);
    this.end = undefined;
    this.known = false;
    this.operators.clear();
    this.miners.clear();
  }

  /** Home Assistant is back: it may not have set the integration up yet. */
  private readonly restart = (): void => {
    this.end = undefined;
    void this.subscribe();
  };

  private readonly lost = (): void => {
    this.error = "disconnected";
    this.tell();
  };

  private async subscribe(): Promise<void> {
    clearTimeout(this.retry);
    const attempt = (this.attempt += 1);
    let first = true;
    const listener = (event: FleetEvent): void => {
      if (attempt !== this.attempt) return;
      if (first) {
        this.operators.clear();
        this.miners.clear();
        first = false;
      }
      this.apply(event);
    };
    try {
      const end = await this.connection.subscribeMessage(
        listener,
        { type: COMMAND },
        { resubscribe: false },
      );
      if (attempt !== this.attempt) {
        await end().catch(() => undefined);
        return;
      }
      this.end = end;
      this.error = undefined;
    } catch (err) {
      if (attempt !== this.attempt) return;
      this.error = (err as { code?: string }).code ?? "unknown";
      this.retry = setTimeout(() => void this.subscribe(), RETRY_MS);
    }
    this.tell();
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }
}

const fleets = new WeakMap<Connection, Fleet>();

/** Returns the one fleet of a connection. */
export function fleetOf(connection: Connection): Fleet {
  let fleet = fleets.get(connection);
  if (fleet === undefined) fleets.set(connection, (fleet = new Fleet(connection)));
  return fleet;
}
