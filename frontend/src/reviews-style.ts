/** How the reviews look. */
import { css } from "lit";

export const reviewsStyle = css`
  .page {
    max-width: 760px;
    margin: 0 auto;
    padding: 16px;
    box-sizing: border-box;
    display: grid;
    gap: 16px;
  }
  .review {
    padding: 18px 20px;
  }
  .head {
    display: flex;
    gap: 14px;
    align-items: center;
  }
  h2 {
    margin: 0;
    font-size: 17px;
    line-height: 24px;
    font-weight: 500;
  }
  .head small {
    display: block;
    font-size: 13px;
    color: var(--faint);
  }
  p {
    margin: 12px 0 0;
    font-size: 14px;
    line-height: 20px;
  }
  .now {
    color: var(--faint);
  }
  input {
    font: inherit;
    font-size: 14px;
    width: 100%;
    height: 40px;
    margin-top: 14px;
    padding: 0 16px;
    color: var(--ink);
    background: transparent;
    border: 1px solid var(--line);
    border-radius: 20px;
    box-sizing: border-box;
  }
  input::placeholder {
    color: var(--faint);
    opacity: 1;
  }
  .buttons {
    display: flex;
    flex-wrap: wrap;
    gap: 10px;
    margin-top: 14px;
  }
  .buttons button,
  .buttons a {
    display: inline-flex;
    gap: 8px;
    align-items: center;
    justify-content: center;
    height: 44px;
    padding: 0 20px 0 16px;
    border-radius: 22px;
    font-size: 14px;
    font-weight: 500;
    text-decoration: none;
    color: var(--ink);
    border: 1px solid var(--line);
    box-sizing: border-box;
  }
  .buttons button.good,
  .buttons button.bad {
    border-color: transparent;
    color: color-mix(in srgb, var(--tone) 62%, var(--ink));
    background: color-mix(in srgb, var(--tone) 16%, transparent);
  }
  .buttons button[disabled] {
    opacity: 0.55;
    cursor: default;
  }
  .nothing {
    padding: 48px 24px;
    text-align: center;
    color: var(--faint);
    font-size: 14px;
  }
  .nothing .badge {
    margin: 0 auto 12px;
    width: 56px;
    height: 56px;
  }
  .nothing b {
    display: block;
    font-size: 17px;
    font-weight: 500;
    color: var(--ink);
    margin-bottom: 4px;
  }
`;
