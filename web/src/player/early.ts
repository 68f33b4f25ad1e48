/** Runs before the player has come: what it will need first is fetched meanwhile. */

import { fetchAhead } from "./ahead";
import { idOfPage } from "./known";
import { keptPosition } from "./resume";

const query = new URLSearchParams(location.search);
const waits = location.pathname.startsWith("/embed/") && query.get("autoplay") !== "1";
if (!waits) fetchAhead(keptPosition(idOfPage()) === 0 && !query.has("t"));
