import react from "@vitejs/plugin-react";
import postcss from "postcss";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

// The build is committed: names without hashes, so that a change is a change of the same file, and
// no source maps. The server finds out by ETag whether a browser's copy is still the right one.
// Libraries that every page needs have chunks of their own: a change of a page leaves them as they are.
// What many pages share and the entry does not need is one chunk: a request each would cost more.
interface Modules {
  getModuleInfo(
    id: string,
  ): { isEntry: boolean; importers: readonly string[]; code: string | null } | null;
}
const INDEX =
  /node_modules\/(@mantine\/(core|hooks)|@tabler\/icons-react)\/.*\/(index|tabler-icons-react)\.mjs$/;
const known = new Map<string, boolean>();

/** Whether the entry imports a module, itself or by others, without waiting for a page. */
function isOfEntry(id: string, modules: Modules): boolean {
  const before = known.get(id);
  if (before !== undefined) return before;
  known.set(id, false); // a circle leads nowhere
  const info = modules.getModuleInfo(id);
  const importers = info?.importers ?? [];
  const found =
    !!info?.isEntry ||
    importers.some((one) =>
      INDEX.test(one) ? isNamedByEntry(id, one, modules) : isOfEntry(one, modules),
    );
  known.set(id, found);
  return found;
}

/** Whether the entry takes a module from a library's index, which imports all that there is. */
function isNamedByEntry(id: string, index: string, modules: Modules): boolean {
  const file = id.replace(/^.*\//, "").replace(/\.\w+$/, "");
  const name = file.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
  const named = new RegExp(`\\b${name}\\b`);
  const importers = modules.getModuleInfo(index)?.importers ?? [];
  return importers.some((one) =>
    INDEX.test(one)
      ? isNamedByEntry(id, one, modules)
      : named.test(modules.getModuleInfo(one)?.code ?? "") && isOfEntry(one, modules),
  );
}

const output = {
  entryFileNames: "assets/[name].js",
  chunkFileNames: "assets/[name].js",
  assetFileNames: "assets/[name][extname]",
  codeSplitting: {
    includeDependenciesRecursively: false,
    groups: [
      { name: "react", test: /node_modules\/(react|react-dom|scheduler)\// },
      {
        name: "tanstack",
        test: /node_modules\/@tanstack\/(?!react-(table|virtual)|table-core|virtual-core)/,
      },
      {
        name: "mantine",
        test: /node_modules\/(@mantine\/(core|hooks|store)|@floating-ui)\//,
        minShareCount: 40,
      },
      {
        name: (id: string, modules: Modules) => (isOfEntry(id, modules) ? null : "common"),
        test: /\/console\/src\/|node_modules\/(@tabler|@mantine|uplot|@tanstack)\//,
        minShareCount: 4,
      },
    ],
  },
};

// Mantine's sheet has rules of every component it has. Those whose class no script holds are left out.
const unusedStyles: Plugin = {
  name: "unused-styles",
  apply: "build",
  enforce: "post",
  generateBundle(_, bundle) {
    const files = Object.values(bundle);
    const used = new Set<string>();
    for (const file of files) {
      if (file.type === "chunk") {
        for (const [name] of file.code.matchAll(/m_[0-9a-z]{5,10}/g)) used.add(name);
      }
    }
    for (const file of files) {
      if (file.type !== "asset" || !file.fileName.endsWith(".css")) continue;
      const sheet = postcss.parse(String(file.source));
      sheet.walkRules((rule) => {
        const kept = rule.selectors.filter((selector) =>
          [...selector.matchAll(/\.(m_[0-9a-z]{5,10})/g)].every(([, name]) =>
            used.has(name as string),
          ),
        );
        if (!kept.length) rule.remove();
        else if (kept.length < rule.selectors.length) rule.selectors = kept;
      });
      file.source = sheet.toString();
    }
  },
};

export default defineConfig({
  base: "./",
  plugins: [react(), unusedStyles],
  resolve: { alias: { "@": `${import.meta.dirname}/src` } },
  build: {
    outDir: "../src/vedette/console/assets",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: { output },
  },
  server: {
    port: 5173,
    proxy: { "/api": process.env.VEDETTE_ENDPOINT ?? "http://127.0.0.1:8230" },
  },
  test: {
    environment: "happy-dom",
    include: ["tests/**/*.test.{ts,tsx}"],
    setupFiles: ["tests/setup.ts"],
    restoreMocks: true,
  },
});
