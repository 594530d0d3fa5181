/** How the fleet looks, at a desk and on a phone. */
import { css } from "lit";

export const fleetStyle = css`
  .page {
    container: fleet / inline-size;
    max-width: 1360px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
  }
  .page > * + * {
    margin-top: 16px;
  }

  /* The headline. */
  .headline {
    padding: 20px 24px;
  }
  .top {
    display: flex;
    flex-wrap: wrap;
    gap: 8px 12px;
    align-items: center;
    justify-content: space-between;
  }
  h1 {
    font-size: 20px;
    font-weight: 500;
    margin: 0;
    letter-spacing: 0.1px;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
  }
  .fact {
    font-size: 13px;
    line-height: 28px;
    padding: 0 12px;
    border-radius: 14px;
    color: var(--ink);
    background: color-mix(in srgb, var(--tone, var(--faint)) 14%, transparent);
  }
  .figures {
    display: grid;
    grid-template-columns: repeat(4, minmax(0, 1fr));
    gap: 16px;
    margin: 18px 0 20px;
  }
  .figure {
    min-width: 0;
  }
  .figure dt {
    font-size: 13px;
    color: var(--faint);
    margin-bottom: 2px;
  }
  .figure dd {
    margin: 0;
    font-size: 34px;
    line-height: 42px;
    font-weight: 500;
    letter-spacing: -0.5px;
    white-space: nowrap;
  }
  .figure dd .unit {
    font-size: 16px;
    letter-spacing: 0;
    margin-left: 4px;
  }
  .figure dd + dd {
    font-size: 20px;
    line-height: 26px;
  }
  .share {
    display: flex;
    gap: 3px;
    height: 10px;
  }
  .share i {
    background: var(--tone);
    border-radius: 5px;
    min-width: 10px;
    transition: flex-grow 0.6s ease;
  }
  .share i.idle {
    opacity: 0.45;
  }
  .legend {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 18px;
    margin-top: 10px;
    font-size: 13px;
    color: var(--faint);
  }
  .legend span::before {
    content: "";
    display: inline-block;
    width: 8px;
    height: 8px;
    margin-right: 7px;
    border-radius: 50%;
    background: var(--tone);
  }
  .legend b {
    color: var(--ink);
    font-weight: 500;
  }

  .next {
    margin: 12px 0 0;
    font-size: 14px;
    line-height: 20px;
  }

  /* What needs attention. */
  h2 {
    font-size: 15px;
    font-weight: 500;
    margin: 0 0 8px 4px;
  }
  .alerts {
    display: grid;
    grid-template-columns: repeat(auto-fit, minmax(min(100%, 380px), 1fr));
    gap: 10px;
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .alert {
    display: flex;
    gap: 12px;
    align-items: center;
    padding: 12px 16px 12px 12px;
    min-height: 44px;
    color: inherit;
    text-decoration: none;
    text-align: start;
    position: relative;
    overflow: hidden;
    width: 100%;
    box-sizing: border-box;
    height: 100%;
  }
  .alert::before {
    content: "";
    position: absolute;
    inset: 0;
    background: color-mix(in srgb, var(--tone) 8%, transparent);
    border-inline-start: 4px solid var(--tone);
    pointer-events: none;
  }
  .alert b {
    display: block;
    font-weight: 500;
    font-size: 14px;
  }
  .alert small,
  .sentence {
    font-size: 13px;
    line-height: 18px;
    color: var(--faint);
    display: -webkit-box;
    -webkit-box-orient: vertical;
    -webkit-line-clamp: 2;
    overflow: hidden;
  }

  .alert .badge {
    z-index: 1;
  }
  .more {
    display: block;
    height: 40px;
    padding: 0 8px;
    font-size: 14px;
    color: color-mix(in srgb, var(--primary-color) 75%, var(--ink));
  }

  /* The toolbar. */
  .tools {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
    padding: 12px 16px;
    border-bottom: 1px solid var(--line);
  }
  .tools .grow {
    flex: 1 1 180px;
    position: relative;
    min-width: 150px;
  }
  input,
  select {
    font: inherit;
    font-size: 14px;
    color: var(--ink);
    height: 36px;
    box-sizing: border-box;
    border: 1px solid var(--line);
    border-radius: 18px;
    background: transparent;
    padding: 0 14px;
  }
  input {
    width: 100%;
    padding-inline-start: 38px;
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  select {
    appearance: none;
    padding-inline-end: 30px;
    cursor: pointer;
    max-width: 170px;
    text-overflow: ellipsis;
  }
  option {
    color: var(--ink);
    background: var(--paper);
  }
  .pick {
    position: relative;
    display: inline-flex;
  }
  .pick svg.icon {
    position: absolute;
    inset-inline-end: 8px;
    top: 8px;
    width: 20px;
    height: 20px;
    pointer-events: none;
    color: var(--faint);
  }
  .grow svg.icon {
    position: absolute;
    inset-inline-start: 11px;
    top: 8px;
    width: 20px;
    height: 20px;
    color: var(--faint);
  }
  .chips {
    display: flex;
    gap: 6px;
    overflow-x: auto;
    scrollbar-width: none;
    padding: 2px;
  }
  .chip {
    height: 36px;
    padding: 0 14px;
    border-radius: 18px;
    border: 1px solid var(--line);
    font-size: 14px;
    white-space: nowrap;
    flex: none;
  }
  .chip b {
    font-weight: 500;
    margin-inline-start: 5px;
    color: var(--faint);
    font-variant-numeric: tabular-nums;
  }
  .chip[aria-pressed="true"] {
    border-color: transparent;
    background: color-mix(in srgb, var(--primary-color) 18%, transparent);
  }
  .chip[aria-pressed="true"] b {
    color: inherit;
  }

  /* The list. */
  .columns,
  .row {
    display: grid;
    grid-template-columns: 40px minmax(200px, 1fr) 84px 160px 116px 84px 40px;
    column-gap: 16px;
    align-items: center;
    padding: 0 16px;
  }
  .columns {
    height: 34px;
    font-size: 12px;
    color: var(--faint);
    border-bottom: 1px solid var(--line);
  }
  .columns button {
    text-align: start;
    color: var(--faint);
    height: 32px;
    white-space: nowrap;
  }
  .columns button[aria-pressed="true"] {
    color: var(--ink);
    font-weight: 500;
  }
  .columns .end {
    text-align: end;
  }
  .rows {
    position: relative;
    overflow: hidden;
    border-radius: 0 0 var(--round) var(--round);
  }
  .row,
  .group {
    position: absolute;
    inset: 0 0 auto;
    box-sizing: border-box;
    border-bottom: 1px solid color-mix(in srgb, var(--line) 60%, transparent);
    overflow: hidden;
  }
  .group {
    display: flex;
    gap: 10px;
    align-items: flex-end;
    padding: 0 16px 8px;
    font-size: 14px;
    font-weight: 500;
  }
  .group span {
    font-weight: 400;
    color: var(--faint);
    font-size: 13px;
  }
  .row > *:not(.cover, .act, .hold) {
    pointer-events: none;
    position: relative;
  }
  .cover {
    position: absolute;
    inset: 0;
    border-radius: 4px;
    touch-action: manipulation;
    user-select: none;
    -webkit-user-select: none;
    -webkit-touch-callout: none;
    -webkit-tap-highlight-color: transparent;
  }
  .cover:focus-visible {
    outline-offset: -3px;
  }
  .row:hover {
    background: color-mix(in srgb, var(--ink) 4%, transparent);
  }
  .hold {
    position: absolute;
    inset: 0;
    pointer-events: none;
    background: color-mix(in srgb, var(--bad) 22%, transparent);
    transform: scaleX(0);
    transform-origin: left;
  }
  .cover[holding] + .hold {
    transform: scaleX(1);
    transition: transform 0.58s linear 0.12s;
  }
  .who {
    min-width: 0;
  }
  .name {
    font-size: 15px;
    font-weight: 500;
    line-height: 22px;
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .pill {
    justify-self: start;
    max-width: 100%;
    box-sizing: border-box;
    font-size: 12px;
    line-height: 24px;
    padding: 0 10px;
    border-radius: 12px;
    color: var(--ink);
    background: color-mix(in srgb, var(--faint) 14%, transparent);
    white-space: nowrap;
    overflow: hidden;
    text-overflow: ellipsis;
  }
  .rate {
    display: flex;
    gap: 10px;
    align-items: center;
    justify-content: flex-end;
    font-size: 14px;
  }
  .rate .number {
    min-width: 78px;
    text-align: end;
  }
  .curve {
    width: 72px;
    height: 28px;
    flex: none;
    overflow: visible;
  }
  .curve path {
    fill: none;
    stroke: var(--tone);
    stroke-width: 1.5;
    stroke-linejoin: round;
    vector-effect: non-scaling-stroke;
  }
  .curve path.area {
    stroke: none;
    fill: color-mix(in srgb, var(--tone) 26%, transparent);
    mask-image: linear-gradient(#000, transparent);
  }
  .warmth {
    font-size: 14px;
  }
  .warmth .heat {
    margin-top: 6px;
  }
  .profit {
    text-align: end;
    font-size: 15px;
    font-weight: 500;
  }
  .profit small {
    display: block;
    font-size: 12px;
    font-weight: 400;
    color: var(--faint);
  }
  .act {
    width: 40px;
    height: 40px;
    border-radius: 50%;
    display: grid;
    place-items: center;
    position: relative;
    color: var(--faint);
  }
  .act:hover {
    color: var(--ink);
    background: color-mix(in srgb, var(--ink) 8%, transparent);
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 6px;
  }
  .nothing button {
    color: var(--primary-color);
    height: 40px;
    padding: 0 16px;
  }
  .notice {
    padding: 10px 16px;
    font-size: 14px;
    background: color-mix(in srgb, var(--warn) 14%, var(--paper));
  }

  @container fleet (max-width: 940px) {
    .columns,
    .row {
      grid-template-columns: 40px minmax(180px, 1fr) 150px 112px 100px 40px;
      column-gap: 14px;
    }
    .of-level {
      display: none;
    }
    .curve {
      width: 56px;
    }
  }
  @container fleet (max-width: 760px) {
    .headline {
      padding: 16px;
    }
    .figures {
      grid-template-columns: repeat(2, minmax(0, 1fr));
      gap: 12px;
      margin: 14px 0 16px;
    }
    .figure dd {
      font-size: 27px;
      line-height: 34px;
    }
    .figure dd .unit {
      font-size: 14px;
    }
    .columns {
      display: none;
    }
    .tools {
      padding: 12px;
    }
    .chips {
      order: 3;
      flex: 1 1 100%;
    }
    .tools .grow {
      flex: 1 1 120px;
      min-width: 120px;
    }
    .pick {
      max-width: 48%;
    }
    select {
      width: 100%;
    }
    .row {
      grid-template:
        "badge who profit" auto
        "badge facts facts" auto / 40px minmax(0, 1fr) auto;
      align-content: center;
      column-gap: 12px;
      row-gap: 8px;
      padding: 0 12px;
    }
    .row .badge {
      grid-area: badge;
      align-self: start;
      margin-top: 2px;
    }
    .row .who {
      grid-area: who;
      display: contents;
    }
    .row .name {
      grid-area: who;
    }
    .row .sentence {
      grid-column: 2 / -1;
      grid-row: 2;
      margin-top: -6px;
    }
    .row .profit {
      grid-area: profit;
    }
    .row .profit small {
      display: none;
    }
    .row .rate {
      grid-column: 2;
      grid-row: 3;
      justify-content: flex-start;
    }
    .row .rate .curve {
      order: 2;
    }
    .row .rate .number {
      text-align: start;
    }
    .row .warmth {
      grid-column: 3;
      grid-row: 3;
      width: 96px;
      justify-self: end;
    }
    .row .warmth .heat {
      margin-top: 3px;
    }
    .row .act {
      display: none;
    }
  }
  @container fleet (max-width: 480px) {
    .page > * + * {
      margin-top: 12px;
    }
  }
`;
