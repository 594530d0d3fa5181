/** The ledger: how it is, what is on it, what each record rests on; verification and downloads. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { mdiDownload, mdiShieldAlert, mdiShieldCheck, mdiShieldOutline } from "@mdi/js";
import { FleetElement, operatorForm } from "./element";
import {
  download,
  evidence,
  line,
  page,
  status,
  TOPICS,
  type Evidence,
  type LedgerRecord,
  type LedgerStatus,
  type Topic,
  type Wanted,
} from "./evidence";
import { evidenceStyle } from "./evidence-style";
import { clockTime, day, whole } from "./format";
import type { HomeAssistant } from "./ha";
import { base, icon } from "./look";
import type { Tone } from "./rows";
import { say, type Word } from "./words";

export interface EvidenceConfig {
  type: string;
  operator_id?: string;
}

const PROGRESS_EVERY_MS = 400;

export class EvidenceCard extends FleetElement<EvidenceConfig> {
  static override styles = [base, evidenceStyle];
  static override properties = {
    ...FleetElement.properties,
    operatorId: { state: true },
    wanted: { state: true },
    status: { state: true },
    records: { state: true },
    next: { state: true },
    opened: { state: true },
    shown: { state: true },
    refused: { state: true },
    verifying: { state: true },
  };

  declare operatorId: string;
  declare wanted: Wanted;
  declare status: LedgerStatus | undefined;
  declare records: LedgerRecord[];
  /** Where the next page begins; null after the last, undefined while one is fetched. */
  declare next: number | null | undefined;
  /** The record that is unfolded, and what it rests on. */
  declare opened: number | undefined;
  declare shown: Evidence | undefined;
  declare refused: boolean;
  declare verifying: boolean;

  private asked = 0;
  private readonly sentinel = new IntersectionObserver(
    (entries) => {
      if (entries.some((entry) => entry.isIntersecting)) void this.more();
    },
    { rootMargin: "600px" },
  );

  constructor() {
    super();
    this.operatorId = "";
    this.wanted = { topic: "acts", miner_id: "", until_ms: undefined };
    this.records = [];
    this.next = undefined;
    this.refused = false;
    this.verifying = false;
  }

  static getConfigForm = operatorForm;

  getCardSize(): number {
    return 10;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: "full", min_columns: 6 };
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.sentinel.disconnect();
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const ids = [...(this.fleet?.operators.keys() ?? [])];
    const first = this.config?.operator_id ?? ids[0];
    if (this.operatorId === "" && first !== undefined) {
      this.operatorId = first;
      const asked = new URLSearchParams(location.search);
      const miner = asked.get("miner");
      if (miner !== null) this.wanted = { ...this.wanted, miner_id: miner };
      void this.restart();
      const seq = Number(asked.get("seq"));
      if (seq > 0) void this.unfold(seq);
    }
  }

  protected override updated(): void {
    const end = this.renderRoot.querySelector(".end");
    this.sentinel.disconnect();
    if (end !== null) this.sentinel.observe(end);
  }

  // Reading.

  private async restart(): Promise<void> {
    this.records = [];
    this.next = undefined;
    this.asked += 1;
    await Promise.all([this.fetchPage(null), this.refreshStatus()]);
  }

  private async more(): Promise<void> {
    const cursor = this.next;
    if (cursor === null || cursor === undefined) return;
    this.next = undefined;
    await this.fetchPage(cursor);
  }

  private async fetchPage(cursor: number | null): Promise<void> {
    const { hass, asked } = this;
    if (hass === undefined) return;
    try {
      const found = await page(hass, this.operatorId, this.wanted, cursor);
      if (asked !== this.asked) return;
      this.records = [...this.records, ...found.records];
      this.next = found.next_cursor;
    } catch (err) {
      this.next = null;
      this.refused = (err as { code?: string }).code === "unauthorized";
    }
  }

  private async refreshStatus(): Promise<void> {
    if (this.hass === undefined) return;
    try {
      this.status = await status(this.hass, this.operatorId);
    } catch {
      // The page of records says so.
    }
  }

  private async verify(): Promise<void> {
    const { hass } = this;
    if (hass === undefined || this.verifying) return;
    this.verifying = true;
    const clock = setInterval(() => void this.refreshStatus(), PROGRESS_EVERY_MS);
    try {
      const data = { config_entry_id: this.operatorId };
      await hass.callService("aiep_miner", "verify_ledger", data);
    } catch {
      // Home Assistant shows why it was refused.
    }
    clearInterval(clock);
    await this.refreshStatus();
    this.verifying = false;
  }

  private async unfold(seq: number): Promise<void> {
    this.shown = undefined;
    this.opened = this.opened === seq ? undefined : seq;
    if (this.hass === undefined || this.opened === undefined) return;
    const found = await evidence(this.hass, this.operatorId, seq).catch(() => undefined);
    if (this.opened !== seq || found === undefined) return;
    if (!this.records.some((record) => record.seq === seq)) {
      // It is not of the kind that is listed: it is shown in its place all the same.
      const all = [...this.records, found.record];
      this.records = all.sort((a, b) => b.seq - a.seq);
    }
    this.shown = found;
    await this.updateComplete;
    this.renderRoot.querySelector(".open")?.scrollIntoView({ block: "nearest" });
  }

  private want(change: Partial<Wanted>): void {
    this.wanted = { ...this.wanted, ...change };
    void this.restart();
  }

  private save(path: string): void {
    if (this.hass !== undefined) void download(this.hass, this.operatorId, path);
  }

  // Drawing.

  protected override render(): TemplateResult | typeof nothing {
    const { hass, fleet } = this;
    if (hass === undefined || fleet?.known !== true) return nothing;
    if (this.refused) {
      return html`<div class="page">
        <div class="panel end">${say(hass, "miner.story_forbidden")}</div>
      </div>`;
    }
    return html`<div class="page">
      ${this.seal(hass)}
      <section class="panel" aria-label=${say(hass, "evidence.list")}>
        ${this.tools(hass)} ${this.list(hass)}
      </section>
    </div>`;
  }

  private seal(hass: HomeAssistant): TemplateResult | typeof nothing {
    const { status: ledger } = this;
    if (ledger === undefined) return nothing;
    const { tone, word, path } = SEALS[sealOf(ledger)];
    return html`<header class="panel seal">
      <span class="badge ${tone}">${icon(path)}</span>
      <div class="text">
        <h1 role="status">${say(hass, word)}</h1>
        <small
          >${say(hass, "evidence.records", { count: whole(hass, ledger.records) })}${ledger.signed
            ? ` · ${say(hass, "evidence.signed", { seq: ledger.signed.seq })}`
            : ""}</small
        >
        <small class="hash" title=${ledger.head}>${short(ledger.head)}</small>
      </div>
      <div class="buttons">
        <button
          class="pillbutton main"
          ?disabled=${this.verifying}
          @click=${(): void => void this.verify()}
        >
          ${icon(mdiShieldCheck)}${say(hass, "evidence.verify")}
        </button>
        <button
          class="pillbutton"
          @click=${(): void => {
            this.save("export");
          }}
        >
          ${icon(mdiDownload)}${say(hass, "evidence.export")}
        </button>
      </div>
      ${this.verifying ? progress(hass, ledger.verifying ?? 0) : nothing}
    </header>`;
  }

  private tools(hass: HomeAssistant): TemplateResult {
    const operators = [...(this.fleet?.operators ?? [])];
    const miners = [...(this.fleet?.miners.values() ?? [])].filter(
      (miner) => miner.operator_id === this.operatorId,
    );
    return html`<div class="tools">
      ${operators.length < 2 || this.config?.operator_id
        ? nothing
        : choice(
            say(hass, "editor.operator"),
            operators.map(([id, operator]) => [id, operator.title]),
            this.operatorId,
            (id) => {
              this.operatorId = id;
              this.status = undefined;
              this.want({ miner_id: "" });
            },
          )}
      ${choice(
        say(hass, "filter"),
        (Object.keys(TOPICS) as Topic[]).map((topic) => [topic, say(hass, `topic.${topic}`)]),
        this.wanted.topic,
        (topic) => {
          this.want({ topic: topic as Topic });
        },
      )}
      ${choice(
        say(hass, "editor.miner"),
        [["", say(hass, "evidence.every_miner")], ...miners.map((m): Pair => [m.id, m.name])],
        this.wanted.miner_id,
        (id) => {
          this.want({ miner_id: id });
        },
      )}
      <input
        type="datetime-local"
        aria-label=${say(hass, "evidence.until")}
        title=${say(hass, "evidence.until")}
        @change=${(event: Event): void => {
          const at = (event.target as HTMLInputElement).valueAsNumber;
          const local = (event.target as HTMLInputElement).value;
          this.want({ until_ms: Number.isNaN(at) ? undefined : new Date(local).getTime() });
        }}
      />
    </div>`;
  }

  private list(hass: HomeAssistant): TemplateResult {
    let before = "";
    return html`<ol>
        ${this.records.map((record) => {
          const now = day(hass, record.ts);
          const heading = now === before ? nothing : html`<li class="day">${now}</li>`;
          before = now;
          return html`${heading}
            <li>${this.entry(hass, record)}</li>`;
        })}
      </ol>
      <div class="end">
        ${this.next === null ? say(hass, this.records.length ? "evidence.end" : "evidence.none") : "…"}
      </div>`;
  }

  private entry(hass: HomeAssistant, record: LedgerRecord): TemplateResult {
    const { tone, title, detail } = line(hass, record);
    const name = this.fleet?.miners.get(record.subject)?.name;
    const isOpen = this.opened === record.seq;
    return html`<button
        class="entry"
        aria-expanded=${isOpen}
        @click=${(): void => void this.unfold(record.seq)}
      >
        <time datetime=${new Date(record.ts).toISOString()}>${clockTime(hass, record.ts)}</time>
        <span class="dot ${tone}"></span>
        <span>${name === undefined ? "" : `${name} · `}${title}<span class="detail">${detail}</span></span>
        <span class="seq">${record.seq}</span>
      </button>
      ${isOpen && this.shown !== undefined ? this.unfolded(hass, this.shown) : nothing}`;
  }

  private unfolded(hass: HomeAssistant, found: Evidence): TemplateResult {
    const { record, named, outcomes } = found;
    return html`<div class="open">
      ${say(hass, found.chain.follows ? "evidence.follows" : "evidence.does_not_follow")}
      <div class="hash">${record.hash}</div>
      ${this.links(
        hass,
        "evidence.rests_on",
        named.map((item) => item.record).filter((item) => item !== null),
      )}
      ${this.links(hass, "evidence.outcome", outcomes)}
      <details>
        <summary>${say(hass, "evidence.content")}</summary>
        <pre tabindex="0">${JSON.stringify(record.body, null, 2)}</pre>
      </details>
      ${this.proof(hass, found)}
    </div>`;
  }

  /** The bundle of the decision that a record is, or came of. */
  private proof(hass: HomeAssistant, { record, named }: Evidence): TemplateResult | typeof nothing {
    const decision =
      record.kind === "decision"
        ? record
        : named.find((item) => item.name === "decision" && item.record !== null)?.record;
    if (decision === undefined || decision === null) return nothing;
    return html`<button
      class="pillbutton"
      @click=${(): void => {
        this.save(`bundle/${decision.seq}`);
      }}
    >
      ${icon(mdiDownload)}${say(hass, "evidence.proof")}
    </button>`;
  }

  private links(
    hass: HomeAssistant,
    word: Word,
    records: LedgerRecord[],
  ): TemplateResult | typeof nothing {
    if (records.length === 0) return nothing;
    return html`<h3>${say(hass, word)}</h3>
      <div class="links">
        ${records.map((record) => {
          const { title, detail } = line(hass, record);
          return html`<button class="link" @click=${(): void => void this.unfold(record.seq)}>
            ${title} <span>${detail} ${clockTime(hass, record.ts)} · ${record.seq}</span>
          </button>`;
        })}
      </div>`;
  }
}

