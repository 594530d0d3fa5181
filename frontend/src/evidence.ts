/** The ledger as the evidence view reads it: pages of records, one record's links, verification. */
import { number, power, price, rate } from "./format";
import type { HomeAssistant } from "./ha";
import type { Tone } from "./rows";
import { action, reason, say, type Word } from "./words";

export interface LedgerRecord {
  seq: number;
  ts: number;
  kind: string;
  subject: string;
  body: Record<string, unknown> | null;
  hash: string;
}

export interface Page {
  records: LedgerRecord[];
  next_cursor: number | null;
}

export interface Named {
  name: string;
  seq: number;
  record: LedgerRecord | null;
}

export interface Evidence {
  record: LedgerRecord;
  chain: { follows: boolean; head: string };
  named: Named[];
  outcomes: LedgerRecord[];
}

export interface LedgerStatus {
  operator_id: string;
  records: number;
  head: string;
  public_key: string | null;
  error: string | null;
  broken: { seq?: number } | null;
  verification: { intact?: boolean; records?: number; ts?: number } | null;
  /** Share done of a verification under way. */
  verifying: number | null;
  signed: { seq: number; ts: number } | null;
}

export type Topic = "all" | "acts" | "decisions" | "refusals" | "faults" | "people" | "readings";

/** The kinds of record behind each filter; none for all. */
export const TOPICS: Record<Topic, string[]> = {
  acts: ["receipt", "negative_proof", "divergence", "override", "review", "lifecycle", "policy"],
  decisions: ["decision"],
  refusals: ["negative_proof"],
  faults: ["divergence"],
  people: ["override", "review", "policy"],
  readings: ["telemetry", "price", "profit", "plan"],
  all: [],
};

export interface Wanted {
  topic: Topic;
  miner_id: string;
  /** The newest moment, in ms; undefined for now. */
  until_ms: number | undefined;
}

const PAGE = 60;

export function page(
  hass: HomeAssistant,
  operatorId: string,
  wanted: Wanted,
  cursor: number | null,
): Promise<Page> {
  return hass.callWS<Page>({
    type: "aiep_miner/ledger/records",
    operator_id: operatorId,
    kinds: TOPICS[wanted.topic],
    order: "newest_first",
    limit: PAGE,
    ...(wanted.miner_id ? { miner_id: wanted.miner_id } : {}),
    ...(wanted.until_ms === undefined ? {} : { to_ts: wanted.until_ms }),
    ...(cursor === null ? {} : { cursor }),
  });
}

export function evidence(hass: HomeAssistant, operatorId: string, seq: number): Promise<Evidence> {
  return hass.callWS<Evidence>({ type: "aiep_miner/ledger/evidence", operator_id: operatorId, seq });
}

export function status(hass: HomeAssistant, operatorId: string): Promise<LedgerStatus> {
  return hass.callWS<LedgerStatus>({ type: "aiep_miner/ledger/status", operator_id: operatorId });
}

/** Has the browser save a file of the ledger, under an address that is valid for a minute. */
export async function download(
  hass: HomeAssistant,
  operatorId: string,
  path: string,
): Promise<void> {
  const signed = await hass.callWS<{ path: string }>({
    type: "auth/sign_path",
    path: `/api/aiep_miner/operators/${operatorId}/ledger/${path}`,
    expires: 60,
  });
  const link = document.createElement("a");
  link.href = signed.path;
  link.download = "";
  document.body.append(link);
  link.click();
  link.remove();
}

