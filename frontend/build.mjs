// Builds the bundle that Home Assistant serves; with --check compares it to the committed one.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const ROOT = dirname(fileURLToPath(import.meta.url));
const BUNDLE = join(ROOT, "../custom_components/aiep_miner/frontend/dist/aiep-miner.js");
const LIMIT_BYTES = 60_000;

// tests/test_frontend.py computes the same, for machines without Node.
const sources = readdirSync(join(ROOT, "src"), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).replaceAll("\\", "/"))
  .concat("build.mjs", "package-lock.json", "tsconfig.json")
  .sort();
const digest = createHash("sha256");
for (const name of sources) {
  digest.update(`${name}\n`);
  digest.update(readFileSync(join(ROOT, name)));
}

const result = await build({
  absWorkingDir: ROOT,
  entryPoints: ["src/index.ts"],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  banner: {
    // Home Assistant replaces the registry of elements while it starts and forgets what was
    // defined before; its own element is defined after that.
    js:
      `/* AIEP Miner, Apache-2.0; with Lit, BSD-3-Clause. Sources: ${digest.digest("hex")} */\n` +
      'await customElements.whenDefined("home-assistant");',
  },
});
const text = result.outputFiles[0].text;
const size = gzipSync(text, { level: 9 }).length;
console.log(`${text.length} bytes, ${size} gzipped`);
if (size > LIMIT_BYTES) {
  console.error(`the bundle is larger than ${LIMIT_BYTES} bytes gzipped`);
  process.exit(1);
}
if (process.argv.includes("--check")) {
  if (readFileSync(BUNDLE, "utf8") !== text) {
    console.error("the committed bundle does not match its sources: run npm run build");
    process.exit(1);
  }
} else {
  mkdirSync(dirname(BUNDLE), { recursive: true });
  writeFileSync(BUNDLE, text);
}
