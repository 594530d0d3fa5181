/** A tap opens, a hold acts; meanwhile the element has the attribute `holding`. */

export const HOLD_MS = 700;
const MOVED_PX = 12;

export interface Press<T> {
  tap(subject: T): void;
  hold(subject: T): void;
  canHold(subject: T): boolean;
}

/** Follows one pointer over a list of elements, each with its subject. */
export class PressHandler<T> {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private began: { x: number; y: number } | undefined;
  private held = false;
  private element: HTMLElement | undefined;

  constructor(private readonly press: Press<T>) {}

  down(event: PointerEvent, subject: T): void {
    this.cancel();
    this.held = false;
    if (event.button !== 0 || !this.press.canHold(subject)) return;
    this.began = { x: event.clientX, y: event.clientY };
    this.element = event.currentTarget as HTMLElement;
    this.element.toggleAttribute("holding", true);
    this.timer = setTimeout(() => {
      this.held = true;
      this.cancel();
      this.press.hold(subject);
    }, HOLD_MS);
  }

  move(event: PointerEvent): void {
    if (this.began === undefined) return;
    const { x, y } = this.began;
    if (Math.hypot(event.clientX - x, event.clientY - y) > MOVED_PX) this.cancel();
  }

  click(event: MouseEvent, subject: T): void {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    this.cancel();
    if (this.held) this.held = false;
    else this.press.tap(subject);
  }

  cancel(): void {
    clearTimeout(this.timer);
    this.element?.removeAttribute("holding");
    this.element = undefined;
    this.began = undefined;
  }
}
