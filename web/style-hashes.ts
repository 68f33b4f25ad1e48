import type { Plugin } from "vite";

const FILE = "style-hashes.json";

/** Returns the SHA-256 hash in the form of a content security policy (CSP 3, 2.3.1). */
async function makeHash(style: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
  return `sha256-${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

/** Returns the styles in the shadow roots of a module's custom elements. */
async function readStyles(module: string): Promise<string[]> {
  const exported = Object.values(
    (await import(module)) as Record<
      string,
      { getTemplateHTML?: (attributes: object, properties: object) => string }
    >,
  );
  const templates = exported.map((value) =>
    typeof value?.getTemplateHTML === "function" ? value.getTemplateHTML({}, {}) : "",
  );
  return templates.flatMap((html) =>
    [...html.matchAll(/<style[^>]*>([\s\S]*?)<\/style>/g)].map((match) => match[1] ?? ""),
  );
}

/**
 * Writes the hashes of the styles that media-chrome adds to pages. With them, the content security
 * policy does not have to allow all inline styles.
 */
export const styleHashes: Plugin = {
  name: "yeoul-style-hashes",
  apply: "build",
  async generateBundle() {
    const modules = [...this.getModuleIds()].filter((id) =>
      /\/media-chrome\/dist\/(menu\/)?media-[a-z-]+\.js$/.test(id),
    );
    const styles = new Set((await Promise.all(modules.map(readStyles))).flat());
    if (styles.size === 0) throw new Error("no styles found in media-chrome");
    const hashes = await Promise.all([...styles].map(makeHash));
    this.emitFile({ type: "asset", fileName: FILE, source: JSON.stringify(hashes.sort()) });
  },
};
