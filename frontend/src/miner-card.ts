/** One miner: why it is as it is, its figures and controls, its story. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { mdiOpenInNew, mdiPlay, mdiRestart, mdiRobot, mdiStop } from "@mdi/js";
import { canSwitch, turn } from "./control";
import { ahead } from "./ahead";
import { load as loadDetails, type Board, type Details, type Level } from "./details";
import { FleetElement } from "./element";
import type { Miner } from "./fleet";
import { signClass } from "./fleet-card";
import { clock, duration, money, number, power, price, rate, UNKNOWN, whole, type Figure } from "./format";
import { navigate, type HomeAssistant } from "./ha";
import { badge, base, icon, stateWord, thermometer } from "./look";
import { minerStyle } from "./miner-style";
import { tone } from "./rows";
import { load as loadStory, type Chapter } from "./story";
import { say, type Word } from "./words";

export interface MinerConfig {
  type: string;
  /** The device of the miner; without it the page's address says which. */
  device_id?: string;
  /** The view of the same dashboard that shows the ledger. */
  evidence_path?: string;
}

const HOURS = [1, 6, 24];
const FIRST_HOURS = 6;

export class MinerCard extends FleetElement<MinerConfig> {
  static override styles = [base, minerStyle];
  static override properties = {
    ...FleetElement.properties,
    details: { state: true },
    story: { state: true },
    busy: { state: true },
    hours: { state: true },
  };

  declare details: Details | undefined;
  /** null when the user may not read the ledger. */
  declare story: Chapter[] | null | undefined;
  declare busy: boolean;
  declare hours: number;

  private shown: Miner | undefined;
  private charts: (HTMLElement & { hass?: HomeAssistant }) | undefined;
  private charted = "";

  constructor() {
    super();
    this.busy = false;
    this.hours = FIRST_HOURS;
  }

  static getConfigForm(): unknown {
    return {
      schema: [{ name: "device_id", selector: { device: { integration: "aiep_miner" } } }],
      computeLabel: (): string => say({ language: "en" } as HomeAssistant, "editor.miner"),
    };
  }

