/** The rules for files that the README states. */

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";

const MAX_FILES = 25;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.d)?\.(ts|tsx|css|svg)$/;
const COMPONENT = /^[A-Z][A-Za-z0-9]*\.tsx$/;

const src = readFolder("../src/");

/** Returns the names of the files in a folder and its subfolders, by the path of their folder. */
function readFolder(path: string): Map<string, string[]> {
  const root = new URL(path, import.meta.url);
  const folders = new Map<string, string[]>();
  for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
    const folder = entry.parentPath.slice(decodeURIComponent(root.pathname).length);
    if (!entry.isDirectory()) folders.set(folder, [...(folders.get(folder) ?? []), entry.name]);
  }
  return folders;
}

test("folders stay small", () => {
  const large = [...src].filter(([, names]) => names.length > MAX_FILES);
  assert.deepEqual(large, []);
  assert.ok(src.size > 20);
});

test("components are in PascalCase, and all other files in kebab-case", () => {
  const names = [...src.values()].flat();
  assert.deepEqual(
    names.filter((name) => !KEBAB.test(name) && !COMPONENT.test(name)),
    [],
  );
});

test("tests are in the folder of what they test", () => {
  const folders = [...readFolder("./").keys()].filter(
    (folder) => !["", "harness"].includes(folder),
  );
  assert.deepEqual(
    folders.filter((folder) => !src.has(folder)),
    [],
  );
});
