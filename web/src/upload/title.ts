/** What a video is called at first: its file's name without what only computers need. */

const LONGEST = 200;

export function titleOf(fileName: string): string {
  const bare = fileName.replace(/\.[^.]{1,5}$/, "").replace(/[_\s]+/g, " ").trim();
  return (bare === "" ? fileName : bare).slice(0, LONGEST);
}