export interface Line {
  tone: Tone;
  title: string;
  detail: string;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");

const OUTCOME_TONES: Record<string, Tone> = {
  confirmed: "good",
  accepted: "busy",
  not_confirmed: "warn",
  failed: "bad",
  unknown: "warn",
};

type Body = Record<string, unknown>;

function receipt(hass: HomeAssistant, body: Body): Line {
  const outcome = text(body["outcome"]);
  const title = say(hass, `story.${outcome}` as Word, { action: action(hass, text(body["action"])) });
  const detail = outcome === "failed" ? reason(hass, text(body["reason"])) : "";
  return { tone: OUTCOME_TONES[outcome] ?? "idle", title, detail };
}

function refusal(hass: HomeAssistant, body: Body): Line {
  const title = say(hass, "story.refused", { action: action(hass, text(body["action"])) });
  return { tone: "idle", title, detail: reason(hass, text(body["rule"])) };
}

function divergence(hass: HomeAssistant, body: Body): Line {
  const began = body["active"] !== false;
  const what = reason(hass, text(body["code"]));
  const title = say(hass, began ? "story.began" : "story.ended", { what });
  return { tone: began ? "warn" : "good", title, detail: "" };
}

function decision(hass: HomeAssistant, body: Body): Line {
  const authorised = body["authorised"] === true;
  const title = say(hass, "record.decision", { action: action(hass, text(body["action"])) });
  const why = (Array.isArray(body["reasons"]) ? body["reasons"] : []) as string[];
  const refused = text(body["suppressed_by"]);
  const detail = [...new Set([refused, ...why].filter(Boolean))].map((code) => reason(hass, code));
  return { tone: authorised ? "good" : "idle", title, detail: detail.join(", ") };
}

function override(hass: HomeAssistant, body: Body): Line {
  const word = typeof body["until_ms"] !== "number" ? "record.handed_back" : "record.taken_over";
  return { tone: "busy", title: say(hass, word), detail: "" };
}

function review(hass: HomeAssistant, body: Body): Line {
  const approved = body["approved"] === true;
  const title = say(hass, approved ? "record.approved" : "record.rejected");
  return { tone: approved ? "good" : "warn", title, detail: text(body["note"]) };
}

function figures(parts: (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined).join(", ");
}

function unit({ value, unit: name }: { value: string; unit: string }): string {
  return `${value} ${name}`;
}

const amount = (value: unknown): number | undefined =>
  typeof value === "number" ? value : undefined;

function telemetry(hass: HomeAssistant, body: Body): Line {
  const title = say(hass, "kind.telemetry");
  if (typeof body["error"] === "string") {
    return { tone: "warn", title, detail: reason(hass, body["error"]) };
  }
  const reading = (body["reading"] ?? {}) as Body;
  const sensors = (reading["temperatures"] ?? []) as { temperature_c: number }[];
  const hottest = sensors.length ? Math.max(...sensors.map((item) => item.temperature_c)) : null;
  const ths = amount(reading["hashrate_ths"]);
  const watts = amount(reading["power_w"]);
  const detail = figures([
    ths === undefined ? undefined : unit(rate(hass, ths)),
    watts === undefined ? undefined : unit(power(hass, watts)),
    hottest === null ? undefined : `${number(hass, hottest)} \u00b0C`,
  ]);
  return { tone: "idle", title, detail };
}

function prices(hass: HomeAssistant, body: Body): Line {
  const energy = amount(body["energy_price_per_kwh"]);
  const text = energy === undefined ? "" : `${price(hass, energy)} / kWh`;
  return { tone: "idle", title: say(hass, "kind.price"), detail: text };
}

function profit(hass: HomeAssistant, body: Body): Line {
  const perDay = amount(body["profit_per_day"]);
  const text = perDay === undefined ? "" : `${price(hass, perDay)} ${say(hass, "per_day")}`;
  return { tone: "idle", title: say(hass, "kind.profit"), detail: text };
}

function proposal(hass: HomeAssistant, body: Body): Line {
  const what = action(hass, text(body["action"]));
  return { tone: "idle", title: `${say(hass, "kind.proposal")}: ${what}`, detail: "" };
}

const LINES: Record<string, (hass: HomeAssistant, body: Body) => Line> = {
  receipt,
  negative_proof: refusal,
  divergence,
  decision,
  override,
  review,
  telemetry,
  price: prices,
  profit,
  proposal,
};

/** What a record says, in one line. */
export function line(hass: HomeAssistant, record: LedgerRecord): Line {
  const kind = say(hass, `kind.${record.kind}` as Word);
  // A body may have been removed after its time of keeping; its hash stays.
  if (record.body === null) return { tone: "idle", title: kind, detail: say(hass, "record.removed") };
  const own = LINES[record.kind];
  return own === undefined ? { tone: "idle", title: kind, detail: "" } : own(hass, record.body);
}
