// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { line, type LedgerRecord } from "../src/evidence";
import { EvidenceCard, short } from "../src/evidence-card";
import { settled } from "../src/story";
import { FakeConnection, full, house, row } from "./house";

customElements.define("aiep-miner-evidence", EvidenceCard);

function record(seq: number, kind: string, body: Record<string, unknown> | null): LedgerRecord {
  return { seq, ts: 1_800_000_000_000 + seq, kind, subject: "a", body, hash: "ab" };
}

const STATUS = {
  operator_id: "site",
  records: 9,
  head: `9:${"ab".repeat(32)}`,
  public_key: null,
  error: null,
  broken: null,
  verification: null,
  verifying: null,
  signed: null,
};
const DECISION = record(4, "decision", { action: "stop", authorised: true, reasons: ["overheat"] });
const RECEIPT = record(6, "receipt", { action: "stop", outcome: "confirmed", decision: "ab" });

const hass = house();

test.each([
  [RECEIPT, "good", "Stop: confirmed by its telemetry", ""],
  [record(1, "receipt", { action: "run", outcome: "failed", reason: "timeout" }), "bad", "Run: failed", "Timeout"],
  [record(1, "negative_proof", { action: "run", rule: "overheat" }), "idle", "Run: refused", "Overheated"],
  [record(1, "divergence", { code: "overheat", active: false }), "good", "Overheated: over", ""],
  [DECISION, "good", "Decided: Stop", "Overheated"],
  [record(1, "override", { until_ms: 1 }), "busy", "Taken over by a person", ""],
  [record(1, "override", {}), "busy", "Handed back to the automation", ""],
  [record(1, "review", { approved: false, note: "no" }), "warn", "Decision rejected", "no"],
  [record(1, "telemetry", { error: "timeout" }), "warn", "Reading", "Timeout"],
  [
    record(1, "telemetry", {
      reading: { hashrate_ths: 99.9, power_w: 3250, temperatures: [{ temperature_c: 71.2 }] },
    }),
    ...["idle", "Reading", "99.9 TH/s, 3.25 kW, 71.2 °C"],
  ],
  [record(1, "price", { energy_price_per_kwh: 0.065 }), "idle", "Prices", "0.065 / kWh"],
  [record(1, "checkpoint", {}), "idle", "Signed checkpoint", ""],
  [record(1, "receipt", null), "idle", "Receipt", "Removed after its time of keeping; its hash stays"],
] as [LedgerRecord, string, string, string][])("a record in one line: %#", (item, tone, title, detail) => {
  expect(line(hass, item)).toEqual({ tone, title, detail });
});

test("an acceptance is left out only once it is settled", () => {
  const accepted = record(5, "receipt", { action: "stop", outcome: "accepted", decision: "ab" });
  const other = record(3, "receipt", { action: "run", outcome: "accepted", decision: "cd" });
  expect(settled([RECEIPT, accepted, other]).map((item) => item.seq)).toEqual([6, 3]);
});

test("a head is shortened", () => {
  expect(short(`980:${"0123456789abcdef".repeat(4)}`)).toBe("980:0123456789ab…89abcdef");
});

let connection: FakeConnection;

beforeEach(() => {
  connection = new FakeConnection();
});
afterEach(() => {
  document.body.replaceChildren();
});

async function shown(answers: Record<string, unknown>): Promise<[EvidenceCard, ReturnType<typeof house>]> {
  const card = new EvidenceCard();
  const home = house(connection, { "aiep_miner/ledger/status": STATUS, ...answers });
  card.setConfig({ type: "custom:aiep-miner-evidence" });
  card.hass = home;
  document.body.append(card);
  await Promise.resolve();
  connection.send(full({ a: row("Rig 1") }));
  await vi.waitFor(() => {
    if (card.status === undefined || card.next === undefined) throw new Error("not read yet");
  });
  await card.updateComplete;
  return [card, home];
}

test("a record unfolds with what it rests on, and gives the proof of its decision", async () => {
  const [card, home] = await shown({
    "aiep_miner/ledger/records": { records: [RECEIPT], next_cursor: null },
    "aiep_miner/ledger/evidence": {
      record: RECEIPT,
      chain: { follows: true, head: "" },
      named: [
        { name: "decision", seq: 1, record: DECISION },
        { name: "telemetry", seq: 2, record: null },
      ],
      outcomes: [],
    },
    "auth/sign_path": { path: "#signed" },
  });
  const asked = vi.spyOn(home, "callWS");
  const root = card.renderRoot;
  root.querySelector<HTMLElement>(".entry")?.click();
  await vi.waitFor(() => {
    expect(root.querySelector(".open")?.textContent).toContain("Follows from the record before it");
  });
  expect(root.querySelectorAll(".link")).toHaveLength(1);
  root.querySelector<HTMLElement>(".open .pillbutton")?.click();
  await vi.waitFor(() => {
    expect(asked).toHaveBeenCalledWith({
      type: "auth/sign_path",
      path: "/api/aiep_miner/operators/site/ledger/bundle/4",
      expires: 60,
    });
  });
});

test("a filter asks anew, and the end of the ledger is said", async () => {
  const [card, home] = await shown({
    "aiep_miner/ledger/records": { records: [RECEIPT], next_cursor: null },
  });
  expect(card.renderRoot.querySelector(".end")?.textContent).toContain("The ledger begins here");
  const asked = vi.spyOn(home, "callWS");
  const select = card.renderRoot.querySelectorAll("select")[0];
  if (select === undefined) throw new Error("no filter");
  select.value = "decisions";
  select.dispatchEvent(new Event("change"));
  expect(asked.mock.calls.map(([command]) => command["kinds"])).toContainEqual(["decision"]);
  await card.updateComplete;
});

test("who may not read the ledger is told so", async () => {
  const refusing = house(connection);
  const card = new EvidenceCard();
  refusing.callWS = (): Promise<never> =>
    Promise.reject(Object.assign(new Error("no"), { code: "unauthorized" }));
  card.setConfig({ type: "custom:aiep-miner-evidence" });
  card.hass = refusing;
  document.body.append(card);
  await Promise.resolve();
  connection.send(full({ a: row("Rig 1") }));
  await vi.waitFor(() => {
    expect(card.renderRoot.textContent).toContain("Only administrators");
  });
});
