/** The words of the watch page and the player, in the page's language. */

import { language } from "../../preference/language.ts";
import { en, type WatchCatalogue } from "./en.ts";

export const words: WatchCatalogue = language === "ko" ? (await import("./ko.ts")).ko : en;
