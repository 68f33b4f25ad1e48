import type { Plugin } from "vite";

const FILE = "style-hashes.json";

/** SHA-256 as a content security policy names it (CSP 3, 2.3.1). */
async function hash(style: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

/** The style elements in the shadow roots of a module's custom elements. */
async function stylesOf(module: string): Promise<string[]> {
  const exported = Object.values((await import(module)) as Record<string, { getTemplateHTML?: (attributes: object, properties: object) => string }>);
  const templates = exported.map((one) => (typeof one?.getTemplateHTML === "function" ? one.getTemplateHTML({}, {}) : ""));
  return templates.flatMap((html) => [...html.matchAll(/<style[^>]*>([^]*?)<\/style>/g)].map((found) => found[1] ?? ""));
}

/** Writes the hashes of all styles that media-chrome puts into the page, so that the pages' policy need not allow inline styles as such. */
export const styleHashes: Plugin = {
  name: "yeoul-style-hashes",
  apply: "build",
  async generateBundle() {
    const modules = [...this.getModuleIds()].filter((id) => /\/media-chrome\/dist\/(menu\/)?media-[a-z-]+\.js$/.test(id));
    const styles = new Set((await Promise.all(modules.map(stylesOf))).flat());
    if (styles.size === 0) throw new Error("media-chrome has no styles where they were looked for");
    const hashes = await Promise.all([...styles].map(hash));
    this.emitFile({ type: "asset", fileName: FILE, source: JSON.stringify(hashes.sort()) });
  },
};
