/** Figures with units, as people read them in their language. */
import type { HomeAssistant } from "./ha";

const LANGUAGE_OF: Record<string, string> = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  space_comma: "fr",
  quote_decimal: "de-CH",
};

export const UNKNOWN = "–";

function language(hass: HomeAssistant): string {
  return LANGUAGE_OF[hass.locale.number_format] ?? hass.locale.language;
}

const formats = new Map<string, Intl.NumberFormat>();

function format(hass: HomeAssistant, options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = `${language(hass)} ${JSON.stringify(options)}`;
  let made = formats.get(key);
  if (made === undefined) formats.set(key, (made = new Intl.NumberFormat(language(hass), options)));
  return made;
}

export interface Figure {
  value: string;
  unit: string;
}

function scaled(
  hass: HomeAssistant,
  value: number | null,
  steps: readonly (readonly [number, string])[],
  digits = 3,
): Figure {
  const size = Math.abs(value ?? 0);
  const [divisor, unit] = steps.find(([from]) => size >= from) ?? steps.at(-1) ?? [1, ""];
  if (value === null) return { value: UNKNOWN, unit };
  const shown = value / divisor;
  const whole = Math.max(1, Math.floor(Math.log10(Math.max(Math.abs(shown), 1))) + 1);
  const maximumFractionDigits = value === 0 ? 0 : Math.max(0, digits - whole);
  return { value: format(hass, { maximumFractionDigits }).format(shown), unit };
}

const PLAIN = [[1, ""]] as const;
const RATES = [[1e6, "EH/s"], [1e3, "PH/s"], [1, "TH/s"], [1e-3, "GH/s"]] as const;
const POWERS = [[1e6, "MW"], [1e3, "kW"], [1, "W"]] as const;

export function rate(hass: HomeAssistant, ths: number | null): Figure {
  if (ths === 0) return { value: "0", unit: "TH/s" };
  return scaled(hass, ths, ths === null ? [[1, "TH/s"]] : RATES);
}

export function power(hass: HomeAssistant, watts: number | null): Figure {
  return scaled(hass, watts, POWERS);
}

/** An amount, with its sign; never "-0.00". */
export function money(hass: HomeAssistant, amount: number | null, currency: string): string {
  if (amount === null) return UNKNOWN;
  const digits = Math.abs(amount) >= 1000 ? 0 : 2;
  const rounded = Number(amount.toFixed(digits));
  const options: Intl.NumberFormatOptions = {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    signDisplay: "negative",
  };
  try {
    const text = format(hass, { ...options, style: "currency", currency }).format(rounded);
    return text.replace("-", "\u2212");
  } catch {
    // The operator's currency need not be one that the browser knows.
    return `${format(hass, options).format(rounded)} ${currency}`;
  }
}

export function price(hass: HomeAssistant, amount: number | null): string {
  if (amount === null) return UNKNOWN;
  return format(hass, { maximumSignificantDigits: 3 }).format(amount);
}

export function whole(hass: HomeAssistant, value: number | null): string {
  return value === null ? UNKNOWN : format(hass, { maximumFractionDigits: 0 }).format(value);
}

export function clock(hass: HomeAssistant, at_ms: number): string {
  const at = new Date(at_ms);
  const sameDay = at.toDateString() === new Date().toDateString();
  const hour12 =
    hass.locale.time_format === "12" ? true : hass.locale.time_format === "24" ? false : undefined;
  return new Intl.DateTimeFormat(hass.locale.language, {
    ...(sameDay ? {} : { day: "numeric", month: "short" }),
    hour: "2-digit",
    minute: "2-digit",
    ...(hour12 === undefined ? {} : { hour12 }),
  }).format(at);
}

/** From when until when; a day is named once, and today is not. */
export function span(hass: HomeAssistant, from_ms: number, until_ms: number): string {
  const today = new Date().toDateString();
  const named = [from_ms, until_ms].some((at) => new Date(at).toDateString() !== today);
  const hour12 =
    hass.locale.time_format === "12" ? true : hass.locale.time_format === "24" ? false : undefined;
  return new Intl.DateTimeFormat(hass.locale.language, {
    ...(named ? { day: "numeric", month: "short" } : {}),
    hour: "2-digit",
    minute: "2-digit",
    ...(hour12 === undefined ? {} : { hour12 }),
  }).formatRange(from_ms, until_ms);
}

/** Three significant digits, without a unit. */
export function number(hass: HomeAssistant, value: number | null): string {
  return value === null ? UNKNOWN : scaled(hass, value, PLAIN).value;
}

/** A unit, its seconds, and from how many seconds on it is used. */
const SPANS = [
  ["day", 86_400, 172_800],
  ["hour", 3600, 7200],
  ["minute", 60, 0],
] as const;

export function duration(hass: HomeAssistant, seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  const [unit, size] = SPANS.find(([, , from]) => seconds >= from) ?? SPANS[2];
  const options = { style: "unit", unit, unitDisplay: "long", maximumFractionDigits: 0 } as const;
  return format(hass, options).format(seconds / size);
}

/** Hours, minutes and seconds of a moment. */
export function clockTime(hass: HomeAssistant, at_ms: number): string {
  const hour12 =
    hass.locale.time_format === "12" ? true : hass.locale.time_format === "24" ? false : undefined;
  return new Intl.DateTimeFormat(hass.locale.language, {
    timeStyle: "medium",
    ...(hour12 === undefined ? {} : { hour12 }),
  }).format(at_ms);
}

export function day(hass: HomeAssistant, at_ms: number): string {
  return new Intl.DateTimeFormat(hass.locale.language, { dateStyle: "full" }).format(at_ms);
}
