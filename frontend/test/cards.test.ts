// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Details } from "../src/details";
import { FleetCard } from "../src/fleet-card";
import { MinerCard } from "../src/miner-card";
import type { Segment } from "../src/plan-card";
import { FakeConnection, full, house, row } from "./house";

customElements.define("aiep-miner-fleet", FleetCard);
customElements.define("aiep-miner-detail", MinerCard);

const HOUR_MS = 3_600_000;

function segment(from: number, until: number, fields: Partial<Segment> = {}): Segment {
  const at = (hours: number): string => new Date(Date.now() + hours * HOUR_MS).toISOString();
  return {
    from: at(from),
    until: at(until),
    runs: true,
    level: "eco",
    power_w: 2000,
    sentence: "",
    value: 1.25,
    energy_price_per_kwh: 0.1,
    break_even_per_kwh: 0.2,
    guessed: false,
    ...fields,
  };
}

const DETAILS: Details = {
  firmware: "1.0",
  hostname: null,
  actions: ["run", "stop"],
  entities: { restart: "button.a_restart" },
  held_by: null,
  latched: false,
  revenue_per_day: 5,
  cost_per_day: 3.5,
  break_even: 0.09,
  boards: [
    {
      index: 0,
      hashrate_ths: 33,
      temperature_c: null,
      chip_temperature_c: 70,
      chips_working: 114,
      chips_expected: 114,
      enabled: null,
    },
  ],
  temperatures: { chip_0: 70 },
  fans_rpm: [4000, 4200],
  uptime_s: 7200,
  shares_accepted: 99,
  shares_rejected: 1,
  pool: "stratum+tcp://pool.example:3333",
  plan: [segment(0, 2, { sentence: "It pays" }), segment(2, 6, { runs: false, level: null })],
  levels: [
    { name: "eco", hashrate_ths: 80, power_w: 2000, efficiency_j_per_th: 25, measured_s: 3600 },
    { name: "turbo", hashrate_ths: 110, power_w: 3300, efficiency_j_per_th: 30, measured_s: 600 },
  ],
  may_read_ledger: true,
};
const RECORDS = [
  { seq: 9, ts: 2000, kind: "receipt", body: { action: "stop", outcome: "confirmed", decision: "d" },
    decision: { seq: 1, origin: "person", reasons: ["overheat"] },
  },
  { seq: 8, ts: 1000, kind: "receipt", body: { action: "stop", outcome: "accepted", decision: "d" } },
  { seq: 7, ts: 900, kind: "divergence", body: { code: "overheat", active: true } },
  { seq: 6, ts: 800, kind: "negative_proof", body: { action: "run", rule: "overheat" } },
  { seq: 5, ts: 700, kind: "receipt", body: null },
];

let connection: FakeConnection;

beforeEach(() => {
  connection = new FakeConnection();
  vi.spyOn(window, "innerHeight", "get").mockReturnValue(900);
});
afterEach(() => {
  document.body.replaceChildren();
  localStorage.clear();
});

async function shown(
  card: FleetCard | MinerCard,
  hass: ReturnType<typeof house>,
  config = {},
): Promise<ShadowRoot> {
  card.setConfig({ type: "custom:x", ...config });
  card.hass = hass;
  document.body.append(card);
  await Promise.resolve();
  connection.send(
    full({
      a: row("Rig 1"),
      b: row("Rig 2", { problems: ["overheat"], mining: false }),
      c: row("Rig 3", { entity_id: "binary_sensor.c" }),
    }),
  );
  await vi.waitFor(() => {
    if (card.renderRoot.querySelector("a, button") === null) throw new Error("not drawn yet");
  });
  await card.updateComplete;
  return card.renderRoot as ShadowRoot;
}

test("the fleet shows a labelled row a miner, and what needs attention", async () => {
  const root = await shown(new FleetCard(), house(connection));
  const rows = [...root.querySelectorAll(".row .cover")];
  const labels = rows.map((cover) => cover.getAttribute("aria-label"));
  expect(labels).toHaveLength(3);
  expect(labels[0]).toBe("Rig 2, Overheated, Running: Rig 2, 100 TH/s, 60 °C");
  expect(root.querySelector(".alert b")?.textContent).toBe("Rig 2: Overheated");
  expect(root.querySelectorAll(".act")).toHaveLength(2);
});

