import { expect, test } from "vitest";
import { offsets, visible } from "../src/window";

const STARTS = offsets(Array.from({ length: 1000 }, () => 70));

test("where items begin", () => {
  expect(offsets([50, 70, 70])).toEqual([0, 50, 120, 190]);
});

test("a list of thousand draws what is in sight and a little more", () => {
  expect(visible(300, 900, STARTS)).toEqual({ first: 0, end: 15 });
  const middle = visible(-35_000, 900, STARTS);
  expect(middle.first).toBeLessThanOrEqual(500);
  expect(middle.end).toBeGreaterThanOrEqual(513);
  expect(middle.end - middle.first).toBeLessThan(32);
});

test("beyond either end nothing is drawn twice or missed", () => {
  expect(visible(2000, 900, STARTS).first).toBe(0);
  expect(visible(-80_000, 900, STARTS).end).toBe(1000);
  expect(visible(0, 900, [0])).toEqual({ first: 0, end: 0 });
});
