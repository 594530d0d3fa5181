// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { HOLD_MS, PressHandler } from "../src/press";

let said: string[];
let handler: PressHandler<string>;
let element: HTMLElement;

beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  handler = new PressHandler<string>({
    tap: (subject): unknown => said.push(`tap ${subject}`),
    hold: (subject): unknown => said.push(`hold ${subject}`),
    canHold: (subject): boolean => subject !== "off",
  });
  element = document.createElement("a");
  element.addEventListener("pointerdown", (event) => {
    handler.down(event, element.dataset["subject"] ?? "");
  });
});
afterEach(() => {
  vi.useRealTimers();
});

function down(subject: string): void {
  element.dataset["subject"] = subject;
  element.dispatchEvent(new PointerEvent("pointerdown", { button: 0, clientX: 5, clientY: 5 }));
}

function click(subject: string): void {
  handler.click(new MouseEvent("click", { cancelable: true }), subject);
}

test("a tap opens", () => {
  down("a");
  vi.advanceTimersByTime(HOLD_MS - 1);
  click("a");
  vi.advanceTimersByTime(HOLD_MS);
  expect(said).toEqual(["tap a"]);
  expect(element.hasAttribute("holding")).toBe(false);
});

test("a hold acts once, and the click that ends it opens nothing", () => {
  down("a");
  expect(element.hasAttribute("holding")).toBe(true);
  vi.advanceTimersByTime(HOLD_MS);
  click("a");
  expect(said).toEqual(["hold a"]);
  click("a");
  expect(said).toEqual(["hold a", "tap a"]);
});

test("a finger that scrolls does not hold", () => {
  down("a");
  handler.move(new PointerEvent("pointermove", { clientX: 5, clientY: 40 }));
  vi.advanceTimersByTime(HOLD_MS);
  expect(said).toEqual([]);
});

test("what cannot be stopped is not held, only opened", () => {
  down("off");
  vi.advanceTimersByTime(HOLD_MS);
  click("off");
  expect(said).toEqual(["tap off"]);
});

test("a new tab is the browser's own affair", () => {
  handler.click(new MouseEvent("click", { ctrlKey: true }), "a");
  expect(said).toEqual([]);
});
