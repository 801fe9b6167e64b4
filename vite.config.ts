import { fileURLToPath } from "node:url";

import { defineConfig } from "vite";

/** Builds the page into web/dist, from where the gateway serves it. */
export default defineConfig({
  root: fileURLToPath(new URL("web", import.meta.url)),
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  resolve: {
    // virtua is written for React; Preact speaks its language.
    alias: {
      "react-dom": "preact/compat",
      "react/jsx-runtime": "preact/jsx-runtime",
      react: "preact/compat",
    },
  },
  build: {
    target: "es2022",
    emptyOutDir: true,
    // What is inlined would be a script or a font that the page's policy refuses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      // virtua's "use client" says nothing to a page that has no server side.
      checks: { moduleLevelDirective: false },
    },
  },
});
