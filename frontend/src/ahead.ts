/** The next hours of one miner: a bar, and its segments in words. */
import { html, nothing, type TemplateResult } from "lit";
import { money, span } from "./format";
import type { HomeAssistant } from "./ha";
import type { Segment } from "./plan-card";
import { say } from "./words";

const MAX_LISTED = 5;

export function ahead(
  hass: HomeAssistant,
  segments: Segment[],
  currency: string,
): TemplateResult | typeof nothing {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined) return nothing;
  const from = Math.max(Date.parse(first.from), Date.now());
  const span = Math.max(1, Date.parse(last.until) - from);
  return html`<section class="panel" aria-label=${say(hass, "miner.plan")}>
    <h2>${say(hass, "miner.plan")}</h2>
    <div class="bar" aria-hidden="true">
      ${segments.map((segment) => {
        const begin = Math.max(Date.parse(segment.from), from);
        const share = Math.max(0, (Date.parse(segment.until) - begin) / span);
        return html`<i
          class="${segment.runs ? "runs" : ""} ${segment.guessed ? "guessed" : ""}"
          style="flex-grow:${share}"
        ></i>`;
      })}
    </div>
    <ol class="ahead">
      ${segments.slice(0, MAX_LISTED).map((segment) => listed(hass, segment, currency))}
    </ol>
  </section>`;
}

function listed(hass: HomeAssistant, segment: Segment, currency: string): TemplateResult {
  const times = span(hass, Date.parse(segment.from), Date.parse(segment.until));
  const does = say(hass, segment.runs ? "plan.runs" : "plan.off");
  const level = segment.level === null ? "" : ` (${segment.level})`;
  const value = segment.runs
    ? ` \u00b7 ${say(hass, "miner.segment", { value: money(hass, segment.value, currency) })}`
    : "";
  return html`<li class=${segment.runs ? "runs" : ""}>
    <b>${times}: ${does}${level}</b><small>${segment.sentence}${value}</small>
  </li>`;
}
