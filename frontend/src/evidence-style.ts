/** How the evidence view looks. */
import { css } from "lit";

export const evidenceStyle = css`
  .page {
    container: evidence / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .page > * + * {
    margin-top: 16px;
  }
  .seal {
    padding: 20px 24px;
    display: flex;
    flex-wrap: wrap;
    gap: 16px 20px;
    align-items: center;
  }
  .seal .badge {
    width: 56px;
    height: 56px;
  }
  .seal .badge svg.icon {
    width: 30px;
    height: 30px;
  }
  .seal .text {
    flex: 1 1 260px;
    min-width: 0;
  }
  h1 {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
  }
  .seal small {
    display: block;
    font-size: 13px;
    line-height: 19px;
    color: var(--faint);
    overflow-wrap: anywhere;
  }
  .hash {
    font-family: var(--ha-font-family-code, monospace);
    font-size: 12px;
    overflow-wrap: anywhere;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
  }
  .pillbutton {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    height: 40px;
    padding: 0 18px 0 14px;
    border-radius: 20px;
    font-size: 14px;
    font-weight: 500;
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .pillbutton.main {
    border-color: transparent;
    color: color-mix(in srgb, var(--primary-color) 60%, var(--ink));
    background: color-mix(in srgb, var(--primary-color) 16%, transparent);
  }
  .pillbutton[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .progress {
    flex: 1 1 100%;
    height: 6px;
    border-radius: 3px;
    overflow: hidden;
    background: color-mix(in srgb, var(--faint) 18%, transparent);
  }
  .progress i {
    display: block;
    height: 100%;
    border-radius: 3px;
    background: var(--primary-color);
    transition: width 0.4s ease;
  }
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    padding: 12px 16px;
    border-bottom: 1px solid var(--line);
  }
  select,
  input {
    font: inherit;
    font-size: 14px;
    color: var(--ink);
    height: 36px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: transparent;
    padding: 0 14px;
    max-width: 100%;
  }
  option {
    color: var(--ink);
    background: var(--paper);
  }
  ol {
    list-style: none;
    margin: 0;
    padding: 0;
  }
  .day {
    padding: 16px 20px 6px;
    font-size: 13px;
    font-weight: 500;
    color: var(--faint);
  }
  .entry {
    display: grid;
    grid-template-columns: 64px 12px minmax(0, 1fr) auto;
    gap: 12px;
    align-items: start;
    width: 100%;
    text-align: start;
    padding: 10px 20px;
    box-sizing: border-box;
    font-size: 14px;
    line-height: 20px;
  }
  .entry:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .entry:focus-visible {
    outline-offset: -3px;
  }
  .entry time,
  .entry .seq {
    color: var(--faint);
    font-size: 13px;
    font-variant-numeric: tabular-nums;
  }
  .entry .dot {
    width: 10px;
    height: 10px;
    margin-top: 5px;
    border-radius: 50%;
    background: var(--tone);
  }
  .entry .detail {
    display: block;
    font-size: 13px;
    color: var(--faint);
  }
  .open {
    margin: 0 20px 14px 108px;
    padding: 14px 16px;
    border-radius: 10px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
    font-size: 13px;
    line-height: 19px;
  }
  .open h3 {
    font-size: 13px;
    font-weight: 500;
    margin: 12px 0 4px;
  }
  .open .links {
    display: grid;
    gap: 2px;
  }
  .open .link {
    text-align: start;
    min-height: 28px;
    color: color-mix(in srgb, var(--primary-color) 70%, var(--ink));
  }
  .open .link span {
    color: var(--faint);
  }
  .open pre {
    margin: 8px 0 0;
    padding: 10px 12px;
    border-radius: 8px;
    overflow: auto;
    max-height: 260px;
    font-size: 12px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
  }
  .open summary {
    cursor: pointer;
    margin-top: 10px;
    min-height: 24px;
  }
  .open .pillbutton {
    margin-top: 12px;
  }
  .end {
    padding: 20px;
    text-align: center;
    font-size: 14px;
    color: var(--faint);
  }
  @container evidence (max-width: 620px) {
    .seal {
      padding: 16px;
    }
    .tools select,
    .tools input {
      flex: 1 1 44%;
      min-width: 0;
    }
    .entry {
      grid-template-columns: 12px minmax(0, 1fr) auto;
      padding: 10px 14px;
    }
    .entry time {
      grid-column: 2;
      grid-row: 2;
      margin-top: -8px;
    }
    .open {
      margin: 0 14px 14px;
    }
  }
`;
