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
    const view = (
      path: "fleet" | "miner" | "plan" | "reviews" | "evidence",
      icon: string,
      card: Record<string, unknown>,
      more = {},
    ): unknown => ({
      title: say(hass, `view.${path}`),
      path,
      icon,
      type: "panel",
      cards: [card],
      ...more,
    });
    const fleet = {
      type: "custom:aiep-miner-fleet",
      details_path: "miner",
      reviews_path: "reviews",
      ...only,
    };
    const miner = { type: "custom:aiep-miner-detail", evidence_path: "evidence" };
    const reviews = { type: "custom:aiep-miner-reviews", evidence_path: "evidence", ...only };
    const evidence = { type: "custom:aiep-miner-evidence", ...only };
    return Promise.resolve({
      views: [
        view("fleet", "mdi:pickaxe", fleet),
        view("miner", "mdi:pickaxe", miner, { subview: true }),
        view("plan", "mdi:chart-gantt", { type: "custom:aiep-miner-plan", ...only }),
        view("reviews", "mdi:clipboard-check-outline", reviews),
        view("evidence", "mdi:shield-check-outline", evidence),
        ...(config.views ?? []),
      ],
    });
  }

  static getCreateSuggestions(): unknown {
    return { title: "AIEP Miner", icon: "mdi:pickaxe" };
  }
}
