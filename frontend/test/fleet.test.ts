import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { COMMAND, Fleet } from "../src/fleet";
import { FakeConnection, full, row } from "./house";

let connection: FakeConnection;
let fleet: Fleet;

beforeEach(() => {
  vi.useFakeTimers();
  connection = new FakeConnection();
  fleet = new Fleet(connection);
});
afterEach(() => {
  vi.useRealTimers();
});

async function open(): Promise<{ calls: number; quit: () => void }> {
  const heard = { calls: 0, quit: (): void => undefined };
  heard.quit = fleet.listen(() => (heard.calls += 1));
  await vi.advanceTimersByTimeAsync(0);
  connection.send(full({ a: row("a"), b: row("b") }));
  return heard;
}

test("one subscription serves all cards and ends with the last", async () => {
  const first = await open();
  const quit = fleet.listen(() => undefined);
  expect(connection.sent).toEqual([COMMAND]);
  first.quit();
  expect(connection.ended).toBe(0);
  quit();
  await vi.advanceTimersByTimeAsync(0);
  expect(connection.ended).toBe(1);
  expect(fleet.known).toBe(false);
});

test("a change replaces the fields that it names, and the row", async () => {
  const heard = await open();
  const before = fleet.miners.get("a");
  const calls = heard.calls;
  connection.send({
    operator_id: "site",
    operator: { mode: "manual" },
    miners: { a: { mining: false } },
    removed: ["b"],
  });
  expect(heard.calls).toBe(calls + 1);
  expect(fleet.operators.get("site")).toMatchObject({ mode: "manual", title: "Garage" });
  expect(fleet.miners.get("a")).toMatchObject({ mining: false, hashrate_ths: 100, id: "a" });
  expect(fleet.miners.get("a")).not.toBe(before);
  expect(fleet.miners.has("b")).toBe(false);
});

test("an operator that ends takes its miners along; a full event replaces them", async () => {
  await open();
  connection.send(full({ c: row("c") }));
  expect([...fleet.miners.keys()]).toEqual(["c"]);
  connection.send({ operator_id: "site", operator: null, miners: {}, removed: [] });
  expect(fleet.miners.size + fleet.operators.size).toBe(0);
});

test("after Home Assistant restarted it asks until the integration answers", async () => {
  await open();
  connection.emit("disconnected");
  expect(fleet.error).toBe("disconnected");
  expect(fleet.miners.size).toBe(2);
  connection.refuses = Object.assign(new Error("no"), { code: "unknown_command" });
  connection.emit("ready");
  await vi.advanceTimersByTimeAsync(0);
  expect(fleet.error).toBe("unknown_command");
  connection.refuses = undefined;
  await vi.advanceTimersByTimeAsync(2000);
  expect(fleet.error).toBeUndefined();
  connection.send(full({ a: row("a") }));
  expect([...fleet.miners.keys()]).toEqual(["a"]);
});
