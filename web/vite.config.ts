import { defineConfig } from "vite";

// The API serves the pages (index.html for /, watch.html for /watch/{id}, admin.html for /admin) and everything under /assets/ for good: names carry a hash.
export default defineConfig({
  base: "/",
  build: {
    outDir: "../src/yeoul/web_dist",
    emptyOutDir: true,
    target: "es2022",
    // Small files inlined as data: URLs would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Shaka is most of it, and nothing plays without it.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { input: { index: "index.html", watch: "watch.html", admin: "admin.html" } },
  },
});
