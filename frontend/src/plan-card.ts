/** The plan of the next days: prices ahead, and when each miner runs, with the reason. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { FleetElement, operatorForm } from "./element";
import { clock, money, price, span } from "./format";
import type { HomeAssistant } from "./ha";
import { base } from "./look";
import { planStyle } from "./plan-style";
import { say } from "./words";

export interface PlanConfig {
  type: string;
  operator_id?: string;
}

export interface Segment {
  from: string;
  until: string;
  runs: boolean;
  level: string | null;
  power_w: number;
  sentence: string;
  value: number;
  energy_price_per_kwh: number;
  break_even_per_kwh: number;
  guessed: boolean;
}

export interface Plan {
  currency: string;
  total: number;
  made_at: string;
  until: string;
  prices_known_until: string;
  energy_prices: { from: string; price_per_kwh: number; guessed: boolean }[];
  miners: { miner_id: string; name: string; segments: Segment[] }[];
}

interface Axis {
  from_ms: number;
  until_ms: number;
}

const HOUR_MS = 3_600_000;
const TICK_HOURS = [1, 3, 6, 12, 24];
const MAX_TICKS = 9;
const MAX_LANES = 60;
const BOX = { width: 1000, height: 100 };

const share = (axis: Axis, at_ms: number): number =>
  ((Math.min(Math.max(at_ms, axis.from_ms), axis.until_ms) - axis.from_ms) /
    (axis.until_ms - axis.from_ms)) *
  100;

export class PlanCard extends FleetElement<PlanConfig> {
  static override styles = [base, planStyle];
  static override properties = {
    ...FleetElement.properties,
    plans: { state: true },
    chosen: { state: true },
  };

  /** By operator; null where it has no plan. */
  declare plans: Map<string, Plan | null>;
  declare chosen: { name: string; segment: Segment } | undefined;

  private asked = new Map<string, number | null>();

  constructor() {
    super();
    this.plans = new Map();
  }

  static getConfigForm = operatorForm;

  getCardSize(): number {
    return 8;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: "full", min_columns: 6 };
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    for (const [id, operator] of this.fleet?.operators ?? []) {
      if (this.config?.operator_id && this.config.operator_id !== id) continue;
      if (this.asked.get(id) === operator.plan_seq) continue;
      this.asked.set(id, operator.plan_seq);
      void this.load(id);
    }
  }

  private async load(operatorId: string): Promise<void> {
    try {
      const answer = await this.hass?.callWS<{ plan: Plan | null }>({
        type: "aiep_miner/fleet/plan",
        operator_id: operatorId,
      });
      this.plans = new Map(this.plans).set(operatorId, answer?.plan ?? null);
    } catch {
      // The operator is being loaded anew, or none of its miners may be seen.
    }
  }

  protected override render(): TemplateResult | typeof nothing {
    const { hass, fleet } = this;
    if (hass === undefined || fleet?.known !== true || this.plans.size === 0) return nothing;
    const found = [...this.plans].filter(([, plan]) => plan !== null && plan.miners.length > 0);
    if (found.length === 0) {
      return html`<div class="page">
        <div class="panel nothing">
          <b>${say(hass, "plan.none")}</b>${say(hass, "plan.none_hint")}
        </div>
      </div>`;
    }
    return html`<div class="page">
      ${found.map(([id, plan]) => (plan === null ? nothing : this.plan(hass, id, plan)))}
    </div>`;
  }

  private plan(hass: HomeAssistant, id: string, plan: Plan): TemplateResult {
    const axis = { from_ms: Date.parse(plan.energy_prices[0]?.from ?? plan.made_at), until_ms: Date.parse(plan.until) };
    const operator = this.fleet?.operators.get(id);
    const until = clock(hass, axis.until_ms);
    const known = Date.parse(plan.prices_known_until);
    return html`<header class="panel head">
        <h1>
          ${operator?.title}:
          ${say(hass, "plan.total", { amount: money(hass, plan.total, plan.currency), until })}
        </h1>
        <p>
          ${say(hass, "plan.made", { at: clock(hass, Date.parse(plan.made_at)) })}${known < axis.until_ms
            ? ` ${say(hass, "plan.known", { at: clock(hass, known) })}`
            : ""}
        </p>
        ${operator?.next_change ? html`<p class="next">${operator.next_change}</p>` : nothing}
      </header>
      <section class="panel chart" aria-label=${say(hass, "view.plan")}>
        ${this.prices(hass, axis, plan)}
        ${plan.miners.slice(0, MAX_LANES).map((miner) => this.lane(hass, axis, plan, miner))}
        <div class="lane"><span class="who"></span>${this.axis(hass, axis)}</div>
        ${this.chosen === undefined ? nothing : this.why(hass, plan, this.chosen)}
      </section>`;
  }

  private prices(hass: HomeAssistant, axis: Axis, plan: Plan): TemplateResult {
    const all = plan.energy_prices.map((step) => step.price_per_kwh);
    const [low, high] = [Math.min(...all), Math.max(...all)];
    const label = say(hass, "plan.price", {
      low: price(hass, low),
      high: price(hass, high),
      currency: plan.currency,
    });
    const line = (guessed: boolean): string =>
      steps(plan.energy_prices.filter((step) => step.guessed === guessed), axis, low, high);
    return html`<div class="lane prices">
      <span class="who">${label}</span>
      <div class="track">
        <svg
          class="price"
          viewBox="0 0 ${BOX.width} ${BOX.height}"
          preserveAspectRatio="none"
          role="img"
          aria-label=${label}
        >
          ${svg`<path d=${line(false)}></path><path class="guessed" d=${line(true)}></path>`}
        </svg>
        ${now(axis)}
      </div>
    </div>`;
  }

  private lane(
    hass: HomeAssistant,
    axis: Axis,
    plan: Plan,
    miner: Plan["miners"][number],
  ): TemplateResult {
    return html`<div class="lane">
      <span class="who">${miner.name}</span>
      <div class="track">
        ${miner.segments.map((segment) => this.segment(hass, axis, plan, miner.name, segment))}
        ${now(axis)}
      </div>
    </div>`;
  }

  private segment(
    hass: HomeAssistant,
    axis: Axis,
    plan: Plan,
    name: string,
    segment: Segment,
  ): TemplateResult {
    const from = share(axis, Date.parse(segment.from));
    const width = share(axis, Date.parse(segment.until)) - from;
    const text = explain(hass, plan, name, segment);
    return html`<button
      class="segment ${segment.runs ? "" : "off"} ${segment.guessed ? "guessed" : ""}"
      style="left:${from}%;width:${width}%"
      title=${text}
      aria-label=${text}
      aria-pressed=${this.chosen?.segment === segment}
      @click=${(): void => {
        this.chosen = { name, segment };
      }}
    ></button>`;
  }

  private axis(hass: HomeAssistant, axis: Axis): TemplateResult {
    const hours = (axis.until_ms - axis.from_ms) / HOUR_MS;
    const every = TICK_HOURS.find((item) => hours / item <= MAX_TICKS) ?? 24;
    const first = new Date(axis.from_ms);
    first.setMinutes(0, 0, 0);
    first.setHours(Math.ceil(first.getHours() / every) * every);
    const ticks: number[] = [];
    for (let at = first.getTime(); at < axis.until_ms; at += every * HOUR_MS) {
      if (at >= axis.from_ms) ticks.push(at);
    }
    const format = new Intl.DateTimeFormat(hass.locale.language, { hour: "2-digit", minute: "2-digit" });
    return html`<div class="axis" aria-hidden="true">
      ${ticks.map((at) => html`<span style="left:${share(axis, at)}%">${format.format(at)}</span>`)}
    </div>`;
  }

  private why(
    hass: HomeAssistant,
    plan: Plan,
    { name, segment }: { name: string; segment: Segment },
  ): TemplateResult {
    return html`<div class="why" role="status">${explain(hass, plan, name, segment)}</div>`;
  }
}