test("a button stops or starts its miner", async () => {
  const hass = house(connection);
  const root = await shown(new FleetCard(), hass);
  for (const button of root.querySelectorAll<HTMLElement>(".act")) button.click();
  expect(hass.called).toEqual([
    { domain: "switch", service: "turn_on", entity_id: "switch.Rig 2" },
    { domain: "switch", service: "turn_off", entity_id: "switch.Rig 1" },
  ]);
});

test("a filter that fits nothing says so and can be taken back", async () => {
  const card = new FleetCard();
  const root = await shown(card, house(connection));
  card.text = "nobody";
  await card.updateComplete;
  expect(root.querySelectorAll(".row")).toHaveLength(0);
  root.querySelector<HTMLElement>(".nothing button")?.click();
  await card.updateComplete;
  expect(root.querySelectorAll(".row")).toHaveLength(3);
});

test("a change of other states draws nothing", async () => {
  const card = new FleetCard();
  const hass = house(connection);
  await shown(card, hass);
  const updated = vi.spyOn(card as unknown as { render(): unknown }, "render");
  card.hass = { ...hass };
  await card.updateComplete;
  expect(updated).not.toHaveBeenCalled();
  card.hass = { ...hass, language: "de" };
  await card.updateComplete;
  expect(updated).toHaveBeenCalled();
});

test("the page of a miner tells its story without what was settled later", async () => {
  const hass = house(connection, {
    "aiep_miner/fleet/miner": DETAILS,
    "aiep_miner/ledger/story": { records: RECORDS },
  });
  const root = await shown(new MinerCard(), hass, { device_id: "device-Rig 1" });
  await vi.waitFor(() => {
    expect(root.querySelectorAll(".story li")).toHaveLength(4);
  });
  expect(root.querySelector(".story")?.textContent).toContain("Stop: confirmed");
  expect(root.querySelector(".story small")?.textContent).toContain("Person · Overheated");
  expect(root.querySelector(".story")?.textContent).toContain("Overheated: began");
  expect(root.querySelector("h1")?.textContent).toBe("Rig 1");
  expect(root.querySelectorAll(".board")).toHaveLength(1);
});

test("who may not read the ledger is told so", async () => {
  const hass = house(connection, {
    "aiep_miner/fleet/miner": { ...DETAILS, may_read_ledger: false },
  });
  const root = await shown(new MinerCard(), hass, { device_id: "device-Rig 1" });
  await vi.waitFor(() => {
    expect(root.querySelector(".quiet")?.textContent).toContain("Only administrators");
  });
});

test("the page of a miner shows its next hours, and what each level brought", async () => {
  const hass = house(connection, { "aiep_miner/fleet/miner": DETAILS });
  const root = await shown(new MinerCard(), hass, { device_id: "device-Rig 1" });
  await vi.waitFor(() => {
    expect(root.querySelectorAll(".ahead li")).toHaveLength(2);
  });
  const [first, second] = [...root.querySelectorAll(".ahead li")].map((item) => item.textContent);
  expect(first).toContain("runs (eco)");
  expect(first).toContain("It pays · €1.25 against being off");
  expect(second).toContain("off");
  expect(second).not.toContain("against");
  const bar = [...root.querySelectorAll<HTMLElement>(".bar i")].map((part) => part.style.flexGrow);
  expect(Number(bar[1]) / Number(bar[0])).toBeCloseTo(2, 1);
  const levels = [...root.querySelectorAll(".levels tbody tr")].map((line) => line.textContent);
  expect(levels[0]).toContain("25 J/TH");
  expect(levels[1]).toContain("3.3 kW");
});

test("miners are grouped by their labels", async () => {
  const hass = house(connection, {
    "config/label_registry/list": [{ label_id: "south", name: "South hall" }],
  });
  hass.devices["device-Rig 1"] = { id: "device-Rig 1", labels: ["south"] };
  const card = new FleetCard();
  card.group = "label";
  const root = await shown(card, hass);
  await vi.waitFor(() => {
    const headings = [...root.querySelectorAll(".group")].map((group) => group.textContent.trim());
    expect(headings.map((text) => text.split("\n")[0])).toEqual(["South hall", "Without a label"]);
  });
});
