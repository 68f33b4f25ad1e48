import { useState } from "preact/hooks";

import { Dialog } from "../../part/Dialog.tsx";
import { Select } from "../../part/form.tsx";
import { words } from "../../text/watch/words.ts";
import {
  type CaptionStyle,
  DEFAULT_CAPTION_STYLE,
  preference,
  setPreference,
} from "../preference.ts";
import { applyCaptionStyle, edgeOf } from "./caption-style.ts";
import type { DialogProps } from "./dialog.ts";

/** A dialog for the style of captions, with a sample. */
export function CaptionStyles({ onClose }: DialogProps) {
  const [style, setStyle] = useState<CaptionStyle>(preference().captionStyle);
  const change = (part: Partial<CaptionStyle>): void => {
    const captionStyle = { ...style, ...part };
    setPreference({ captionStyle });
    applyCaptionStyle();
    setStyle(captionStyle);
  };
  const labels = words.style;
  return (
    <Dialog title={words.player.captionStyle} onClose={onClose}>
      <div class="caption-sample">
        <span
          style={{
            fontSize: `${Number(style.size)}%`,
            color: style.colour,
            backgroundColor: style.back,
            textShadow: edgeOf(style),
          }}
        >
          {labels.sample}
        </span>
      </div>
      <div class="caption-fields">
        <Select
          name="size"
          label={labels.size}
          options={labels.sizes}
          value={style.size}
          onPick={(size) => change({ size })}
        />
        <Select
          name="colour"
          label={labels.colour}
          options={labels.colours}
          value={style.colour}
          onPick={(colour) => change({ colour })}
        />
        <Select
          name="back"
          label={labels.back}
          options={labels.backs}
          value={style.back}
          onPick={(back) => change({ back })}
        />
        <Select
          name="edge"
          label={labels.edge}
          options={labels.edges}
          value={style.edge}
          onPick={(edge) => change({ edge })}
        />
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={() => change(DEFAULT_CAPTION_STYLE)}>
          {labels.reset}
        </button>
      </div>
    </Dialog>
  );
}
