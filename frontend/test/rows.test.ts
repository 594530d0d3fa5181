import { describe, expect, test } from "vitest";
import { heat, needsAttention, select, tone, totals, type Item, type Shown } from "../src/rows";
import { miner } from "./house";

const SHOWN: Shown = {
  filter: "all",
  text: "",
  sort: { key: "name", descending: false },
  group: "none",
};

const MINERS = [
  miner("Rig 10", { profit_per_day: 3 }),
  miner("Rig 9", { mining: false, hashrate_ths: 0, profit_per_day: 0, make: "BitAxe" }),
  miner("Rig 2", { problems: ["overheat"], temperature_c: 85, profit_per_day: -1 }),
  miner("Barn", { contact: false, mining: null, hashrate_ths: null, profit_per_day: null, make: null }),
];

function names(shown: Partial<Shown>): string[] {
  const items = select(MINERS, { ...SHOWN, ...shown }, (each) => each.make ?? "Other");
  return items.map((item: Item) => ("miner" in item ? item.miner.name : `[${item.heading}]`));
}

describe("which miners are shown, and in which order", () => {
  test("numbers in names count as numbers", () => {
    expect(names({})).toEqual(["Barn", "Rig 2", "Rig 9", "Rig 10"]);
  });

  test("unknown values come last in either direction", () => {
    const up = names({ sort: { key: "profit", descending: false } });
    const down = names({ sort: { key: "profit", descending: true } });
    expect(up).toEqual(["Rig 2", "Rig 9", "Rig 10", "Barn"]);
    expect(down).toEqual(["Rig 10", "Rig 9", "Rig 2", "Barn"]);
  });

  test("what needs attention comes first", () => {
    const order = names({ sort: { key: "attention", descending: false } });
    expect(order).toEqual(["Barn", "Rig 2", "Rig 10", "Rig 9"]);
  });

  test("filters and search", () => {
    expect(names({ filter: "mining" })).toEqual(["Rig 2", "Rig 10"]);
    expect(names({ filter: "off" })).toEqual(["Barn", "Rig 9"]);
    expect(names({ filter: "attention" })).toEqual(["Barn", "Rig 2"]);
    expect(names({ text: " bitaxe " })).toEqual(["Rig 9"]);
    expect(names({ text: "nobody" })).toEqual([]);
  });

  test("groups have headings, in order", () => {
    expect(names({ group: "make" })).toEqual([
      ...["[Antminer]", "Rig 2", "Rig 10"],
      ...["[BitAxe]", "Rig 9"],
      ...["[Other]", "Barn"],
    ]);
  });
});

test("totals count only what is known", () => {
  const sum = totals(MINERS);
  expect(sum.hashrate_ths).toBe(200);
  expect(sum.profit.get("EUR")).toBe(2);
  expect(sum).toMatchObject({ miners: 4, mining: 2 });
  expect(sum.tones).toEqual({ good: 1, idle: 1, busy: 0, warn: 0, bad: 2 });
  expect(totals([]).power_w).toBeNull();
});

test("the tone of a miner", () => {
  expect(tone(miner("a", { pending: "stop" }))).toBe("busy");
  expect(tone(miner("a", { problems: ["fan_failure"] }))).toBe("warn");
  expect(tone(miner("a", { mining: null }))).toBe("idle");
  expect(needsAttention(miner("a"))).toBe(false);
});

test("how near its limit a miner is", () => {
  const at = (temperature_c: number | null): unknown => heat(miner("a", { temperature_c }));
  expect([at(74), at(75), at(80), at(null)]).toEqual(["cool", "warm", "hot", undefined]);
});