function now(axis: Axis): TemplateResult | typeof nothing {
  const at = Date.now();
  if (at < axis.from_ms || at > axis.until_ms) return nothing;
  return html`<span class="now" style="left:${share(axis, at)}%"></span>`;
}

export function explain(hass: HomeAssistant, plan: Plan, name: string, segment: Segment): string {
  const times = span(hass, Date.parse(segment.from), Date.parse(segment.until));
  const does = say(hass, segment.runs ? "plan.runs" : "plan.off");
  const level = segment.level === null ? "" : ` (${segment.level})`;
  const figures = say(hass, "plan.figures", {
    energy: price(hass, segment.energy_price_per_kwh),
    break_even: price(hass, segment.break_even_per_kwh),
    currency: plan.currency,
  });
  const worth = segment.runs
    ? ` ${say(hass, "plan.worth", { value: money(hass, segment.value, plan.currency) })}`
    : "";
  const guessed = segment.guessed ? ` ${say(hass, "plan.guessed")}` : "";
  return `${name}, ${times}: ${does}${level}. ${segment.sentence}. ${figures}${worth}${guessed}`;
}

/** The prices as stairs; a step lasts until the next one begins. */
export function steps(
  prices: Plan["energy_prices"],
  axis: Axis,
  low: number,
  high: number,
): string {
  const step_ms = 900_000;
  const span = high - low || 1;
  return prices
    .map((step, index) => {
      const at = Date.parse(step.from);
      const x = (share(axis, at) / 100) * BOX.width;
      const end = (share(axis, at + step_ms) / 100) * BOX.width;
      const y = BOX.height - 6 - ((step.price_per_kwh - low) / span) * (BOX.height - 12);
      return `${index === 0 ? "M" : "L"}${x.toFixed(1)},${y.toFixed(1)}H${end.toFixed(1)}`;
    })
    .join("");
}
