// @vitest-environment happy-dom
import { afterEach, expect, test, vi } from "vitest";
import { explain, PlanCard, steps, type Plan } from "../src/plan-card";
import { FakeConnection, full, house, OPERATOR, row } from "./house";

customElements.define("aiep-miner-plan", PlanCard);

const at = (hour: number, minute = 0): string =>
  new Date(Date.UTC(2027, 0, 1, hour, minute)).toISOString();

const PLAN: Plan = {
  currency: "EUR",
  total: 3.5,
  made_at: at(0),
  until: at(2),
  prices_known_until: at(1),
  energy_prices: Array.from({ length: 8 }, (_, step) => ({
    from: at(0, step * 15),
    price_per_kwh: step < 4 ? 0.1 : 0.3,
    guessed: step >= 4,
  })),
  miners: [
    {
      miner_id: "a",
      name: "Rig 1",
      segments: [
        {
          ...{ from: at(0), until: at(1), runs: true, level: "Eco", power_w: 3000 },
          ...{ sentence: "It pays by the plan", value: 1.2, guessed: false },
          ...{ energy_price_per_kwh: 0.1, break_even_per_kwh: 0.2 },
        },
        {
          ...{ from: at(1), until: at(2), runs: false, level: null, power_w: 20 },
          ...{ sentence: "Energy costs more than it earns", value: 0, guessed: true },
          ...{ energy_price_per_kwh: 0.3, break_even_per_kwh: 0.2 },
        },
      ],
    },
  ],
};

afterEach(() => {
  document.body.replaceChildren();
});

async function shown(plan: Plan | null): Promise<PlanCard> {
  const connection = new FakeConnection();
  const card = new PlanCard();
  card.setConfig({ type: "custom:aiep-miner-plan" });
  card.hass = house(connection, { "aiep_miner/fleet/plan": { plan } });
  document.body.append(card);
  await Promise.resolve();
  const operator = { ...OPERATOR, plan_seq: plan === null ? null : 7, next_change: "Rig 1: Stop" };
  connection.send({ ...full({ a: row("Rig 1") }), operator });
  await vi.waitFor(() => {
    expect(card.renderRoot.querySelector(".panel")).not.toBeNull();
  });
  return card;
}

test("each segment is as long as it lasts, and explains itself", async () => {
  const card = await shown(PLAN);
  const segments = [...card.renderRoot.querySelectorAll<HTMLElement>(".segment")];
  expect(segments.map((item) => item.getAttribute("style"))).toEqual([
    "left:0%;width:50%",
    "left:50%;width:50%",
  ]);
  expect(segments[1]?.className).toContain("off guessed");
  expect(card.renderRoot.querySelector(".head")?.textContent).toContain("Rig 1: Stop");
  segments[1]?.click();
  await card.updateComplete;
  expect(card.renderRoot.querySelector(".why")?.textContent).toContain("Energy costs more");
});

test("an explanation has the reason and its numbers", () => {
  const [miner] = PLAN.miners;
  const [segment] = miner?.segments ?? [];
  if (segment === undefined) throw new Error("no segment");
  const text = explain(house(), PLAN, "Rig 1", segment);
  expect(text).toContain("runs (Eco). It pays by the plan. Energy 0.1, break-even 0.2 EUR/kWh");
  expect(text).toContain("Worth €1.20");
});

test("prices are stairs from left to right, cheap ones low", () => {
  const axis = { from_ms: Date.parse(at(0)), until_ms: Date.parse(at(2)) };
  const line = steps(PLAN.energy_prices.slice(3, 5), axis, 0.1, 0.3);
  expect(line).toBe("M375.0,94.0H500.0L500.0,6.0H625.0");
});

test("without a plan it says how to get one", async () => {
  const card = await shown(null);
  expect(card.renderRoot.textContent).toContain("No plan");
});
