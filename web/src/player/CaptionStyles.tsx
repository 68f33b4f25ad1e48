/** How captions are to look, with a sample of it. */

import { useState } from "preact/hooks";

import { Dialog } from "../part/Dialog";
import { Select } from "../part/form";
import { words } from "../text/watch/words";
import { applyCaptionStyle, edgeOf } from "./caption_style";
import type { DialogProps } from "./dialog";
import { PLAIN_STYLE, prefer, preference, type CaptionStyle } from "./preference";

export function CaptionStyles({ onClose }: DialogProps) {
  const [style, setStyle] = useState<CaptionStyle>(preference().captionStyle);
  const change = (part: Partial<CaptionStyle>): void => {
    const captionStyle = { ...style, ...part };
    prefer({ captionStyle });
    applyCaptionStyle();
    setStyle(captionStyle);
  };
  const say = words.style;
  return (
    <Dialog title={words.player.captionStyle} onClose={onClose}>
      <div class="caption-sample">
        <span style={{ fontSize: `${Number(style.size)}%`, color: style.colour, backgroundColor: style.back, textShadow: edgeOf(style) }}>{say.sample}</span>
      </div>
      <div class="caption-fields">
        <Select name="size" label={say.size} options={say.sizes} value={style.size} onPick={(size) => change({ size })} />
        <Select name="colour" label={say.colour} options={say.colours} value={style.colour} onPick={(colour) => change({ colour })} />
        <Select name="back" label={say.back} options={say.backs} value={style.back} onPick={(back) => change({ back })} />
        <Select name="edge" label={say.edge} options={say.edges} value={style.edge} onPick={(edge) => change({ edge })} />
      </div>
      <div class="actions">
        <button type="button" class="button" onClick={() => change(PLAIN_STYLE)}>
          {say.reset}
        </button>
      </div>
    </Dialog>
  );
}
