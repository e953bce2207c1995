import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { defineConfig } from "vite";

// The script that pages load: one file, committed where the server finds it. Its first line has the
// hash of its source, which a test compares.
const source = createHash("sha256")
  .update(readFileSync(`${import.meta.dirname}/vedette.ts`))
  .digest("hex");

export default defineConfig({
  root: import.meta.dirname,
  build: {
    outDir: "../../src/vedette/experience/browser",
    emptyOutDir: false,
    target: "es2020",
    copyPublicDir: false,
    reportCompressedSize: false,
    rolldownOptions: {
      input: `${import.meta.dirname}/vedette.ts`,
      output: {
        format: "iife",
        entryFileNames: "vedette.js",
        postBanner: `/* Vedette browser telemetry; source ${source} */`,
      },
    },
  },
});
