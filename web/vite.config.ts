import { defineConfig, type Plugin } from "vite";

import { styleHashes } from "./style-hashes.ts";

/** The pages: `NAME.html`. The API serves them (src/yeoul/api/file/pages.py). */
const PAGES = [
  "index",
  "watch",
  "embed",
  "upload",
  "admin",
  "search",
  "channel",
  "trending",
  "subscriptions",
  "playlist",
  "history",
  "login",
  "signup",
  "confirm",
  "reset",
  "settings",
  "studio",
  "studio-video",
];

/** The part of the head that all pages share. */
const HEAD = `
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#0e1214" />
    <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f7f9f9" />
    <link rel="icon" type="image/svg+xml" href="/src/favicon.svg" />
    <link rel="alternate" type="application/rss+xml" title="Yeoul" href="/feed.xml" />
    <link rel="stylesheet" href="/src/style.css" />`;
const NO_SCRIPT = `  <noscript><p class="notice">Yeoul needs JavaScript. Enable it for this site.</p></noscript>
  </body>`;

const commonMarkup: Plugin = {
  name: "yeoul-common-markup",
  transformIndexHtml: {
    order: "pre",
    handler: (html) => html.replace("<head>", `<head>${HEAD}`).replace("</body>", NO_SCRIPT),
  },
};

/**
 * Adds a small script before those of the page. It fetches the first segments while the player is
 * still loading.
 */
const earlyScript: Plugin = {
  name: "yeoul-early-script",
  transformIndexHtml: {
    order: "post",
    handler: (html, { bundle }) => {
      const early = Object.values(bundle ?? {}).find(
        (file) => file.type === "chunk" && file.isEntry && file.name === "early",
      );
      if (early?.type !== "chunk" || !html.includes("<yeoul-player")) return html;
      return {
        html: loadPlayerFirst(html),
        tags: [
          {
            tag: "script",
            attrs: { type: "module", async: true, src: `/${early.fileName}` },
            injectTo: "head-prepend",
          },
          ...early.imports.map((file) => ({
            tag: "link",
            attrs: { rel: "modulepreload", href: `/${file}` },
            injectTo: "head-prepend" as const,
          })),
        ],
      };
    },
  },
};

/** Moves the largest chunk before all others, since the first frame waits for it. */
function loadPlayerFirst(html: string): string {
  const link = /^.*<link rel="modulepreload"[^>]*yeoul-player[^>]*>\n/m.exec(html)?.[0];
  return link === undefined ? html : html.replace(link, "").replace("<head>", `<head>\n${link}`);
}

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
    // The largest chunk is Shaka Player, which every video needs.
    chunkSizeWarningLimit: 1000,
    rolldownOptions: {
      input: {
        ...Object.fromEntries(PAGES.map((name) => [name, `${name}.html`])),
        early: "src/player/early.ts",
      },
      output: {
        // Without it a page loads some 25 chunks of a few hundred bytes, one after the other. Texts
        // must not be in a group: they wait for the Korean ones, which import some of them.
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: [
            {
              name: "ui",
              test: /preact|[\\/]src[\\/](part(?!.get-element)|shell|session|list|playlist)[\\/]/,
              minShareCount: 4,
            },
          ],
        },
      },
    },
  },
});
