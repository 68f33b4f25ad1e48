const MAX_LETTERS = 200;

/** Returns the first title of a video: its file name without extension and underscores. */
export function titleOf(fileName: string): string {
  const bare = fileName
    .replace(/\.[^.]{1,5}$/, "")
    .replace(/[_\s]+/g, " ")
    .trim();
  return (bare === "" ? fileName : bare).slice(0, MAX_LETTERS);
}
