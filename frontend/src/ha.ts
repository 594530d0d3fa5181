/** What is used of Home Assistant's frontend; its own types are not published. */

export interface Connection {
  subscribeMessage(
    listener: (message: never) => void,
    command: { type: string; [key: string]: unknown },
    options?: { resubscribe?: boolean },
  ): Promise<() => Promise<void>>;
  addEventListener(event: "ready" | "disconnected", listener: () => void): void;
  removeEventListener(event: "ready" | "disconnected", listener: () => void): void;
}

export interface EntityState {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
}

export interface HomeAssistant {
  connection: Connection;
  language: string;
  locale: { language: string; number_format: string; time_format: string };
  config: { time_zone: string };
  devices: Record<string, { id: string; labels?: string[] } | undefined>;
  entities: Record<string, { platform?: string; translation_key?: string } | undefined>;
  user?: { is_admin: boolean };
  localize(key: string, values?: Record<string, unknown>): string;
  callWS<T>(command: { type: string; [key: string]: unknown }): Promise<T>;
  callService(
    domain: string,
    service: string,
    data?: Record<string, unknown>,
    target?: { entity_id: string },
  ): Promise<unknown>;
}

export interface CardHelpers {
  createCardElement(config: Record<string, unknown>): HTMLElement & { hass?: HomeAssistant };
}

declare global {
  interface Window {
    customCards?: unknown[];
    customStrategies?: unknown[];
    loadCardHelpers?: () => Promise<CardHelpers>;
  }
}

/** Sends an event that Home Assistant's own elements listen to. */
export function fire(target: EventTarget, name: string, detail: unknown): void {
  target.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
}

/** Goes to another page of Home Assistant without loading it anew. */
export function navigate(path: string): void {
  history.pushState(null, "", path);
  fire(window, "location-changed", { replace: false });
}

/** Defines an element unless a page has it already, as after an update. */
export function define(name: string, element: CustomElementConstructor): void {
  if (customElements.get(name) === undefined) customElements.define(name, element);
}
