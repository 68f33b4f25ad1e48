/** All words that the pages show, in the page's language: `text.home.title`. */

import { language } from "../preference/language";
import { en, type Catalogue } from "./en";

export const text: Catalogue = language === "ko" ? (await import("./ko")).ko : en;
