/** The words of the watch page and the player, in the page's language. */

import { language } from "../../preference/language";
import { en, type WatchCatalogue } from "./en";

export const words: WatchCatalogue = language === "ko" ? (await import("./ko")).ko : en;
