/** Defines the cards and the dashboard, and lists them in Home Assistant's pickers. */
import { EvidenceCard } from "./evidence-card";
import { FleetCard } from "./fleet-card";
import { define, type HomeAssistant } from "./ha";
import { MinerCard } from "./miner-card";
import { PlanCard } from "./plan-card";
import { ReviewsCard } from "./reviews-card";
import { DashboardStrategy } from "./strategy";
import english from "./words/en.json";

define("aiep-miner-fleet", FleetCard);
define("aiep-miner-detail", MinerCard);
define("aiep-miner-evidence", EvidenceCard);
define("aiep-miner-reviews", ReviewsCard);
define("aiep-miner-plan", PlanCard);
define("ll-strategy-dashboard-aiep-miner", DashboardStrategy);

const isOurs = (hass: HomeAssistant, entityId: string): boolean =>
  hass.entities[entityId]?.platform === "aiep_miner";

(window.customStrategies ??= []).push({
  type: "aiep-miner",
  strategyType: "dashboard",
  name: "AIEP Miner",
  description: english["add.description"],
  documentationURL:
    "https://github.com/aiep-miner/aiep-miner/blob/main/docs/dashboard.md",
});
(window.customCards ??= []).push(
  {
    type: "aiep-miner-fleet",
    name: "AIEP Miner: fleet",
    description: english["card.fleet"],
    preview: true,
    getEntitySuggestion: (hass: HomeAssistant, id: string): unknown =>
      isOurs(hass, id) ? { config: { type: "custom:aiep-miner-fleet" } } : null,
  },
  {
    type: "aiep-miner-detail",
    name: "AIEP Miner: miner",
    description: english["card.miner"],
    preview: true,
  },
  {
    type: "aiep-miner-plan",
    name: "AIEP Miner: plan",
    description: english["card.plan"],
    preview: true,
  },
  {
    type: "aiep-miner-evidence",
    name: "AIEP Miner: evidence",
    description: english["card.evidence"],
    preview: true,
  },
  {
    type: "aiep-miner-reviews",
    name: "AIEP Miner: reviews",
    description: english["card.reviews"],
    preview: true,
  },
);
