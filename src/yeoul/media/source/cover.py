"""Files that are all sound get a picture, so that players have something to show and everything else works as for any video.

The picture is the file's own cover, or one of the sound. It becomes a still of five frames a second, as long as the sound, beside
the sound without loss: a file that is split like all others. A stream of sound alone would be refused by players that open the
page's picture first, has no poster and no storyboard, and would make every part of the pipeline know of videos without pictures;
the still costs less than a hundredth of real time.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
from av.container import InputContainer
from av.stream import Disposition
from PIL import Image, ImageDraw

from yeoul.base.errors import NoVideoError, TooLargeError, UnreadableError
from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import BROKEN, SOUND_DEMUXERS, Limits, ffmpeg_input_options, open_input, run_tool
from yeoul.media.source.probe import find_audio, find_video
from yeoul.media.source.scan import decoded_audio, media_packets

_RATE: Final = 5
_LONGEST_PX: Final = 1280
_SIZE: Final = (640, 360)
_GROUND, _INK = (16, 20, 24), (138, 180, 248)


@dataclass(frozen=True)
class _Sound:
    """What decoding the sound found. stream_index: the demuxer's; peaks: the largest value of each frame, 0 to 1."""

    stream_index: int
    format: str
    duration_s: float
    peaks: array[float]


def with_cover(path: Path, folder: Path, limits: Limits) -> Path | None:
    """A file in `folder` with the sound of `path` and a still; None where `path` has pictures of its own, or nothing to be heard.

    Raises UnreadableError for what no demuxer takes, TooLargeError, and what `run_tool` raises.
    """
    with open_input(path, limits, SOUND_DEMUXERS) as container:
        if _has_pictures(container) or find_audio(container) is None:
            return None
        art = _find_art(container, limits)
    sound = _listen(path, limits)
    if sound.duration_s <= 0:
        return None
    still, made = folder / "cover.jpg", folder / "covered.nut"
    (art or _draw(sound)).save(still, "JPEG", quality=92)
    run_tool(_make_words(path, sound, still, made, limits), limits=limits, cwd=folder)
    return made


def _has_pictures(container: InputContainer) -> bool:
    try:
        find_video(container)
    except NoVideoError:
        return False
    return True


def _find_art(container: InputContainer, limits: Limits) -> Image.Image | None:
    """The cover that the file carries, upright in even sides of at most 1,280 px; None where there is none that can be read."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic or stream.width * stream.height > limits.max_pixels:
            continue
        try:
            frame = next(container.decode(stream), None)
        except BROKEN:
            frame = None
        if frame is not None:
            picture = cast("Image.Image", frame.to_image()).convert("RGB")  # pyright: ignore[reportUnknownMemberType]
            shrink = min(1.0, _LONGEST_PX / max(picture.size))
            return picture.resize((_even(picture.width * shrink), _even(picture.height * shrink)))
    return None


def _even(side: float) -> int:
    return max(16, int(side) // 2 * 2)


def _listen(path: Path, limits: Limits) -> _Sound:
    """Decode all of the sound: only that says how long it is."""
    peaks, samples = array("f"), 0
    with open_input(path, limits, SOUND_DEMUXERS) as container:
        stream = find_audio(container)
        if stream is None:
            raise UnreadableError("the file has no sound that can be decoded", file=path.name)
        rate, decode = stream.codec_context.sample_rate, cast("Any", stream.codec_context).decode
        for packet in (*_packets(container, stream), None):
            for frame in decoded_audio(decode, packet):
                samples += frame.samples
                peaks.append(_peak(frame.to_ndarray()))
            if samples > limits.max_duration_s * rate:
                raise TooLargeError("the sound is longer than allowed", max_duration_s=limits.max_duration_s)
        return _Sound(stream.index, stream.codec_context.format.name, samples / rate, peaks)


def _packets(container: InputContainer, stream: Any) -> Any:
    return media_packets(container, [stream])


def _peak(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """The largest value of a frame, as a share of the most that its samples can be."""
    if not values.size:
        return 0.0
    if values.dtype == np.uint8:
        return float(np.abs(values.astype(np.int16) - 128).max()) / 128
    most = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    return min(1.0, float(np.abs(values.astype(np.float64)).max()) / most)


def _draw(sound: _Sound) -> Image.Image:
    """A line up and down for each column of pixels, as high as the sound is loud at that time."""
    picture = Image.new("RGB", _SIZE, _GROUND)
    pen = ImageDraw.Draw(picture)
    width, height = _SIZE
    columns = np.array_split(np.array(sound.peaks), width) if len(sound.peaks) >= width else np.array(sound.peaks)[:, None]
    step = width / len(columns)
    for index, values in enumerate(columns):
        reach = 1 + float(values.max()) * height * 0.4
        pen.rectangle((index * step, height / 2 - reach, max(index * step, (index + 1) * step - 1), height / 2 + reach), fill=_INK)
    return picture


def _make_words(path: Path, sound: _Sound, still: Path, made: Path, limits: Limits) -> list[str]:
    """Sound of more than 16 bits keeps them; what was compressed with loss has no more. Short frames: NUT counts the last as whole."""
    length_s = max(1, int(sound.duration_s * _RATE)) / _RATE
    depth = [] if sound.format.rstrip("p") == "s32" else ["-sample_fmt", "s16"]
    return [
        *(
            ffmpeg_path(),
            "-v",
            "error",
            "-nostdin",
            "-y",
            "-loop",
            "1",
            "-framerate",
            str(_RATE),
            "-t",
            f"{length_s:.3f}",
            "-i",
            f"file:{still}",
        ),
        *(*ffmpeg_input_options(limits, SOUND_DEMUXERS), "-i", f"file:{path}", "-map", "0:v:0", "-map", f"1:{sound.stream_index}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", str(2 * _RATE), "-bf", "0"),
        *("-threads", "1", "-pix_fmt", "yuv420p", "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-color_range", "tv"),
        *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-c:a", "flac", "-frame_size", "1024", *depth),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(made)),
    ]
