/** Decisions that were carried out under supervision: approved or rejected with a tap and a note. */
import { html, nothing, type PropertyValues, type TemplateResult } from "lit";
import { mdiCheck, mdiCheckAll, mdiClose, mdiShieldSearch } from "@mdi/js";
import { FleetElement, operatorForm } from "./element";
import { clock, whole } from "./format";
import { navigate, type HomeAssistant } from "./ha";
import { badge, base, icon } from "./look";
import { reviewsStyle } from "./reviews-style";
import { action, origin, reason, say } from "./words";

export interface ReviewsConfig {
  type: string;
  operator_id?: string;
  /** The view of the same dashboard that shows the ledger. */
  evidence_path?: string;
}

export interface Review {
  seq: number;
  hash: string;
  ts: number;
  miner_id: string;
  action: string;
  value: number | null;
  option: string | null;
  origin: string;
  reasons: string[];
}

const MAX_NOTE_LENGTH = 500;

export class ReviewsCard extends FleetElement<ReviewsConfig> {
  static override styles = [base, reviewsStyle];
  static override properties = {
    ...FleetElement.properties,
    reviews: { state: true },
    busy: { state: true },
  };

  /** By operator, those whose ledger the user may read. */
  declare reviews: Record<string, Review[]> | undefined;
  /** The hash of the decision whose review is being sent. */
  declare busy: string;

  private counted = "";

  constructor() {
    super();
    this.busy = "";
  }

  static getConfigForm = operatorForm;

  getCardSize(): number {
    return 4;
  }

  getGridOptions(): Record<string, unknown> {
    return { columns: 12, min_columns: 6 };
  }

  protected override willUpdate(changed: PropertyValues): void {
    super.willUpdate(changed);
    const operators = [...(this.fleet?.operators ?? [])];
    const counted = operators.map(([id, { reviews }]) => `${id}:${reviews}`).join();
    if (counted !== this.counted) {
      this.counted = counted;
      void this.load();
    }
  }

  private async load(): Promise<void> {
    try {
      const answer = await this.hass?.callWS<{ reviews: Record<string, Review[]> }>({
        type: "aiep_miner/fleet/reviews",
      });
      this.reviews = answer?.reviews;
    } catch {
      // The operator is being loaded anew; its count changes then.
    }
  }

  private async judge(operatorId: string, review: Review, approved: boolean): Promise<void> {
    const { hass } = this;
    if (hass === undefined || this.busy !== "") return;
    const field = this.renderRoot.querySelector<HTMLInputElement>(`#note-${review.seq}`);
    const note = field?.value.trim() ?? "";
    this.busy = review.hash;
    try {
      await hass.callService("aiep_miner", "review", {
        config_entry_id: operatorId,
        record_hash: review.hash,
        approved,
        ...(note ? { note } : {}),
      });
    } catch {
      // Home Assistant shows why it was refused.
    }
    this.busy = "";
    await this.load();
  }

  protected override render(): TemplateResult | typeof nothing {
    const { hass, reviews } = this;
    if (hass === undefined || reviews === undefined) return nothing;
    const only = this.config?.operator_id;
    const found = Object.entries(reviews)
      .filter(([id]) => !only || id === only)
      .flatMap(([id, own]) => own.map((review): [string, Review] => [id, review]));
    if (found.length === 0) {
      const readable = Object.keys(reviews).length > 0 || this.fleet?.operators.size === 0;
      return html`<div class="page"><div class="panel nothing">${this.none(hass, readable)}</div></div>`;
    }
    return html`<div class="page">
      ${found.map(([id, review]) => this.review(hass, id, review))}
    </div>`;
  }

  private none(hass: HomeAssistant, readable: boolean): TemplateResult | string {
    if (!readable) return say(hass, "miner.story_forbidden");
    return html`<span class="badge good">${icon(mdiCheckAll)}</span
      ><b>${say(hass, "reviews.none")}</b>${say(hass, "reviews.none_hint")}`;
  }

  private review(hass: HomeAssistant, operatorId: string, review: Review): TemplateResult {
    const miner = this.fleet?.miners.get(review.miner_id);
    const title = `${miner?.name ?? review.miner_id}: ${wish(hass, review)}`;
    const why = review.reasons.map((code) => reason(hass, code)).join(", ");
    const mayJudge = hass.user?.is_admin !== false;
    return html`<article class="panel review" aria-label=${title}>
      <div class="head">
        ${miner === undefined ? nothing : badge(miner)}
        <div>
          <h2>${title}</h2>
          <small>${origin(hass, review.origin)} · ${clock(hass, review.ts)} · ${why}</small>
        </div>
      </div>
      <p class="now">${miner?.sentence}</p>
      ${mayJudge ? this.form(hass, operatorId, review) : html`<p>${say(hass, "reviews.admin")}</p>`}
    </article>`;
  }

  private form(hass: HomeAssistant, operatorId: string, review: Review): TemplateResult {
    const dashboard = location.pathname.split("/")[1] ?? "";
    const view = this.config?.evidence_path;
    const address = `/${dashboard}/${view ?? ""}?seq=${review.seq}`;
    const button = (approved: boolean): TemplateResult =>
      html`<button
        class=${approved ? "good" : "bad"}
        ?disabled=${this.busy !== ""}
        @click=${(): void => void this.judge(operatorId, review, approved)}
      >
        ${icon(approved ? mdiCheck : mdiClose)}${say(
          hass,
          approved ? "reviews.approve" : "reviews.reject",
        )}
      </button>`;
    return html`<input
        id="note-${review.seq}"
        maxlength=${MAX_NOTE_LENGTH}
        aria-label=${say(hass, "reviews.note")}
        placeholder=${say(hass, "reviews.note")}
      />
      <div class="buttons">
        ${button(true)} ${button(false)}
        ${view
          ? html`<a
              href=${address}
              @click=${(event: MouseEvent): void => {
                event.preventDefault();
                navigate(address);
              }}
              >${icon(mdiShieldSearch)}${say(hass, "miner.evidence", { seq: review.seq })}</a
            >`
          : nothing}
      </div>`;
  }
}

/** What was wanted, such as "Set power limit 3,000". */
function wish(hass: HomeAssistant, review: Review): string {
  const what = action(hass, review.action);
  if (review.option !== null) return `${what} ${review.option}`;
  return review.value === null ? what : `${what} ${whole(hass, review.value)}`;
}
