/** All words that the pages show, in the page's language: `text.home.title`. */

import { language } from "../preference/language.ts";
import { type Catalogue, en } from "./en.ts";

export const text: Catalogue = language === "ko" ? (await import("./ko.ts")).ko : en;
