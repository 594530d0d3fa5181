/** The cards' own words, and those of the integration that Home Assistant has loaded. */
import type { HomeAssistant } from "./ha";
import german from "./words/de.json";
import english from "./words/en.json";
import spanish from "./words/es.json";
import french from "./words/fr.json";

export type Word = keyof typeof english;
type Values = Record<string, string | number>;

export const LANGUAGES: Record<string, Partial<Record<Word, string>>> = {
  de: german,
  en: english,
  es: spanish,
  fr: french,
};

/** Returns a text in the user's language, else in English. */
export function say(hass: HomeAssistant, word: Word, values: Values = {}): string {
  const language = hass.language.split("-")[0] ?? "en";
  const text = LANGUAGES[language]?.[word] ?? english[word];
  return text.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
}

const ENTITY = "component.aiep_miner.entity";

function translated(hass: HomeAssistant, keys: string[], code: string): string {
  for (const key of keys) {
    const text = hass.localize(`${key}.${code}`);
    if (text !== "") return text;
  }
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function reason(hass: HomeAssistant, code: string): string {
  const keys = [
    `${ENTITY}.binary_sensor.problem.state_attributes.reason.state`,
    `${ENTITY}.binary_sensor.operator_problem.state_attributes.reason.state`,
    `${ENTITY}.sensor.reason.state`,
  ];
  return translated(hass, keys, code);
}

export function action(hass: HomeAssistant, code: string): string {
  return translated(hass, [`${ENTITY}.sensor.decision.state_attributes.action.state`], code);
}

export function origin(hass: HomeAssistant, code: string): string {
  return translated(hass, [`${ENTITY}.sensor.decision.state_attributes.origin.state`], code);
}
