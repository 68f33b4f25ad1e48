export const MAX_TAGS = 20;
const MAX_LETTERS = 40;

/** Adds typed tags, which commas separate. Tags that exist in any case are left out. Pure. */
export function addTags(tags: readonly string[], typed: string): string[] {
  const used = new Set(tags.map((tag) => tag.toLowerCase()));
  const added: string[] = [];
  for (const word of typed.split(",")) {
    const tag = word.trim().slice(0, MAX_LETTERS);
    if (tag === "" || used.has(tag.toLowerCase())) continue;
    used.add(tag.toLowerCase());
    added.push(tag);
  }
  return [...tags, ...added].slice(0, MAX_TAGS);
}