  getCardSize(): number {
    return 10;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: "full", min_columns: 6 };
  }

  override connectedCallback(): void {
    super.connectedCallback();
    window.addEventListener("location-changed", this.moved);
    window.addEventListener("popstate", this.moved);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    window.removeEventListener("location-changed", this.moved);
    window.removeEventListener("popstate", this.moved);
  }

  private readonly moved = (): void => {
    this.fleetChanged();
  };

  private find(): Miner | undefined {
    const device = this.config?.device_id;
    const id = new URLSearchParams(location.search).get("miner");
    const miners = [...(this.fleet?.miners.values() ?? [])];
    if (device) return miners.find((miner) => miner.device_id === device);
    return miners.find((miner) => miner.id === id);
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const miner = this.find();
    if (miner?.id !== this.shown?.id) {
      this.details = undefined;
      this.story = undefined;
    }
    // A row is replaced whenever a field of it changed.
    if (miner !== this.shown && miner !== undefined) void this.load(miner);
    this.shown = miner;
    if (this.charts !== undefined && this.hass !== undefined) this.charts.hass = this.hass;
  }

  protected override shouldUpdate(changed: PropertyValues): boolean {
    // The charts are Home Assistant's own and follow every state.
    if (this.charts !== undefined && this.hass !== undefined) this.charts.hass = this.hass;
    return super.shouldUpdate(changed);
  }

  private async load(miner: Miner): Promise<void> {
    const { hass } = this;
    if (hass === undefined) return;
    try {
      const details = await loadDetails(hass, miner.operator_id, miner.id);
      if (this.shown?.id !== miner.id) return;
      this.details = details;
      void this.chart(details);
      const story = details.may_read_ledger
        ? await loadStory(hass, miner.operator_id, miner.id)
        : null;
      if (this.shown.id === miner.id) this.story = story;
    } catch {
      // The operator is being loaded anew; the next change of the row asks again.
    }
  }

  private async chart(details: Details): Promise<void> {
    const { hashrate, temperature, power: watts } = details.entities;
    const entities = [hashrate, temperature, watts].filter((id) => id !== undefined);
    const wanted = `${entities.join()} ${this.hours}`;
    if (entities.length === 0 || wanted === this.charted) return;
    if (window.loadCardHelpers === undefined) return;
    this.charted = wanted;
    const helpers = await window.loadCardHelpers();
    const charts = helpers.createCardElement({
      type: "history-graph",
      hours_to_show: this.hours,
      entities,
    });
    if (this.hass !== undefined) charts.hass = this.hass;
    this.charts = charts;
    this.requestUpdate("charts", undefined);
  }

  private async turn(miner: Miner, on: boolean): Promise<void> {
    if (this.hass === undefined || this.busy) return;
    this.busy = true;
    await turn(this.hass, this, miner, on);
    this.busy = false;
  }

  private press(entityId: string): void {
    // A refusal is shown by Home Assistant itself.
    void this.hass
      ?.callService("button", "press", {}, { entity_id: entityId })
      .catch(() => undefined);
  }

  // Drawing.

  protected override render(): TemplateResult | typeof nothing {
    const { hass, fleet, shown } = this;
    if (hass === undefined || fleet?.known !== true) return nothing;
    if (shown === undefined) return this.missing(hass);
    const { details } = this;
    return html`<div class="page">
      ${this.hero(hass, shown, details)}
      <div class="columns">
        <div class="stack">
          ${this.figures(hass, shown, details)}
          ${this.charts === undefined ? nothing : this.curves(hass, this.charts)}
          ${details === undefined ? nothing : this.parts(hass, shown, details)}
        </div>
        <div class="stack">
          ${details === undefined ? nothing : ahead(hass, details.plan, shown.currency)}
          ${this.past(hass)}
        </div>
      </div>
    </div>`;
  }

  private missing(hass: HomeAssistant): TemplateResult {
    const asked = new URLSearchParams(location.search).has("miner") || this.config?.device_id;
    const miners = [...(this.fleet?.miners.values() ?? [])];
    return html`<div class="page">
      <div class="panel nothing">
        ${say(hass, asked ? "miner.missing" : "miner.choose")}
        <select
          class="picker"
          aria-label=${say(hass, "editor.miner")}
          @change=${(event: Event): void => {
            const id = (event.target as HTMLSelectElement).value;
            navigate(`${location.pathname}?miner=${encodeURIComponent(id)}`);
          }}
        >
          <option></option>
          ${miners.map((miner) => html`<option value=${miner.id}>${miner.name}</option>`)}
        </select>
      </div>
    </div>`;
  }

  private hero(hass: HomeAssistant, miner: Miner, details: Details | undefined): TemplateResult {
    const model = [miner.make, miner.model, details?.firmware].filter(Boolean).join(" · ");
    const held =
      miner.held_until_ms !== null && details?.held_by
        ? ` · ${say(hass, "state.held")}: ${details.held_by}, ${clock(hass, miner.held_until_ms)}`
        : "";
    return html`<header class="panel hero ${tone(miner)}">
      <div class="who">
        ${badge(miner)}
        <div>
          <h1>${miner.name}</h1>
          <div class="model">${stateWord(hass, miner)}${model ? ` · ${model}` : ""}${held}</div>
        </div>
      </div>
      <p class="why">${miner.sentence}</p>
      <div class="controls">${this.controls(hass, miner, details)}</div>
    </header>`;
  }

  private controls(hass: HomeAssistant, miner: Miner, details: Details | undefined): unknown {
    const waits = this.busy || miner.pending !== null;
    return [
      canSwitch(miner) ? this.mainButton(hass, miner, waits) : nothing,
      details === undefined ? nothing : this.buttons(hass, miner, details, waits),
      html`<a href="/config/devices/device/${miner.device_id ?? ""}"
        >${icon(mdiOpenInNew)}${say(hass, "miner.device")}</a
      >`,
    ];
  }

  private buttons(hass: HomeAssistant, miner: Miner, details: Details, waits: boolean): unknown {
    const { restart, resume_automation: resume } = details.entities;
    const isHeld = miner.held_until_ms !== null || details.latched;
    return [
      restart !== undefined && miner.mining === true
        ? this.button(hass, "control.restart", mdiRestart, restart, waits)
        : nothing,
      resume !== undefined && isHeld
        ? this.button(hass, "control.resume", mdiRobot, resume, waits)
        : nothing,
    ];
  }

  private mainButton(hass: HomeAssistant, miner: Miner, waits: boolean): TemplateResult {
    const stop = miner.mining !== false;
    return html`<button
      class="main ${stop ? "bad" : "good"}"
      ?disabled=${waits}
      @click=${(): void => void this.turn(miner, !stop)}
    >
      ${icon(stop ? mdiStop : mdiPlay)}${say(hass, stop ? "control.stop" : "control.start")}
    </button>`;
  }

  private button(
    hass: HomeAssistant,
    word: Word,
    path: string,
    entityId: string,
    disabled: boolean,
  ): TemplateResult {
    return html`<button
      ?disabled=${disabled}
      @click=${(): void => {
        this.press(entityId);
      }}
    >
      ${icon(path)}${say(hass, word)}
    </button>`;
  }

  private figures(hass: HomeAssistant, miner: Miner, details: Details | undefined): TemplateResult {
    const efficiency =
      miner.power_w !== null && miner.hashrate_ths ? miner.power_w / miner.hashrate_ths : null;
    return html`<dl class="panel figures">
      ${this.figure(hass, "figure.hashrate", rate(hass, miner.hashrate_ths))}
      ${this.figure(hass, "figure.power", power(hass, miner.power_w))}
      ${efficiency === null
        ? nothing
        : this.figure(hass, "figure.efficiency", { value: number(hass, efficiency), unit: "J/TH" })}
      <div>
        <dt>${say(hass, "figure.temperature")}</dt>
        <dd>${thermometer(hass, miner)}</dd>
      </div>
      <div>
        <dt>${say(hass, "figure.profit")}</dt>
        <dd class="number ${signClass(miner.profit_per_day)}">
          ${money(hass, miner.profit_per_day, miner.currency)}
        </dd>
      </div>
      ${details === undefined ? nothing : this.more(hass, miner, details)}
    </dl>`;
  }

  private more(hass: HomeAssistant, miner: Miner, details: Details): TemplateResult {
    const { shares_accepted: accepted, shares_rejected: rejected } = details;
    const share =
      accepted !== null && rejected !== null && accepted + rejected > 0
        ? (rejected / (accepted + rejected)) * 100
        : null;
    const speeds = [Math.min(...details.fans_rpm), Math.max(...details.fans_rpm)];
    const fans = details.fans_rpm.length
      ? [...new Set(speeds)].map((rpm) => whole(hass, rpm)).join(" \u2013 ")
      : "";
    const figures: [Word, Figure][] = [
      ["figure.revenue", { value: money(hass, details.revenue_per_day, miner.currency), unit: "" }],
      ["figure.cost", { value: money(hass, details.cost_per_day, miner.currency), unit: "" }],
      [
        "figure.break_even",
        { value: price(hass, details.break_even), unit: `${miner.currency}/kWh` },
      ],
      ["figure.level", { value: miner.level === null ? UNKNOWN : miner.level, unit: "" }],
      ["figure.fans", { value: fans || UNKNOWN, unit: fans ? "rpm" : "" }],
      ["figure.uptime", { value: duration(hass, details.uptime_s), unit: "" }],
      ["figure.rejected", { value: number(hass, share), unit: "%" }],
    ];
    return html`${figures
      .filter(([, { value }]) => value !== UNKNOWN)
      .map(([word, figure]) => this.figure(hass, word, figure))}
    ${details.pool === null
      ? nothing
      : html`<div>
          <dt>${say(hass, "figure.pool")}</dt>
          <dd class="text" title=${details.pool}>${details.pool}</dd>
        </div>`}`;
  }

  private figure(hass: HomeAssistant, word: Word, { value, unit }: Figure): TemplateResult {
    return html`<div>
      <dt>${say(hass, word)}</dt>
      <dd class="number">${value} <span class="unit">${unit}</span></dd>
    </div>`;
  }

  private curves(hass: HomeAssistant, charts: HTMLElement): TemplateResult {
    return html`<section class="panel chart" aria-label=${say(hass, "chart.title")}>
      <div class="head">
        <h2>${say(hass, "chart.title")}</h2>
        <div class="chips">
          ${HOURS.map(
            (hours) =>
              html`<button
                aria-pressed=${hours === this.hours}
                @click=${(): void => {
                  this.hours = hours;
                  if (this.details !== undefined) void this.chart(this.details);
                }}
              >
                ${say(hass, "chart.hours", { hours })}
              </button>`,
          )}
        </div>
      </div>
      ${charts}
    </section>`;
  }

  private parts(hass: HomeAssistant, miner: Miner, details: Details): TemplateResult {
    return html`${this.boards(hass, miner, details.boards)}
    ${this.levels(hass, miner, details.levels)}`;
  }

  private boards(
    hass: HomeAssistant,
    miner: Miner,
    boards: Board[],
  ): TemplateResult | typeof nothing {
    if (boards.length === 0) return nothing;
    return html`<section class="panel">
      <h2>${say(hass, "miner.boards")}</h2>
      <div class="boards">${boards.map((board) => this.board(hass, miner, board))}</div>
    </section>`;
  }

  private board(hass: HomeAssistant, miner: Miner, board: Board): TemplateResult {
    const hottest = board.chip_temperature_c ?? board.temperature_c;
    const { value, unit } = rate(hass, board.hashrate_ths);
    const chips =
      board.chips_working === null
        ? nothing
        : say(hass, "miner.chips", {
            working: board.chips_working,
            expected: board.chips_expected ?? UNKNOWN,
          });
    return html`<div class="board">
      <b>${say(hass, "miner.board", { number: board.index + 1 })}</b>
      <span class="number">${value} ${unit}</span>
      ${hottest === null
        ? nothing
        : html`<div>${thermometer(hass, { ...miner, temperature_c: hottest })}</div>`}
      <small>${chips}</small>
    </div>`;
  }

  private levels(
    hass: HomeAssistant,
    miner: Miner,
    levels: Level[],
  ): TemplateResult | typeof nothing {
    if (levels.length < 2) return nothing;
    return html`<section class="panel">
      <h2>${say(hass, "miner.levels")}</h2>
      <table class="levels">
        <thead>
          <tr>
            <th scope="col">${say(hass, "figure.level")}</th>
            <th scope="col">${say(hass, "figure.hashrate")}</th>
            <th scope="col">${say(hass, "figure.power")}</th>
            <th scope="col">${say(hass, "figure.efficiency")}</th>
          </tr>
        </thead>
        <tbody>
          ${levels.map((level) => this.level(hass, miner, level))}
        </tbody>
      </table>
    </section>`;
  }

  private level(hass: HomeAssistant, miner: Miner, level: Level): TemplateResult {
    const hashrate = rate(hass, level.hashrate_ths);
    const watts = power(hass, level.power_w);
    return html`<tr>
      <th scope="row">
        ${level.name}${level.name === miner.level
          ? html`<span class="pill">${say(hass, "miner.level_now")}</span>`
          : nothing}
      </th>
      <td>${hashrate.value} ${hashrate.unit}</td>
      <td>${watts.value} ${watts.unit}</td>
      <td>${number(hass, level.efficiency_j_per_th)} J/TH</td>
    </tr>`;
  }

  private past(hass: HomeAssistant): TemplateResult {
    const { story } = this;
    let content: unknown = nothing;
    if (story === null) content = this.quiet(hass, "miner.story_forbidden");
    else if (story?.length === 0) content = this.quiet(hass, "miner.story_none");
    else if (story !== undefined) {
      content = html`<ol class="story">
        ${story.map((chapter) => this.chapter(hass, chapter))}
      </ol>`;
    }
    return html`<section class="panel" aria-label=${say(hass, "miner.story")}>
      <h2>${say(hass, "miner.story")}</h2>
      ${content}
    </section>`;
  }

  private quiet(hass: HomeAssistant, word: Word): TemplateResult {
    return html`<div class="quiet">${say(hass, word)}</div>`;
  }

  private chapter(hass: HomeAssistant, chapter: Chapter): TemplateResult {
    const text = say(hass, "miner.evidence", { seq: chapter.seq });
    const view = this.config?.evidence_path;
    const dashboard = location.pathname.split("/")[1] ?? "";
    const address = `/${dashboard}/${view ?? ""}?seq=${chapter.seq}`;
    const link = html`<a
      href=${address}
      @click=${(event: MouseEvent): void => {
        event.preventDefault();
        navigate(address);
      }}
      >${text}</a
    >`;
    return html`<li class=${chapter.tone}>
      ${chapter.title}
      <small
        >${clock(hass, chapter.at_ms)}${chapter.detail ? ` \u00b7 ${chapter.detail}` : ""} \u00b7
        ${view ? link : text}</small
      >
    </li>`;
  }
}
