/** How the page of one miner looks. */
import { css } from "lit";

export const minerStyle = css`
  .page {
    container: miner / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .columns {
    display: grid;
    grid-template-columns: minmax(0, 1.55fr) minmax(0, 1fr);
    gap: 16px;
    align-items: start;
    margin-top: 16px;
  }
  .stack {
    display: grid;
    gap: 16px;
    min-width: 0;
  }
  .hero {
    padding: 20px 24px;
    position: relative;
    overflow: hidden;
  }
  .hero::before {
    content: "";
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: linear-gradient(
      100deg,
      color-mix(in srgb, var(--tone) 16%, transparent),
      transparent 55%
    );
  }
  .who {
    display: flex;
    gap: 16px;
    align-items: flex-start;
    position: relative;
  }
  .who .badge {
    width: 56px;
    height: 56px;
  }
  .who .badge svg.icon {
    width: 30px;
    height: 30px;
  }
  h1 {
    margin: 0;
    font-size: 24px;
    line-height: 30px;
    font-weight: 500;
  }
  .model {
    font-size: 14px;
    color: var(--faint);
  }
  .why {
    position: relative;
    font-size: 17px;
    line-height: 25px;
    margin: 16px 0 0;
    max-width: 62ch;
    text-wrap: pretty;
  }
  .controls {
    position: relative;
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-top: 18px;
  }
  .controls button,
  .controls a {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    height: 40px;
    padding: 0 18px 0 14px;
    border-radius: 20px;
    font-size: 14px;
    font-weight: 500;
    text-decoration: none;
    color: var(--ink);
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .controls button.main {
    border-color: transparent;
    color: color-mix(in srgb, var(--tone) 62%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  .controls button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(132px, 1fr));
    gap: 16px 20px;
    margin: 0;
    padding: 18px 24px;
  }
  dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  dd {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
    overflow: hidden;
    text-overflow: ellipsis;
    white-space: nowrap;
  }
  dd .unit {
    font-size: 14px;
  }
  dd small {
    display: block;
    font-size: 12px;
    line-height: 16px;
    font-weight: 400;
    color: var(--faint);
  }
  dd.text {
    font-size: 14px;
    font-weight: 400;
  }
  dd .heat {
    margin-top: 4px;
  }
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0;
    padding: 16px 20px 8px;
  }
  .boards {
    display: grid;
    grid-template-columns: repeat(auto-fill, minmax(150px, 1fr));
    gap: 12px;
    padding: 4px 20px 20px;
  }
  .board {
    border-radius: 10px;
    padding: 12px 14px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
    font-size: 13px;
  }
  .board b {
    display: block;
    font-weight: 500;
    font-size: 14px;
    margin-bottom: 4px;
  }
  .board .heat {
    margin: 6px 0;
  }
  .board small {
    color: var(--faint);
    font-size: 12px;
  }
  .bar {
    display: flex;
    height: 14px;
    margin: 4px 20px 12px;
    border-radius: 7px;
    overflow: hidden;
  }
  .bar i {
    background: color-mix(in srgb, var(--faint) 22%, var(--paper));
  }
  .bar i.runs {
    background: color-mix(in srgb, var(--good) 62%, var(--paper));
  }
  .bar i.guessed {
    opacity: 0.6;
  }
  .ahead {
    list-style: none;
    margin: 0;
    padding: 0 20px 18px;
    display: grid;
    gap: 10px;
    font-size: 14px;
    line-height: 20px;
  }
  .ahead b {
    font-weight: 500;
  }
  .ahead small {
    display: block;
    font-size: 12px;
    line-height: 17px;
    color: var(--faint);
  }
  .levels {
    width: calc(100% - 40px);
    margin: 0 20px 18px;
    border-collapse: collapse;
    font-size: 14px;
  }
  .levels th,
  .levels td {
    text-align: end;
    padding: 6px 0 6px 12px;
    font-weight: 400;
    border-bottom: 1px solid var(--line);
    font-variant-numeric: tabular-nums;
  }
  .levels th:first-child {
    text-align: start;
    padding-inline-start: 0;
  }
  .levels thead th {
    font-size: 12px;
    color: var(--faint);
  }
  .levels tbody tr:last-child th,
  .levels tbody tr:last-child td {
    border-bottom: none;
  }
  .levels .pill {
    margin-inline-start: 8px;
  }
  .story {
    list-style: none;
    margin: 0;
    padding: 4px 20px 18px;
  }
  .story li {
    position: relative;
    padding: 0 0 16px 26px;
    font-size: 14px;
    line-height: 20px;
  }
  .story li::before {
    content: "";
    position: absolute;
    left: 3px;
    top: 5px;
    width: 10px;
    height: 10px;
    border-radius: 50%;
    background: var(--tone);
    z-index: 1;
  }
  .story li::after {
    content: "";
    position: absolute;
    left: 7px;
    top: 10px;
    bottom: -6px;
    width: 2px;
    background: var(--line);
  }
  .story li:last-child {
    padding-bottom: 0;
  }
  .story li:last-child::after {
    display: none;
  }
  .story small {
    display: block;
    font-size: 12px;
    color: var(--faint);
  }
  .story a {
    color: color-mix(in srgb, var(--primary-color) 65%, var(--ink));
  }
  .quiet {
    padding: 4px 20px 20px;
    font-size: 14px;
    color: var(--faint);
  }
  .chart {
    min-width: 0;
    overflow: hidden;
    --ha-card-background: transparent;
  }
  .head {
    display: flex;
    align-items: center;
    justify-content: space-between;
    padding-inline-end: 16px;
  }
  .chips {
    display: flex;
    gap: 4px;
    padding-top: 8px;
  }
  .chips button {
    font-size: 13px;
    height: 32px;
    padding: 0 12px;
    border-radius: 16px;
    color: var(--faint);
  }
  .chips button[aria-pressed="true"] {
    color: var(--ink);
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .picker {
    display: block;
    margin: 16px auto 0;
    font: inherit;
    height: 40px;
    max-width: 100%;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: 20px;
    padding: 0 14px;
  }
  @container miner (max-width: 820px) {
    .columns {
      grid-template-columns: minmax(0, 1fr);
    }
  }
  @container miner (max-width: 520px) {
    .hero {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      padding: 16px;
    }
    .controls button,
    .controls a {
      flex: 1 1 44%;
      justify-content: center;
    }
  }
`;
