import { expect, test } from "vitest";
import { duration, money, number, power, rate, span } from "../src/format";
import { path, thinned } from "../src/history";
import { house } from "./house";

const hass = house();
const text = ({ value, unit }: { value: string; unit: string }): string => `${value} ${unit}`;

test("hash rates and powers take the unit that fits", () => {
  const rates = [0, 0.45, 1.2, 99.94, 250, 1260, 2_500_000].map((ths) => text(rate(hass, ths)));
  expect(rates).toEqual([
    ...["0 TH/s", "450 GH/s", "1.2 TH/s", "99.9 TH/s", "250 TH/s", "1.26 PH/s", "2.5 EH/s"],
  ]);
  expect(text(power(hass, 18_550))).toBe("18.6 kW");
  expect(text(power(hass, null))).toBe("– W");
});

test("amounts never show a minus before zero", () => {
  expect(money(hass, -0.004, "EUR")).toBe("€0.00");
  expect(money(hass, -1.054, "EUR")).toBe("\u2212€1.05");
  expect(money(hass, 12_345.6, "EUR")).toBe("€12,346");
  expect(money(hass, 2, "sats!")).toBe("2.00 sats!");
  expect(money(hass, null, "EUR")).toBe("–");
});

test("durations and bare numbers", () => {
  expect(duration(hass, 90)).toBe("2 minutes");
  expect(duration(hass, 3 * 3600)).toBe("3 hours");
  expect(duration(hass, 3 * 86_400)).toBe("3 days");
  expect(number(hass, 0.4123)).toBe("0.41");
  expect(number(hass, null)).toBe("–");
});

test("a curve begins at zero and has few points", () => {
  expect(thinned(Array.from({ length: 100 }, (_, i) => i), 10)).toHaveLength(10);
  expect(path([1], { width: 10, height: 10 })).toBeUndefined();
  expect(path([0, 0], { width: 10, height: 10 })).toBeUndefined();
  expect(path([0, 4], { width: 10, height: 10 })?.line).toBe("M0.0,10.0L10.0,2.0");
});

test("a span names its day once, and today not at all", () => {
  const today = new Date();
  today.setHours(9, 0, 0, 0);
  const hour = 3_600_000;
  const of = (from: number, until: number): string =>
    span(house(), today.getTime() + from * hour, today.getTime() + until * hour).replace(/\s/g, " ");
  expect(of(0, 2)).toBe("09:00–11:00");
  expect(of(24, 26)).toMatch(/^\d+ \w+, 09:00–11:00$/);
});
