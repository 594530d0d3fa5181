// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ReviewsCard, type Review } from "../src/reviews-card";
import { FakeConnection, full, house, OPERATOR, row } from "./house";

customElements.define("aiep-miner-reviews", ReviewsCard);

const REVIEW: Review = {
  seq: 7,
  hash: "ab",
  ts: 1_800_000_000_000,
  miner_id: "a",
  action: "set_power",
  value: 3000,
  option: null,
  origin: "automation",
  reasons: ["outside_proposal"],
};

let connection: FakeConnection;

beforeEach(() => {
  connection = new FakeConnection();
});
afterEach(() => {
  document.body.replaceChildren();
});

async function shown(reviews: Record<string, Review[]>, isAdmin = true): Promise<[ReviewsCard, ReturnType<typeof house>]> {
  const card = new ReviewsCard();
  const hass = { ...house(connection, { "aiep_miner/fleet/reviews": { reviews } }), user: { is_admin: isAdmin } };
  card.setConfig({ type: "custom:aiep-miner-reviews", evidence_path: "evidence" });
  card.hass = hass;
  document.body.append(card);
  await Promise.resolve();
  connection.send({ ...full({ a: row("Rig 1") }), operator: { ...OPERATOR, reviews: 1 } });
  await vi.waitFor(() => {
    expect(card.renderRoot.querySelector(".panel")).not.toBeNull();
  });
  await card.updateComplete;
  return [card, hass];
}

test("a decision is rejected with a note, and the list is read anew", async () => {
  const [card, hass] = await shown({ site: [REVIEW] });
  const service = vi.spyOn(hass, "callService");
  const asked = vi.spyOn(hass, "callWS");
  const root = card.renderRoot;
  expect(root.querySelector("h2")?.textContent).toBe("Rig 1: Set power 3,000");
  expect(root.querySelector("small")?.textContent).toContain("Automation");
  const note = root.querySelector<HTMLInputElement>("input");
  if (note !== null) note.value = "too much";
  root.querySelector<HTMLElement>("button.bad")?.click();
  await vi.waitFor(() => {
    expect(asked).toHaveBeenCalledWith({ type: "aiep_miner/fleet/reviews" });
  });
  expect(service).toHaveBeenCalledWith("aiep_miner", "review", {
    config_entry_id: "site",
    record_hash: "ab",
    approved: false,
    note: "too much",
  });
});

test("only administrators judge", async () => {
  const [card] = await shown({ site: [REVIEW] }, false);
  expect(card.renderRoot.querySelectorAll("button")).toHaveLength(0);
  expect(card.renderRoot.textContent).toContain("Only administrators");
});

test("nothing to review, or nothing that may be read", async () => {
  const [empty] = await shown({ site: [] });
  expect(empty.renderRoot.textContent).toContain("Nothing to review");
  const [closed] = await shown({});
  expect(closed.renderRoot.textContent).toContain("read the ledger");
});
