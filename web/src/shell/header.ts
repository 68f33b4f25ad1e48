/** The shell's header for pages that write their content themselves. */

import { showHeader } from "./page";

showHeader();
