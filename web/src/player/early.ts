/**
 * Runs before the player has loaded, and prefetches what it needs first. An entry of its own
 * (vite.config.ts).
 */

import { pageVideoId } from "./page-data.ts";
import { storedPosition } from "./resume.ts";
import { prefetch } from "./stream/prefetch.ts";

const query = new URLSearchParams(location.search);
const startsPaused = location.pathname.startsWith("/embed/") && query.get("autoplay") !== "1";
if (!startsPaused) prefetch(storedPosition(pageVideoId()) === 0 && !query.has("t"));
