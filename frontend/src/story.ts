/** What was asked of a miner and what became of it, with the reasons of each decision. */
import { line, type Line, type LedgerRecord } from "./evidence";
import type { HomeAssistant } from "./ha";
import { origin, reason } from "./words";

export interface StoryRecord extends LedgerRecord {
  /** Of what was commanded or refused: what it was decided on. */
  decision?: { seq: number; reasons: string[] | null; origin: string | null };
}

export interface Chapter extends Line {
  seq: number;
  at_ms: number;
}

const PAGE = 40;
/** The rules themselves: who else wanted it is worth a word. */
const OURS = "strategy";

export async function load(
  hass: HomeAssistant,
  operatorId: string,
  minerId: string,
): Promise<Chapter[]> {
  const page = await hass.callWS<{ records: StoryRecord[] }>({
    type: "aiep_miner/ledger/story",
    operator_id: operatorId,
    miner_id: minerId,
    limit: PAGE,
  });
  return settled(page.records).map((record) => chapter(hass, record));
}

/** Leaves out the acceptance of what was confirmed or refuted later; newest first. */
export function settled(records: StoryRecord[]): StoryRecord[] {
  const closed = new Set<unknown>();
  return records.filter(({ kind, body }) => {
    if (kind !== "receipt" || body === null) return true;
    const isOpen = body["outcome"] === "accepted" && !closed.has(body["decision"]);
    if (body["outcome"] !== "accepted") closed.add(body["decision"]);
    return isOpen || body["outcome"] !== "accepted";
  });
}

export function chapter(hass: HomeAssistant, record: StoryRecord): Chapter {
  const own = line(hass, record);
  const { decision } = record;
  const why = (decision?.reasons ?? []).map((code) => reason(hass, code));
  const who = decision?.origin && decision.origin !== OURS ? [origin(hass, decision.origin)] : [];
  const detail = [...new Set([own.detail, ...who, ...why].filter(Boolean))].join(" \u00b7 ");
  return { ...own, detail, seq: record.seq, at_ms: record.ts };
}
