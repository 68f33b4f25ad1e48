import { defineConfig, type Plugin } from "vite";

import { styleHashes } from "./style_hashes.ts";

/** Every page's address in the web app and the file that it is built from; the API serves them (src/yeoul/api/file/pages.py). */
const PAGES = ["index", "watch", "embed", "upload", "admin", "search", "channel", "trending", "subscriptions", "playlist", "history", "login", "signup", "confirm", "reset", "settings", "studio", "studio-video"];

/** What all pages' heads have in common. */
const HEAD = `
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0e1214" />
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f7f9f9" />
    <link rel="icon" type="image/svg+xml" href="/src/favicon.svg" />
    <link rel="alternate" type="application/rss+xml" title="Yeoul" href="/feed.xml" />
    <link rel="stylesheet" href="/src/style.css" />`;
const NO_SCRIPT = `  <noscript><p class="notice">Yeoul needs JavaScript; please allow it for this site.</p></noscript>
  </body>`;

const commonMarkup: Plugin = {
  name: "yeoul-common-markup",
  transformIndexHtml: { order: "pre", handler: (html) => html.replace("<head>", `<head>${HEAD}`).replace("</body>", NO_SCRIPT) },
};

/** What fetches the first segments must not wait for the player: a script of its own, before the page's. */
const earlyScript: Plugin = {
  name: "yeoul-early-script",
  transformIndexHtml: {
    order: "post",
    handler: (html, { bundle }) => {
      const early = Object.values(bundle ?? {}).find((file) => file.type === "chunk" && file.isEntry && file.name === "early");
      if (early === undefined || !html.includes("<yeoul-player")) return html;
      return { html, tags: [{ tag: "script", attrs: { type: "module", src: `/${early.fileName}` }, injectTo: "head-prepend" }] };
    },
  },
};

export default defineConfig({
  base: "/",
  plugins: [commonMarkup, earlyScript, styleHashes],
  build: {
    outDir: "../src/yeoul/web_dist",
    emptyOutDir: true,
    target: "es2022",
    // Small files inlined as data: URLs would need a wider content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // Shaka is most of it, and nothing plays without it.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: { input: { ...Object.fromEntries(PAGES.map((name) => [name, `${name}.html`])), early: "src/player/early.ts" } },
  },
});
