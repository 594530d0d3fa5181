/** Past hash rates for the small curves in the list: of the rows in sight, kept for minutes. */
import type { HomeAssistant } from "./ha";

const HOURS = 6;
const NEW_HOURS = 0.5;
const KEPT_MS = 5 * 60_000;
const TOO_FEW = 4;
const POINTS = 48;

interface Kept {
  at_ms: number;
  values: number[];
}

type Statistics = Record<string, { mean: number | null }[]>;
type History = Record<string, { s: string }[]>;

export class Curves {
  private readonly kept = new Map<string, Kept>();

  of(entityId: string | null): number[] {
    return (entityId === null ? undefined : this.kept.get(entityId)?.values) ?? [];
  }

  /** Loads what is missing or old; returns whether anything was. */
  async load(hass: HomeAssistant, entityIds: string[]): Promise<boolean> {
    const now = Date.now();
    const wanted = entityIds.filter((id) => now - (this.kept.get(id)?.at_ms ?? 0) > KEPT_MS);
    if (wanted.length === 0) return false;
    for (const id of wanted) this.kept.set(id, { at_ms: now, values: this.of(id) });
    const found = await this.statistics(hass, wanted, now);
    const fresh = wanted.filter((id) => (found.get(id)?.length ?? 0) < TOO_FEW);
    if (fresh.length > 0) {
      for (const [id, values] of await this.states(hass, fresh, now)) found.set(id, values);
    }
    for (const [id, values] of found) this.kept.set(id, { at_ms: now, values: thinned(values) });
    return true;
  }

  private async statistics(
    hass: HomeAssistant,
    ids: string[],
    now: number,
  ): Promise<Map<string, number[]>> {
    try {
      const answer = await hass.callWS<Statistics>({
        type: "recorder/statistics_during_period",
        start_time: new Date(now - HOURS * 3_600_000).toISOString(),
        statistic_ids: ids,
        period: "5minute",
        types: ["mean"],
      });
      const means = (points: Statistics[string]): number[] =>
        points.map((point) => point.mean).filter((mean) => mean !== null);
      return new Map(Object.entries(answer).map(([id, points]) => [id, means(points)]));
    } catch {
      return new Map();
    }
  }

  private async states(
    hass: HomeAssistant,
    ids: string[],
    now: number,
  ): Promise<Map<string, number[]>> {
    try {
      const answer = await hass.callWS<History>({
        type: "history/history_during_period",
        start_time: new Date(now - NEW_HOURS * 3_600_000).toISOString(),
        entity_ids: ids,
        minimal_response: true,
        no_attributes: true,
      });
      const numbers = (points: History[string]): number[] =>
        points.map((point) => Number.parseFloat(point.s)).filter(Number.isFinite);
      return new Map(Object.entries(answer).map(([id, points]) => [id, numbers(points)]));
    } catch {
      // Without a recorder there are no curves.
      return new Map();
    }
  }
}

/** At most POINTS values, each the mean of its share. */
export function thinned(values: number[], points = POINTS): number[] {
  if (values.length <= points) return values;
  return Array.from({ length: points }, (_, index) => {
    const from = Math.floor((index * values.length) / points);
    const share = values.slice(from, Math.floor(((index + 1) * values.length) / points));
    return share.reduce((total, value) => total + value, 0) / share.length;
  });
}

export interface Box {
  width: number;
  height: number;
}

/** Keeps a steady curve off the upper edge. */
const HEADROOM = 1.25;

/** An SVG path from zero up, so that a dip looks as deep as it is. */
export function path(values: number[], box: Box): { line: string; area: string } | undefined {
  if (values.length < 2) return undefined;
  const top = Math.max(...values) * HEADROOM;
  if (top <= 0) return undefined;
  const points = values.map((value, index) => {
    const x = (index / (values.length - 1)) * box.width;
    const y = box.height - (Math.max(value, 0) / top) * box.height;
    return `${x.toFixed(1)},${y.toFixed(1)}`;
  });
  const line = `M${points.join("L")}`;
  return { line, area: `${line}L${box.width},${box.height}L0,${box.height}Z` };
}
