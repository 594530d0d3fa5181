/** A Home Assistant for tests: a connection that is driven by hand, and miners. */
import type { FleetEvent, Miner, MinerRow, OperatorRow } from "../src/fleet";
import type { Connection, HomeAssistant } from "../src/ha";

export class FakeConnection implements Connection {
  readonly sent: string[] = [];
  ended = 0;
  refuses: Error | undefined;
  private listener: ((event: FleetEvent) => void) | undefined;
  private readonly handlers = new Map<string, Set<() => void>>();

  subscribeMessage(
    listener: (message: never) => void,
    command: { type: string },
  ): Promise<() => Promise<void>> {
    this.sent.push(command.type);
    if (this.refuses !== undefined) return Promise.reject(this.refuses);
    this.listener = listener as (event: FleetEvent) => void;
    return Promise.resolve(() => {
      this.ended += 1;
      return Promise.resolve();
    });
  }

  addEventListener(event: string, handler: () => void): void {
    this.handlers.set(event, (this.handlers.get(event) ?? new Set()).add(handler));
  }

  removeEventListener(event: string, handler: () => void): void {
    this.handlers.get(event)?.delete(handler);
  }

  emit(event: "ready" | "disconnected"): void {
    for (const handler of this.handlers.get(event) ?? []) handler();
  }

  send(event: FleetEvent): void {
    this.listener?.(event);
  }
}

export const OPERATOR: OperatorRow = {
  title: "Garage",
  device_id: "device-0",
  currency: "EUR",
  mode: "auto",
  interval_s: 30,
  energy_price: 0.065,
  problems: [],
  reviews: 0,
  plan_seq: null,
  next_change: null,
  ledger_records: 1,
  ledger_broken: false,
};

export function row(name: string, fields: Partial<MinerRow> = {}): MinerRow {
  return {
    name,
    device_id: `device-${name}`,
    entity_id: `switch.${name}`,
    rate_entity_id: `sensor.${name}`,
    make: "Antminer",
    model: "S19",
    contact: true,
    mining: true,
    pending: null,
    held_until_ms: null,
    sentence: `Running: ${name}`,
    level: null,
    hashrate_ths: 100,
    expected_ths: null,
    power_w: 3250,
    temperature_c: 60,
    limit_c: 80,
    profit_per_day: 1.5,
    problems: [],
    ...fields,
  };
}

export function miner(name: string, fields: Partial<MinerRow> = {}): Miner {
  return { ...row(name, fields), id: name, operator_id: "site", currency: "EUR" };
}

export function full(miners: Record<string, MinerRow>): FleetEvent {
  return { operator_id: "site", operator: OPERATOR, miners, removed: [], full: true };
}

export interface Called {
  domain: string;
  service: string;
  entity_id: string | undefined;
}

export function house(
  connection: Connection = new FakeConnection(),
  answers: Record<string, unknown> = {},
): HomeAssistant & { called: Called[] } {
  const called: Called[] = [];
  return {
    connection,
    language: "en",
    locale: { language: "en-GB", number_format: "language", time_format: "language" },
    config: { time_zone: "UTC" },
    devices: {},
    entities: {},
    called,
    localize: (key): string =>
      key.endsWith("problem.state_attributes.reason.state.overheat") ? "Overheated" : "",
    callWS: <T>(command: { type: string }): Promise<T> =>
      Promise.resolve((answers[command.type] ?? {}) as T),
    callService: (domain, service, _data, target): Promise<unknown> => {
      called.push({ domain, service, entity_id: target?.entity_id });
      return Promise.resolve();
    },
  };
}
