/** What all cards have in common: the fleet, and drawing only when that changes. */
import { LitElement, type PropertyValues } from "lit";
import { fleetOf, type Fleet } from "./fleet";
import type { HomeAssistant } from "./ha";
import { say } from "./words";

/** Where Home Assistant's part of the page changes how cards read. */
const SEEN: (keyof HomeAssistant)[] = [
  "language",
  "locale",
  "localize",
  "config",
  "user",
  "devices",
];

/** The form of a card that shows one operator, or all of them. */
export function operatorForm(): unknown {
  return {
    schema: [{ name: "operator_id", selector: { config_entry: { integration: "aiep_miner" } } }],
    computeLabel: (): string => say({ language: "en" } as HomeAssistant, "editor.operator"),
  };
}

export abstract class FleetElement<Config> extends LitElement {
  static override properties = { hass: { attribute: false }, config: { state: true } };

  declare hass: HomeAssistant | undefined;
  declare config: Config | undefined;
  protected fleet: Fleet | undefined;
  private quit: (() => void) | undefined;

  static getStubConfig(): Record<string, never> {
    return {};
  }

  setConfig(config: Config): void {
    this.config = config;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.quit?.();
    this.quit = undefined;
  }

  protected override shouldUpdate(changed: PropertyValues): boolean {
    const before = changed.get("hass") as HomeAssistant | undefined;
    const now = this.hass;
    if (now === undefined) return false;
    if (changed.size > 1 || !changed.has("hass") || before === undefined) return true;
    return SEEN.some((key) => before[key] !== now[key]);
  }

  protected override willUpdate(changed: PropertyValues): void {
    if (changed.has("hass")) this.follow();
  }

  /** Called after each change of the fleet. */
  protected fleetChanged(): void {
    // With a name, so that a change of hass at the same time does not hide it.
    this.requestUpdate("fleet", undefined);
  }

  private follow(): void {
    if (this.quit !== undefined || this.hass === undefined || !this.isConnected) return;
    this.fleet = fleetOf(this.hass.connection);
    this.quit = this.fleet.listen(() => {
      this.fleetChanged();
    });
    this.fleetChanged();
  }
}
