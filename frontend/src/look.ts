/** What all cards look like: Home Assistant's variables, so that every theme fits. */
import { css, html, svg, type TemplateResult } from "lit";
import {
  mdiAlert,
  mdiHandBackRight,
  mdiHelp,
  mdiLanDisconnect,
  mdiPickaxe,
  mdiPower,
  mdiProgressClock,
  mdiThermometerAlert,
} from "@mdi/js";
import type { Miner } from "./fleet";
import type { HomeAssistant } from "./ha";
import { heat, tone, type Tone } from "./rows";
import { action, reason, say } from "./words";
import { UNKNOWN, whole } from "./format";

export const base = css`
  :host {
    --good: var(--success-color, #43a047);
    --warn: var(--warning-color, #ffa600);
    --bad: var(--error-color, #db4437);
    --busy: var(--info-color, #039be5);
    --idle: var(--secondary-text-color, #727272);
    --ink: var(--primary-text-color, #141414);
    --faint: color-mix(in srgb, var(--secondary-text-color, #727272) 88%, var(--ink));
    --line: var(--divider-color, rgb(0 0 0 / 12%));
    --paper: var(--ha-card-background, var(--card-background-color, #fff));
    --round: var(--restore-card-border-radius, var(--ha-card-border-radius, 12px));
    display: block;
    color: var(--ink);
    font-family: var(--ha-font-family-body, Roboto, sans-serif);
    -webkit-font-smoothing: antialiased;
  }
  .panel {
    background: var(--paper);
    /* A panel view takes the borders of its one card away, and says what they were. */
    border: var(--restore-card-border-width, var(--ha-card-border-width, 1px)) solid
      var(--ha-card-border-color, var(--line));
    border-radius: var(--round);
    box-shadow: var(--restore-card-box-shadow, var(--ha-card-box-shadow, none));
  }
  .good {
    --tone: var(--good);
  }
  .warn {
    --tone: var(--warn);
  }
  .bad {
    --tone: var(--bad);
  }
  .busy {
    --tone: var(--busy);
  }
  .idle {
    --tone: var(--idle);
  }
  .badge {
    display: grid;
    place-items: center;
    width: 40px;
    height: 40px;
    border-radius: 50%;
    flex: none;
    color: color-mix(in srgb, var(--tone) 85%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  svg.icon {
    width: 22px;
    height: 22px;
    fill: currentcolor;
    display: block;
  }
  .number {
    font-variant-numeric: tabular-nums;
    white-space: nowrap;
  }
  .unit {
    color: var(--faint);
    font-weight: 400;
  }
  .minus {
    color: color-mix(in srgb, var(--bad) 80%, var(--ink));
  }
  .plus {
    color: color-mix(in srgb, var(--good) 72%, var(--ink));
  }
  button {
    font: inherit;
    color: inherit;
    background: none;
    border: none;
    padding: 0;
    cursor: pointer;
  }
  button:focus-visible,
  a:focus-visible,
  input:focus-visible,
  select:focus-visible {
    outline: 2px solid var(--primary-color);
    outline-offset: 2px;
  }
  .hidden {
    position: absolute;
    width: 1px;
    height: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .heat {
    --tone: var(--good);
    position: relative;
    display: block;
    height: 5px;
    border-radius: 3px;
    background: color-mix(in srgb, var(--faint) 20%, transparent);
    overflow: hidden;
  }
  .heat.warm {
    --tone: var(--warn);
  }
  .heat.hot {
    --tone: var(--bad);
  }
  .heat i {
    position: absolute;
    inset: 0 auto 0 0;
    border-radius: 3px;
    background: var(--tone);
    transition: width 0.6s ease;
  }
  @media (prefers-reduced-motion: reduce) {
    * {
      transition: none !important;
      animation-duration: 1ms !important;
    }
  }
`;

export function icon(path: string): TemplateResult {
  return html`<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
    ${svg`<path d=${path}></path>`}
  </svg>`;
}

export function stateIcon(miner: Miner): string {
  if (!miner.contact) return mdiLanDisconnect;
  if (miner.problems.includes("overheat")) return mdiThermometerAlert;
  if (miner.problems.length > 0) return mdiAlert;
  if (miner.pending !== null) return mdiProgressClock;
  if (miner.held_until_ms !== null) return mdiHandBackRight;
  if (miner.mining === null) return mdiHelp;
  return miner.mining ? mdiPickaxe : mdiPower;
}

export function stateWord(hass: HomeAssistant, miner: Miner): string {
  if (!miner.contact) return say(hass, "state.contact_lost");
  const problem = miner.problems[0];
  if (problem !== undefined) return reason(hass, problem);
  if (miner.pending !== null) {
    return say(hass, "state.pending", { action: action(hass, miner.pending) });
  }
  if (miner.mining === null) return say(hass, "state.unknown");
  return say(hass, miner.mining ? "state.mining" : "state.off");
}

export const badge = (miner: Miner): TemplateResult =>
  html`<span class="badge ${tone(miner) satisfies Tone}">${icon(stateIcon(miner))}</span>`;

/** A temperature and how much of its limit it uses up. */
export function thermometer(hass: HomeAssistant, miner: Miner): TemplateResult {
  if (miner.temperature_c === null) return html`<span class="unit">${UNKNOWN}</span>`;
  const share = Math.min(100, (miner.temperature_c / miner.limit_c) * 100);
  return html`<span class="number"
      >${whole(hass, miner.temperature_c)}<span class="unit"
        > / ${whole(hass, miner.limit_c)} °C</span
      ></span
    >
    <span class="heat ${heat(miner) ?? ""}"><i style="width:${share}%"></i></span>`;
}
