/** What was asked of a miner and what became of it, read from the ledger. */
import type { HomeAssistant } from "./ha";
import type { Tone } from "./rows";
import { action, reason, say, type Word } from "./words";

export interface LedgerRecord {
  seq: number;
  ts: number;
  kind: string;
  body: Record<string, unknown> | null;
}

export interface Chapter {
  seq: number;
  at_ms: number;
  tone: Tone;
  title: string;
  reason: string;
}

const KINDS = ["receipt", "negative_proof", "divergence"];
const TONES: Record<string, Tone> = {
  confirmed: "good",
  accepted: "busy",
  not_confirmed: "warn",
  failed: "bad",
  unknown: "warn",
};
const PAGE = 40;

export async function load(
  hass: HomeAssistant,
  operatorId: string,
  minerId: string,
): Promise<Chapter[]> {
  const page = await hass.callWS<{ records: LedgerRecord[] }>({
    type: "aiep_miner/ledger/records",
    operator_id: operatorId,
    miner_id: minerId,
    kinds: KINDS,
    order: "newest_first",
    limit: PAGE,
  });
  return settled(page.records)
    .map((record) => chapter(hass, record))
    .filter((item) => item !== undefined);
}

/** Leaves out the acceptance of what was confirmed or refuted later; newest first. */
export function settled(records: LedgerRecord[]): LedgerRecord[] {
  const closed = new Set<unknown>();
  return records.filter(({ kind, body }) => {
    if (kind !== "receipt" || body === null) return true;
    const isOpen = body["outcome"] === "accepted" && !closed.has(body["decision"]);
    if (body["outcome"] !== "accepted") closed.add(body["decision"]);
    return isOpen || body["outcome"] !== "accepted";
  });
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function chapter(hass: HomeAssistant, record: LedgerRecord): Chapter | undefined {
  const { seq, ts, kind, body } = record;
  // A body may have been removed after its time of keeping; its hash stays.
  if (body === null) return undefined;
  const own = { seq, at_ms: ts };
  if (kind === "divergence") {
    const began = body["active"] !== false;
    const word = began ? "story.began" : "story.ended";
    const what = reason(hass, text(body["code"]));
    return { ...own, tone: began ? "warn" : "good", title: say(hass, word, { what }), reason: "" };
  }
  const values = { action: action(hass, text(body["action"])) };
  if (kind === "negative_proof") {
    const title = say(hass, "story.refused", values);
    return { ...own, tone: "idle", title, reason: reason(hass, text(body["rule"])) };
  }
  const outcome = text(body["outcome"]);
  const title = say(hass, `story.${outcome}` as Word, values);
  // What a confirmation's reason says is in its title.
  const why = outcome === "failed" ? reason(hass, text(body["reason"])) : "";
  return { ...own, tone: TONES[outcome] ?? "idle", title, reason: why };
}
