import { expect, test } from "vitest";
import { LANGUAGES, say } from "../src/words";
import english from "../src/words/en.json";
import { house } from "./house";

const placeholders = (text: string): string[] => (text.match(/\{\w+\}/g) ?? []).sort();

test.each(Object.keys(LANGUAGES))("%s says everything that English says", (language) => {
  const own = LANGUAGES[language] as Record<string, string>;
  expect(Object.keys(own).sort()).toEqual(Object.keys(english).sort());
  for (const [word, text] of Object.entries(english)) {
    expect(placeholders(own[word] ?? ""), word).toEqual(placeholders(text));
  }
});

test("a regional language falls back to its own, and others to English", () => {
  const count = { count: 3 };
  expect(say({ ...house(), language: "de-CH" }, "attention.more", count)).toBe("3 weitere");
  expect(say({ ...house(), language: "pt-BR" }, "attention.more", count)).toBe("3 more");
});
