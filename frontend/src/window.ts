/** Which items of a long list are in sight. */

export interface Range {
  first: number;
  /** One past the last. */
  end: number;
}

/** Items drawn beyond either edge, so that scrolling shows no gaps. */
const SPARE = 6;

/** Returns where each item begins, in px, and at the end how tall the list is. */
export function offsets(heights: readonly number[]): number[] {
  const found = [0];
  for (const height of heights) found.push((found.at(-1) ?? 0) + height);
  return found;
}

/** Returns how many items begin at or before a position. */
function begun(starts: readonly number[], at_px: number): number {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= at_px) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** top_px is the list's distance from the viewport's upper edge, negative when scrolled past. */
export function visible(top_px: number, viewport_px: number, starts: readonly number[]): Range {
  const count = starts.length - 1;
  const first = Math.min(Math.max(0, begun(starts, -top_px) - 1 - SPARE), count);
  const end = Math.min(begun(starts, viewport_px - top_px) + SPARE, count);
  return { first, end: Math.max(first, end) };
}
