/** Commands from the page: through the same entities and governor as from anywhere else. */
import { fire, type HomeAssistant } from "./ha";
import type { Miner } from "./fleet";
import { action, say } from "./words";

export function canSwitch(miner: Miner): boolean {
  return miner.entity_id?.startsWith("switch.") === true && miner.contact;
}

export function canStop(miner: Miner): boolean {
  return canSwitch(miner) && miner.mining !== false;
}

/** Starts or stops a miner; Home Assistant itself shows why it was refused. */
export async function turn(
  hass: HomeAssistant,
  element: HTMLElement,
  miner: Miner,
  on: boolean,
): Promise<void> {
  if (miner.entity_id === null) return;
  try {
    const service = on ? "turn_on" : "turn_off";
    await hass.callService("switch", service, {}, { entity_id: miner.entity_id });
  } catch {
    return;
  }
  const values = { name: miner.name, action: action(hass, on ? "run" : "stop") };
  fire(element, "hass-notification", { message: say(hass, "toast.asked", values) });
}
