/** How the plan looks: one time axis for prices and all miners. */
import { css } from "lit";

export const planStyle = css`
  .page {
    container: plan / inline-size;
    max-width: 1180px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
    display: grid;
    gap: 16px;
  }
  .head {
    padding: 20px 24px;
  }
  h1 {
    margin: 0;
    font-size: 20px;
    line-height: 26px;
    font-weight: 500;
  }
  .head p {
    margin: 4px 0 0;
    font-size: 14px;
    line-height: 20px;
    color: var(--faint);
  }
  .head .next {
    margin-top: 12px;
    font-size: 16px;
    line-height: 24px;
    color: var(--ink);
  }
  .chart {
    padding: 16px 24px 20px;
    position: relative;
  }
  .label {
    font-size: 13px;
    color: var(--faint);
    display: flex;
    justify-content: space-between;
  }
  .lane {
    display: grid;
    grid-template-columns: 150px minmax(0, 1fr);
    gap: 12px;
    align-items: center;
    min-height: 38px;
  }
  .lane .who {
    font-size: 14px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .prices .who {
    white-space: normal;
    font-size: 13px;
    line-height: 18px;
    color: var(--faint);
  }
  .track {
    position: relative;
    height: 26px;
  }
  .prices .track {
    height: 96px;
  }
  svg.price {
    position: absolute;
    inset: 0;
    width: 100%;
    height: 100%;
    overflow: visible;
  }
  svg.price path {
    fill: none;
    stroke: color-mix(in srgb, var(--primary-color) 80%, var(--ink));
    stroke-width: 2;
    vector-effect: non-scaling-stroke;
  }
  svg.price path.guessed {
    stroke-dasharray: 4 4;
    opacity: 0.7;
  }
  .segment {
    position: absolute;
    inset-block: 0;
    border-radius: 6px;
    border-inline-end: 2px solid var(--paper);
    box-sizing: border-box;
    min-width: 3px;
    background: color-mix(in srgb, var(--good) 62%, var(--paper));
  }
  .segment.off {
    background: color-mix(in srgb, var(--faint) 16%, var(--paper));
  }
  .segment.guessed {
    opacity: 0.6;
  }
  .segment[aria-pressed="true"] {
    box-shadow: inset 0 0 0 2px var(--ink);
  }
  .now {
    position: absolute;
    inset-block: -4px;
    width: 2px;
    margin-inline-start: -1px;
    background: var(--bad);
    border-radius: 1px;
    pointer-events: none;
    z-index: 2;
  }
  .axis {
    position: relative;
    height: 20px;
    font-size: 12px;
    color: var(--faint);
  }
  .axis span {
    position: absolute;
    transform: translateX(-50%);
    white-space: nowrap;
  }
  .axis span:first-child {
    transform: none;
  }
  .why {
    margin-top: 14px;
    padding: 14px 16px;
    border-radius: 10px;
    font-size: 14px;
    line-height: 20px;
    background: color-mix(in srgb, var(--faint) 8%, transparent);
  }
  .why b {
    font-weight: 500;
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    font-size: 14px;
    color: var(--faint);
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 4px;
  }
  @container plan (max-width: 620px) {
    .head,
    .chart {
      padding: 16px;
    }
    .lane {
      grid-template-columns: minmax(0, 1fr);
      gap: 2px;
      margin-bottom: 10px;
    }
    .lane .who:empty {
      display: none;
    }
  }
`;
