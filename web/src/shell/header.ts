/** The entry of pages with markup of their own: shows the header. */

import { showHeader } from "./page.tsx";

showHeader();
