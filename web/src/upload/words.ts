/** Why a file goes up whole, in one line for its owner. */

import type { Reason } from "./reason";

const WHOLE = "so it is sent as it is and cut by the server; watching starts later.";

export const REASONS: Record<Reason, string> = {
  container: `This kind of file cannot be cut in the browser, ${WHOLE}`,
  unreadable: `The browser cannot read this file, ${WHOLE}`,
  truncated: `The file seems to be cut off, ${WHOLE}`,
  no_video: `The browser finds no picture it knows in this file, ${WHOLE}`,
  video_codec: `The browser does not know how this picture is coded, ${WHOLE}`,
  audio_codec: `The browser does not know how this sound is coded, ${WHOLE}`,
  audio_times: `The times of the sound are too coarse to cut by, ${WHOLE}`,
  text_tracks: `The file holds captions or chapters that the server reads, ${WHOLE}`,
  edit_list: `The file is put together in a way that only the server follows, ${WHOLE}`,
  starts_mid_gop: `The file begins in the middle of a scene, ${WHOLE}`,
  interlaced: `The picture may be interlaced, ${WHOLE}`,
  piece_too_large: `The file has too much data per second to cut it in the browser, ${WHOLE}`,
  pipeline: "The server wants this file as it is.",
};
