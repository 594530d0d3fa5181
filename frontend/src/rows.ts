/** Which miners are shown, in which order, and what the headline makes of them. */
import type { Miner } from "./fleet";

export type Tone = "good" | "idle" | "busy" | "warn" | "bad";
export type Filter = "all" | "mining" | "off" | "attention";
export type SortKey = "attention" | "name" | "hashrate" | "temperature" | "profit" | "power";
export type GroupKey = "none" | "label" | "make" | "operator";

export interface Sort {
  key: SortKey;
  descending: boolean;
}

export interface Totals {
  miners: number;
  mining: number;
  hashrate_ths: number | null;
  power_w: number | null;
  /** Currency to sum. */
  profit: Map<string, number>;
  tones: Record<Tone, number>;
}

/** Near its limit from here on, in °C. */
export const WARM_BELOW_LIMIT_C = 5;

export function tone(miner: Miner): Tone {
  if (!miner.contact) return "bad";
  if (miner.problems.includes("overheat")) return "bad";
  if (miner.problems.length > 0) return "warn";
  if (miner.pending !== null) return "busy";
  return miner.mining === true ? "good" : "idle";
}

export function needsAttention(miner: Miner): boolean {
  return !miner.contact || miner.problems.length > 0;
}

export function heat(miner: Miner): "cool" | "warm" | "hot" | undefined {
  if (miner.temperature_c === null) return undefined;
  if (miner.temperature_c >= miner.limit_c) return "hot";
  return miner.temperature_c >= miner.limit_c - WARM_BELOW_LIMIT_C ? "warm" : "cool";
}

export function matches(miner: Miner, filter: Filter): boolean {
  if (filter === "mining") return miner.mining === true;
  if (filter === "off") return miner.mining !== true;
  return filter === "all" || needsAttention(miner);
}

export function says(miner: Miner, text: string): boolean {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return true;
  return [miner.name, miner.make, miner.model, miner.sentence, miner.level].some((item) =>
    item?.toLowerCase().includes(wanted),
  );
}

const TONES: Tone[] = ["bad", "warn", "busy", "good", "idle"];
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

const VALUES: Record<Exclude<SortKey, "name">, (miner: Miner) => number | null> = {
  attention: (miner) => TONES.indexOf(tone(miner)),
  hashrate: (miner) => miner.hashrate_ths,
  temperature: (miner) => miner.temperature_c,
  profit: (miner) => miner.profit_per_day,
  power: (miner) => miner.power_w,
};

/** Compares two miners; unknown values come last whatever the direction. */
function compare(sort: Sort): (a: Miner, b: Miner) => number {
  const byName = (a: Miner, b: Miner): number => collator.compare(a.name, b.name);
  const sign = sort.descending ? -1 : 1;
  if (sort.key === "name") return (a, b) => sign * byName(a, b);
  const value = VALUES[sort.key];
  return (a, b) => {
    const left = value(a);
    const right = value(b);
    if (left === null || right === null) {
      return left === right ? byName(a, b) : left === null ? 1 : -1;
    }
    return sign * (left - right) || byName(a, b);
  };
}

export interface Shown {
  filter: Filter;
  text: string;
  sort: Sort;
  group: GroupKey;
}

/** A row of the list: a miner, or the heading of a group. */
export type Item = { miner: Miner } | { heading: string; key: string; miners: Miner[] };

export function select(
  miners: Iterable<Miner>,
  shown: Shown,
  groupOf: (miner: Miner) => string,
): Item[] {
  const found = [...miners]
    .filter((miner) => matches(miner, shown.filter) && says(miner, shown.text))
    .sort(compare(shown.sort));
  if (shown.group === "none") return found.map((miner) => ({ miner }));
  const groups = new Map<string, Miner[]>();
  for (const miner of found) {
    const heading = groupOf(miner);
    const own = groups.get(heading);
    if (own === undefined) groups.set(heading, [miner]);
    else own.push(miner);
  }
  return [...groups.keys()].sort((a, b) => collator.compare(a, b)).flatMap((heading) => {
    const own = groups.get(heading) ?? [];
    return [{ heading, key: `group:${heading}`, miners: own }, ...own.map((miner) => ({ miner }))];
  });
}

/** Sums what is known; null when nothing is. */
function sum(miners: Miner[], value: (miner: Miner) => number | null): number | null {
  const known = miners.map(value).filter((item) => item !== null);
  return known.length > 0 ? known.reduce((total, item) => total + item, 0) : null;
}

export function totals(all: Iterable<Miner>): Totals {
  const miners = [...all];
  const profit = new Map<string, number>();
  const tones: Record<Tone, number> = { good: 0, idle: 0, busy: 0, warn: 0, bad: 0 };
  for (const miner of miners) {
    tones[tone(miner)] += 1;
    if (miner.profit_per_day !== null) {
      profit.set(miner.currency, (profit.get(miner.currency) ?? 0) + miner.profit_per_day);
    }
  }
  return {
    miners: miners.length,
    mining: miners.filter((miner) => miner.mining === true).length,
    hashrate_ths: sum(miners, (miner) => miner.hashrate_ths),
    power_w: sum(miners, (miner) => miner.power_w),
    profit,
    tones,
  };
}
