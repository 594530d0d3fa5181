/** The fleet: headline, what needs attention, one row a miner. */
import { html, nothing, svg, type PropertyValues, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { mdiChevronDown, mdiMagnify, mdiPlay, mdiStop } from "@mdi/js";
import { canStop, canSwitch, turn } from "./control";
import { FleetElement } from "./element";
import { fleetStyle } from "./fleet-style";
import type { Miner, OperatorRow } from "./fleet";
import { money, power, price, rate, type Figure } from "./format";
import { fire, navigate, type HomeAssistant } from "./ha";
import { Curves, path } from "./history";
import { badge, base, icon, stateWord, thermometer } from "./look";
import { PressHandler } from "./press";
import {
  needsAttention,
  select,
  tone,
  totals,
  type Filter,
  type GroupKey,
  type Item,
  type Sort,
  type SortKey,
  type Tone,
} from "./rows";
import { offsets, visible, type Range } from "./window";
import { action, reason, say, type Word } from "./words";

export interface FleetConfig {
  type: string;
  title?: string;
  operator_id?: string;
  /** The view of the same dashboard that shows one miner; without it Home Assistant's dialog. */
  details_path?: string;
  /** The view of the same dashboard that shows what waits for a review. */
  reviews_path?: string;
}

const FILTERS: Filter[] = ["all", "mining", "off", "attention"];
const SORTS: SortKey[] = ["attention", "name", "hashrate", "temperature", "profit", "power"];
const GROUPS: GroupKey[] = ["none", "label", "make", "operator"];
const BIG_FIRST = new Set<SortKey>(["hashrate", "temperature", "profit", "power"]);
const NARROW_PX = 760;
const ROW_PX = { desk: 72, phone: 128 };
const GROUP_PX = 52;
const MAX_ALERTS = 4;
/** From so many miners on groups are offered. */
const MANY = 20;
const CURVES_AFTER_MS = 150;
const CURVE = { width: 72, height: 28 };
const REMEMBERED = "aiep-miner-fleet";

export class FleetCard extends FleetElement<FleetConfig> {
  static override styles = [base, fleetStyle];
  static override properties = {
    ...FleetElement.properties,
    filter: { state: true },
    text: { state: true },
    sort: { state: true },
    group: { state: true },
    labels: { state: true },
    narrow: { state: true },
    range: { state: true },
  };

  declare filter: Filter;
  declare text: string;
  declare sort: Sort;
  declare group: GroupKey;
  declare narrow: boolean;
  declare range: Range;

  /** Names of labels by their ids. */
  declare labels: Map<string, string>;

  private askedLabels = false;
  private items: Item[] = [];
  private starts: number[] = [0];
  private readonly curves = new Curves();
  private readonly press = new PressHandler<Miner>({
    tap: (miner): void => {
      this.open(miner);
    },
    hold: (miner): void => void this.turn(miner, false),
    canHold: canStop,
  });
  private curvesDue: ReturnType<typeof setTimeout> | undefined;
  private readonly watcher = new ResizeObserver((entries) => {
    const width = entries[0]?.contentRect.width ?? 0;
    if (width > 0) this.narrow = width <= NARROW_PX;
    this.look();
  });

  constructor() {
    super();
    this.filter = "all";
    this.text = "";
    this.sort = { key: "attention", descending: false };
    this.group = "none";
    this.labels = new Map();
    this.narrow = false;
    this.range = { first: 0, end: 0 };
    this.remember();
  }

  static getConfigForm(): unknown {
    return {
      schema: [
        { name: "title", selector: { text: {} } },
        { name: "operator_id", selector: { config_entry: { integration: "aiep_miner" } } },
      ],
      computeLabel: (field: { name: string }, localize: HomeAssistant["localize"]): string =>
        localize(`ui.panel.lovelace.editor.card.generic.${field.name}`) ||
        say({ language: "en" } as HomeAssistant, "editor.operator"),
    };
  }

  getCardSize(): number {
    return 12;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: "full", min_columns: 6 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.watcher.observe(this);
    window.addEventListener("scroll", this.look, { capture: true, passive: true });
    window.addEventListener("resize", this.look, { passive: true });
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.watcher.disconnect();
    window.removeEventListener("scroll", this.look, { capture: true });
    window.removeEventListener("resize", this.look);
    clearTimeout(this.curvesDue);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const { hass, fleet } = this;
    if (hass === undefined || fleet === undefined) return;
    const shown = { filter: this.filter, text: this.text, sort: this.sort, group: this.group };
    if (this.group === "label") this.loadLabels(hass);
    this.items = select(this.miners(), shown, (miner) => this.groupOf(hass, miner));
    const height = this.narrow ? ROW_PX.phone : ROW_PX.desk;
    this.starts = offsets(this.items.map((item) => ("miner" in item ? height : GROUP_PX)));
  }

  protected override updated(): void {
    this.look();
    this.scheduleCurves();
  }

  private groupOf(hass: HomeAssistant, miner: Miner): string {
    if (this.group === "make") return miner.make ?? say(hass, "make.other");
    if (this.group === "operator") {
      return this.fleet?.operators.get(miner.operator_id)?.title ?? miner.operator_id;
    }
    return this.labelsOf(hass, miner.device_id ?? "").join(", ") || say(hass, "label.none");
  }

  private labelsOf(hass: HomeAssistant, deviceId: string): string[] {
    const ids = hass.devices[deviceId]?.labels ?? [];
    return ids.map((id) => this.labels.get(id) ?? id).sort();
  }

  /** Asks once for the names of the labels; until then they are their ids. */
  private loadLabels(hass: HomeAssistant): void {
    if (this.askedLabels) return;
    this.askedLabels = true;
    void hass
      .callWS<{ label_id: string; name: string }[]>({ type: "config/label_registry/list" })
      .then((labels) => {
        this.labels = new Map(labels.map((label) => [label.label_id, label.name]));
      })
      .catch(() => undefined);
  }

  private miners(): Miner[] {
    const miners = [...(this.fleet?.miners.values() ?? [])];
    const only = this.config?.operator_id;
    return only ? miners.filter((miner) => miner.operator_id === only) : miners;
  }

  private operators(): OperatorRow[] {
    const only = this.config?.operator_id;
    const found = [...(this.fleet?.operators ?? [])].filter(([id]) => !only || id === only);
    return found.map(([, operator]) => operator);
  }

  // What is in sight.

  private readonly look = (): void => {
    const list = this.renderRoot.querySelector(".rows");
    if (list === null) return;
    const top = list.getBoundingClientRect().top;
    const now = visible(top, window.innerHeight, this.starts);
    if (now.first !== this.range.first || now.end !== this.range.end) this.range = now;
  };

  private scheduleCurves(): void {
    clearTimeout(this.curvesDue);
    this.curvesDue = setTimeout(() => void this.loadCurves(), CURVES_AFTER_MS);
  }

  private async loadCurves(): Promise<void> {
    const { hass } = this;
    if (hass === undefined) return;
    const ids = this.items
      .slice(this.range.first, this.range.end)
      .map((item) => ("miner" in item ? item.miner.rate_entity_id : null))
      .filter((id) => id !== null);
    if (await this.curves.load(hass, ids)) this.requestUpdate("curves", undefined);
  }

  // What the user chose, kept in this browser.

  private remember(): void {
    try {
      const text = localStorage.getItem(REMEMBERED);
      const { sort, group } = JSON.parse(text ?? "{}") as { sort?: Sort; group?: GroupKey };
      if (sort !== undefined && SORTS.includes(sort.key)) this.sort = sort;
      if (group !== undefined && GROUPS.includes(group)) this.group = group;
    } catch {
      // Storage may be forbidden; the defaults do.
    }
  }

  private choose(chosen: { sort?: Sort; group?: GroupKey }): void {
    this.sort = chosen.sort ?? this.sort;
    this.group = chosen.group ?? this.group;
    try {
      localStorage.setItem(REMEMBERED, JSON.stringify({ sort: this.sort, group: this.group }));
    } catch {
      // See above.
    }
  }

  private sortBy(key: SortKey): void {
    const again = this.sort.key === key;
    this.choose({ sort: { key, descending: again ? !this.sort.descending : BIG_FIRST.has(key) } });
  }

  // Where a tap leads.

  private address(miner: Miner): string {
    const dashboard = location.pathname.split("/")[1] ?? "";
    const view = this.config?.details_path;
    return view
      ? `/${dashboard}/${view}?miner=${encodeURIComponent(miner.id)}`
      : `/config/devices/device/${miner.device_id ?? ""}`;
  }

  private open(miner: Miner): void {
    if (this.config?.details_path) navigate(this.address(miner));
    else fire(this, "hass-more-info", { entityId: miner.entity_id });
  }

  private async turn(miner: Miner, on: boolean): Promise<void> {
    if (this.hass !== undefined) await turn(this.hass, this, miner, on);
  }

  // Drawing.

  protected override render(): TemplateResult | typeof nothing {
    const { hass, fleet } = this;
    if (hass === undefined || fleet === undefined) return nothing;
    const miners = this.miners();
    return html`<div class="page">
      ${fleet.error === undefined ? nothing : this.notice(hass, fleet.error)}
      ${fleet.known ? this.content(hass, miners) : nothing}
    </div>`;
  }

  private notice(hass: HomeAssistant, error: string): TemplateResult {
    const word = error === "disconnected" ? "error.disconnected" : "error.starting";
    return html`<div class="panel notice" role="status">${say(hass, word)}</div>`;
  }

  private content(hass: HomeAssistant, miners: Miner[]): TemplateResult {
    if (miners.length === 0) {
      return html`<div class="panel nothing">
        <b>${say(hass, "empty.none")}</b>${say(hass, "empty.none_hint")}
      </div>`;
    }
    return html`${this.headline(hass, miners)} ${this.attention(hass, miners)}
      <section class="panel" aria-label=${say(hass, "list")}>
        ${this.toolbar(hass, miners)} ${this.columns(hass)} ${this.list(hass)}
      </section>`;
  }

  private headline(hass: HomeAssistant, miners: Miner[]): TemplateResult {
    const sum = totals(miners);
    const operators = this.operators();
    const title =
      this.config?.title ?? operators.map((operator) => operator.title).join(", ");
    return html`<header class="panel headline">
      <div class="top">
        <h1>${title}</h1>
        <div class="facts">${operators.length === 1 ? this.facts(hass, operators[0]) : nothing}</div>
      </div>
      <dl class="figures">
        ${this.figure(say(hass, "figure.hashrate"), rate(hass, sum.hashrate_ths))}
        ${this.figure(say(hass, "figure.power"), power(hass, sum.power_w))}
        ${this.profits(hass, sum.profit)}
        ${this.figure(say(hass, "figure.miners"), {
          value: String(sum.mining),
          unit: say(hass, "figure.miners_of", { count: sum.miners }),
        })}
      </dl>
      ${this.share(hass, sum.tones)}
      ${operators.map(({ next_change: next }) => (next ? html`<p class="next">${next}</p>` : nothing))}
    </header>`;
  }

  private facts(hass: HomeAssistant, operator: OperatorRow | undefined): unknown {
    if (operator === undefined) return nothing;
    const energy = price(hass, operator.energy_price);
    const values = { price: energy, currency: operator.currency };
    return html`<span class="fact ${operator.mode === "auto" ? "good" : "warn"}"
        >${say(hass, `mode.${operator.mode}`)}</span
      >
      <span class="fact">${say(hass, "figure.price", values)}</span>`;
  }

  private figure(label: string, figure: Figure): TemplateResult {
    return html`<div class="figure">
      <dt>${label}</dt>
      <dd class="number">${figure.value}<span class="unit">${figure.unit}</span></dd>
    </div>`;
  }

  private profits(hass: HomeAssistant, profit: Map<string, number>): TemplateResult {
    const amounts = profit.size > 0 ? [...profit] : [["", null] as [string, number | null]];
    return html`<div class="figure">
      <dt>${say(hass, "figure.profit")}</dt>
      ${amounts.map(
        ([currency, amount]) =>
          html`<dd class="number ${signClass(amount)}">${money(hass, amount, currency)}</dd>`,
      )}
    </div>`;
  }

  private share(hass: HomeAssistant, tones: Record<Tone, number>): TemplateResult {
    const parts: [Tone, number, Word][] = [
      ["good", tones.good, "filter.mining"],
      ["busy", tones.busy, "figure.busy"],
      ["idle", tones.idle, "filter.off"],
      ["warn", tones.warn, "state.problem"],
      ["bad", tones.bad, "figure.bad"],
    ];
    const present = parts.filter(([, count]) => count > 0);
    return html`<div class="share" aria-hidden="true">
        ${present.map(([name, count]) => html`<i class=${name} style="flex-grow:${count}"></i>`)}
      </div>
      <div class="legend">
        ${present.map(
          ([name, count, word]) =>
            html`<span class=${name}><b class="number">${count}</b> ${say(hass, word)}</span>`,
        )}
      </div>`;
  }

  private attention(hass: HomeAssistant, miners: Miner[]): TemplateResult | typeof nothing {
    const alerts = [
      ...this.operators().flatMap((operator) => this.operatorAlerts(hass, operator)),
      ...miners
        .filter(needsAttention)
        .sort((a, b) => Number(tone(b) === "bad") - Number(tone(a) === "bad"))
        .map((miner) => this.minerAlert(hass, miner)),
    ];
    if (alerts.length === 0) return nothing;
    const more = alerts.length - MAX_ALERTS;
    return html`<section aria-label=${say(hass, "attention")}>
      <h2>${say(hass, "attention")}</h2>
      <ul class="alerts">
        ${alerts.slice(0, MAX_ALERTS).map((alert) => html`<li>${alert}</li>`)}
      </ul>
      ${more > 0
        ? html`<button
            class="more"
            @click=${(): void => {
              this.filter = "attention";
            }}
          >
            ${say(hass, "attention.more", { count: more })}
          </button>`
        : nothing}
    </section>`;
  }

  private operatorAlerts(hass: HomeAssistant, operator: OperatorRow): TemplateResult[] {
    const texts = operator.problems.map((code) => reason(hass, code));
    if (operator.ledger_broken && !operator.problems.includes("ledger_tampered")) {
      texts.push(say(hass, "ledger_broken"));
    }
    const alerts = texts.map(
      (text) =>
        html`<a class="panel alert bad" href="/config/repairs"
          ><span><b>${operator.title}</b><small>${text}</small></span></a
        >`,
    );
    if (operator.reviews === 0) return alerts;
    const word = operator.reviews === 1 ? "attention.reviews_one" : "attention.reviews";
    const text = say(hass, word, { count: operator.reviews });
    const view = this.config?.reviews_path;
    const address = view
      ? `/${location.pathname.split("/")[1] ?? ""}/${view}`
      : `/config/devices/device/${operator.device_id ?? ""}`;
    return [
      ...alerts,
      html`<a class="panel alert busy" href=${address}
        ><span><b>${operator.title}</b><small>${text}</small></span></a
      >`,
    ];
  }

  private minerAlert(hass: HomeAssistant, miner: Miner): TemplateResult {
    return html`<a
      class="panel alert ${tone(miner)}"
      href=${this.address(miner)}
      @click=${(event: Event): void => {
        event.preventDefault();
        this.open(miner);
      }}
      >${badge(miner)}<span
        ><b>${miner.name}: ${stateWord(hass, miner)}</b><small>${miner.sentence}</small></span
      ></a
    >`;
  }

  private toolbar(hass: HomeAssistant, miners: Miner[]): TemplateResult {
    const counts: Record<Filter, number> = {
      all: miners.length,
      mining: miners.filter((miner) => miner.mining === true).length,
      off: miners.filter((miner) => miner.mining !== true).length,
      attention: miners.filter(needsAttention).length,
    };
    return html`<div class="tools">
      <div class="grow">
        ${icon(mdiMagnify)}
        <input
          type="search"
          aria-label=${say(hass, "search")}
          placeholder=${say(hass, "search")}
          .value=${this.text}
          @input=${(event: InputEvent): void => {
            this.text = (event.target as HTMLInputElement).value;
          }}
        />
      </div>
      <div class="chips" role="group" aria-label=${say(hass, "filter")}>
        ${FILTERS.map(
          (filter) =>
            html`<button
              class="chip"
              aria-pressed=${this.filter === filter}
              @click=${(): void => {
                this.filter = filter;
              }}
            >
              ${say(hass, `filter.${filter}`)}<b>${counts[filter]}</b>
            </button>`,
        )}
      </div>
      ${this.picker(hass, "sort", SORTS, this.sort.key, (key) => {
        this.choose({ sort: { key, descending: BIG_FIRST.has(key) } });
      })}
      ${miners.length < MANY && this.group === "none"
        ? nothing
        : this.picker(hass, "group", GROUPS, this.group, (group) => {
            this.choose({ group });
          })}
    </div>`;
  }

  private picker<K extends SortKey | GroupKey>(
    hass: HomeAssistant,
    name: "sort" | "group",
    keys: K[],
    now: K,
    choose: (key: K) => void,
  ): TemplateResult {
    return html`<span class="pick"
      ><select
        aria-label=${say(hass, name)}
        @change=${(event: Event): void => {
          choose((event.target as HTMLSelectElement).value as K);
        }}
      >
        ${keys.map(
          (key) =>
            html`<option value=${key} ?selected=${key === now}>
              ${say(hass, `${name}.${key}` as Word)}
            </option>`,
        )}</select
      >${icon(mdiChevronDown)}</span
    >`;
  }

  private columns(hass: HomeAssistant): TemplateResult {
    const column = (key: SortKey, end = false): TemplateResult =>
      html`<button
        class=${end ? "end" : ""}
        aria-pressed=${this.sort.key === key}
        @click=${(): void => {
          this.sortBy(key);
        }}
      >
        ${say(hass, `sort.${key}`)}${this.sort.key === key ? (this.sort.descending ? " ↓" : " ↑") : ""}
      </button>`;
    return html`<div class="columns">
      <span></span>${column("name")}<span class="of-level">${say(hass, "figure.level")}</span
      >${column("hashrate", true)}${column("temperature")}${column("profit", true)}<span></span>
    </div>`;
  }

  private list(hass: HomeAssistant): TemplateResult {
    if (this.items.length === 0) {
      return html`<div class="nothing">
        <b>${say(hass, "empty.filtered")}</b>
        <button
          @click=${(): void => {
            this.filter = "all";
            this.text = "";
          }}
        >
          ${say(hass, "empty.filtered_hint")}
        </button>
      </div>`;
    }
    const { first, end } = this.range;
    const shown = this.items.slice(first, end).map((item, index) => ({ item, at: first + index }));
    return html`<div
      class="rows"
      role="list"
      aria-label=${say(hass, "list")}
      style="height:${this.starts.at(-1) ?? 0}px"
    >
      ${repeat(
        shown,
        ({ item }) => ("miner" in item ? item.miner.id : item.key),
        ({ item, at }) => {
          const place = `top:${this.starts[at] ?? 0}px;height:${(this.starts[at + 1] ?? 0) - (this.starts[at] ?? 0)}px`;
          return "miner" in item
            ? this.row(hass, item.miner, at, place)
            : this.groupHeading(hass, item, place);
        },
      )}
    </div>`;
  }

  private groupHeading(
    hass: HomeAssistant,
    group: { heading: string; miners: Miner[] },
    place: string,
  ): TemplateResult {
    const sum = totals(group.miners);
    const { value, unit } = rate(hass, sum.hashrate_ths);
    const profit = [...sum.profit].map(([currency, amount]) => money(hass, amount, currency));
    return html`<div class="group" role="listitem" style=${place}>
      ${group.heading}
      <span
        >${sum.mining} ${say(hass, "figure.miners_of", { count: sum.miners })} · ${value} ${unit} ·
        ${profit.join(" · ")}</span
      >
    </div>`;
  }

  private row(hass: HomeAssistant, miner: Miner, at: number, place: string): TemplateResult {
    const hashrate = rate(hass, miner.hashrate_ths);
    return html`<div
      class="row"
      role="listitem"
      aria-setsize=${this.items.length}
      aria-posinset=${at + 1}
      style=${place}
    >
      <a
        class="cover"
        title=${miner.sentence ?? nothing}
        href=${this.address(miner)}
        aria-label=${this.label(hass, miner)}
        draggable="false"
        data-miner=${miner.id}
        @pointerdown=${(event: PointerEvent): void => {
          this.press.down(event, miner);
        }}
        @pointermove=${(event: PointerEvent): void => {
          this.press.move(event);
        }}
        @pointerleave=${(): void => {
          this.press.cancel();
        }}
        @pointercancel=${(): void => {
          this.press.cancel();
        }}
        @contextmenu=${(event: MouseEvent): void => {
          if (event.button !== 2) event.preventDefault();
        }}
        @click=${(event: MouseEvent): void => {
          this.press.click(event, miner);
        }}
      ></a>
      <span class="hold"></span>
      ${badge(miner)}
      <div class="who">
        <div class="name">${miner.name}</div>
        <div class="sentence">${miner.sentence}</div>
      </div>
      ${miner.level === null
        ? html`<span class="of-level"></span>`
        : html`<span class="pill of-level">${miner.level}</span>`}
      <div class="rate">
        ${this.curve(miner)}
        <span class="number">${hashrate.value} <span class="unit">${hashrate.unit}</span></span>
      </div>
      <div class="warmth">${thermometer(hass, miner)}</div>
      <div class="profit number ${signClass(miner.profit_per_day)}">
        ${money(hass, miner.profit_per_day, miner.currency)}${miner.profit_per_day === null ? nothing : html`<small>${say(hass, "per_day")}</small>`}
      </div>
      ${this.act(hass, miner)}
    </div>`;
  }

  private label(hass: HomeAssistant, miner: Miner): string {
    const hashrate = rate(hass, miner.hashrate_ths);
    const parts = [miner.name, stateWord(hass, miner), miner.sentence ?? ""];
    if (miner.hashrate_ths !== null) parts.push(`${hashrate.value} ${hashrate.unit}`);
    if (miner.temperature_c !== null) parts.push(`${Math.round(miner.temperature_c)} °C`);
    return parts.join(", ");
  }

  private curve(miner: Miner): TemplateResult | typeof nothing {
    const drawn = path(this.curves.of(miner.rate_entity_id), CURVE);
    if (drawn === undefined) return nothing;
    return html`<svg
      class="curve ${miner.mining === true ? "good" : "idle"}"
      viewBox="0 0 ${CURVE.width} ${CURVE.height}"
      preserveAspectRatio="none"
      aria-hidden="true"
    >
      ${svg`<path class="area" d=${drawn.area}></path><path d=${drawn.line}></path>`}
    </svg>`;
  }

  private act(hass: HomeAssistant, miner: Miner): TemplateResult {
    if (!canSwitch(miner)) return html`<span></span>`;
    const stop = miner.mining !== false;
    const label = say(hass, stop ? "control.stop_named" : "control.start_named", {
      name: miner.name,
    });
    return html`<button
      class="act"
      aria-label=${label}
      title=${action(hass, stop ? "stop" : "run")}
      @click=${(): void => void this.turn(miner, !stop)}
    >
      ${icon(stop ? mdiStop : mdiPlay)}
    </button>`;
  }
}

export function signClass(amount: number | null): string {
  if (amount === null || Math.abs(amount) < 0.005) return "";
  return amount < 0 ? "minus" : "plus";
}