type Pair = [string, string];

const SEALS: Record<"broken" | "intact" | "unknown", { tone: Tone; word: Word; path: string }> = {
  broken: { tone: "bad", word: "evidence.broken", path: mdiShieldAlert },
  intact: { tone: "good", word: "evidence.intact", path: mdiShieldCheck },
  unknown: { tone: "idle", word: "evidence.not_verified", path: mdiShieldOutline },
};

function sealOf(ledger: LedgerStatus): keyof typeof SEALS {
  if (ledger.broken !== null) return "broken";
  return ledger.verification === null ? "unknown" : "intact";
}

function choice(
  label: string,
  options: Pair[],
  now: string,
  choose: (value: string) => void,
): TemplateResult {
  return html`<select
    aria-label=${label}
    @change=${(event: Event): void => {
      choose((event.target as HTMLSelectElement).value);
    }}
  >
    ${options.map(
      ([value, text]) => html`<option value=${value} ?selected=${value === now}>${text}</option>`,
    )}
  </select>`;
}

function progress(hass: HomeAssistant, share: number): TemplateResult {
  const percent = Math.round(share * 100);
  return html`<div
    class="progress"
    role="progressbar"
    aria-label=${say(hass, "evidence.verifying")}
    aria-valuemin="0"
    aria-valuemax="100"
    aria-valuenow=${percent}
  >
    <i style="width:${percent}%"></i>
  </div>`;
}

/** A head such as "980:3f2a…": its number and the ends of its hash. */
export function short(head: string): string {
  const [seq = "", hash = ""] = head.split(":");
  return `${seq}:${hash.slice(0, 12)}…${hash.slice(-8)}`;
}
