import type { Visibility } from "../api/schema.d.ts";
import type { IconName } from "../part/Icon.tsx";

export const VISIBILITIES: readonly Visibility[] = ["public", "unlisted", "private"];
export const VISIBILITY_ICONS: Record<Visibility, IconName> = {
  public: "globe",
  unlisted: "link",
  private: "lock",
};
