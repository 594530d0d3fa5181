/** What the backend tells of one miner beside its row. */
import type { HomeAssistant } from "./ha";
import type { Segment } from "./plan-card";

export interface Board {
  index: number;
  hashrate_ths: number | null;
  temperature_c: number | null;
  chip_temperature_c: number | null;
  chips_working: number | null;
  chips_expected: number | null;
  enabled: boolean | null;
}

/** What one level brought so far. */
export interface Level {
  name: string;
  hashrate_ths: number | null;
  power_w: number | null;
  efficiency_j_per_th: number | null;
  measured_s: number;
}

export interface Details {
  firmware: string | null;
  hostname: string | null;
  actions: string[];
  entities: Record<string, string | undefined>;
  held_by: string | null;
  latched: boolean;
  revenue_per_day: number | null;
  cost_per_day: number | null;
  break_even: number | null;
  boards: Board[];
  temperatures: Record<string, number>;
  fans_rpm: number[];
  uptime_s: number | null;
  shares_accepted: number | null;
  shares_rejected: number | null;
  pool: string | null;
  /** When it is to run from now on; empty without a plan. */
  plan: Segment[];
  levels: Level[];
  may_read_ledger: boolean;
}

export function load(
  hass: HomeAssistant,
  operatorId: string,
  minerId: string,
): Promise<Details> {
  return hass.callWS<Details>({
    type: "aiep_miner/fleet/miner",
    operator_id: operatorId,
    miner_id: minerId,
  });
}
