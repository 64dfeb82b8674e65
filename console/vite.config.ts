import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// Relative addresses: where the console is mounted is known only when it is served (<base href>).
export default defineConfig({
  base: "./",
  plugins: [react()],
  resolve: { alias: { "~": new URL("./src", import.meta.url).pathname } },
  build: {
    outDir: "../src/mainstem/console_dist",
    emptyOutDir: true,
    sourcemap: false,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8199" } },
  test: { include: ["tests/**/*.test.ts"] },
});
