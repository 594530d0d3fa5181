/** The dashboard that appears under Add dashboard: its views, and what its picker says. */
import type { HomeAssistant } from "./ha";
import { say } from "./words";

interface StrategyConfig {
  operator_id?: string;
  /** Views of the user's own, after ours. */
  views?: unknown[];
}

export class DashboardStrategy extends HTMLElement {
  /** The cards follow the fleet themselves. */
  static registryDependencies: string[] = [];

  static generate(config: StrategyConfig, hass: HomeAssistant): Promise<unknown> {
    const only = config.operator_id ? { operator_id: config.operator_id } : {};
    const view = (path: string, icon: string, card: Record<string, unknown>, more = {}): unknown => ({
      title: say(hass, path === "fleet" ? "view.fleet" : "view.miner"),
      path,
      icon,
      type: "panel",
      cards: [card],
      ...more,
    });
    const fleet = { type: "custom:aiep-miner-fleet", details_path: "miner", ...only };
    const miner = { type: "custom:aiep-miner-detail" };
    return Promise.resolve({
      views: [
        view("fleet", "mdi:pickaxe", fleet),
        view("miner", "mdi:pickaxe", miner, { subview: true }),
        ...(config.views ?? []),
      ],
    });
  }

  static getCreateSuggestions(): unknown {
    return { title: "AIEP Miner", icon: "mdi:pickaxe" };
  }
}
