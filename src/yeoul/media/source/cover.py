"""Converts audio-only files to videos with a still picture, so that the pipeline and players can handle them like any video.

The picture is the file's own cover art, or else a drawing of the waveform. The result has a video track of five frames a second that
shows this picture, as long as the audio, and the audio without loss. Without the video track, some players would refuse the stream,
the video would have no poster or storyboard, and every part of the pipeline would have to handle videos without frames. Encoding the
still takes less than a hundredth of real time.
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
from yeoul.media.limits import AV_ERRORS, SOUND_DEMUXERS, Limits, ffmpeg_input_options, run_tool
from yeoul.media.source.probe import find_audio, find_video
from yeoul.media.source.scan import decode_audio_packet, media_packets
from yeoul.media.source.truncation import check_demuxed, open_whole

_RATE: Final = 5
_LONGEST_PX: Final = 1280
_SIZE: Final = (640, 360)
_BACKGROUND, _FOREGROUND = (16, 20, 24), (138, 180, 248)


@dataclass(frozen=True)
class _Audio:
    """Facts from decoding the audio. stream_index: the demuxer's. peaks: the largest absolute value of each frame, 0 to 1."""

    stream_index: int
    format: str
    duration_s: float
    peaks: array[float]


def add_cover(path: Path, folder: Path, limits: Limits) -> Path | None:
    """Writes a file with the audio of `path` and a still picture into `folder`, and returns its path.

    Returns None if `path` has video, or no audio. Raises UnreadableError if no demuxer recognises the file, TooLargeError if the audio is
    too long, TruncatedError if its end is missing, and what `run_tool` raises.
    """
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        if _has_video(container) or find_audio(container) is None:
            return None
        cover_art = _find_cover_art(container, limits)
    audio = _decode_audio(path, limits)
    if audio.duration_s <= 0:
        return None
    still, output = folder / "cover.jpg", folder / "covered.nut"
    (cover_art or _draw_waveform(audio)).save(still, "JPEG", quality=92)
    run_tool(_make_command(path, audio, still, output, limits), limits=limits, cwd=folder)
    return output


def _has_video(container: InputContainer) -> bool:
    try:
        find_video(container)
    except NoVideoError:
        return False
    return True


def _find_cover_art(container: InputContainer, limits: Limits) -> Image.Image | None:
    """Returns the file's cover art, with even sides of at most 1,280 px; None if there is none that can be decoded."""
    for stream in container.streams.video:
        if not stream.disposition & Disposition.attached_pic or stream.width * stream.height > limits.max_pixels:
            continue
        try:
            frame = next(container.decode(stream), None)
        except AV_ERRORS:
            frame = None
        if frame is not None:
            image = cast("Image.Image", frame.to_image()).convert("RGB")  # pyright: ignore[reportUnknownMemberType]
            scale = min(1.0, _LONGEST_PX / max(image.size))
            return image.resize((_even(image.width * scale), _even(image.height * scale)))
    return None


def _even(side: float) -> int:
    return max(16, int(side) // 2 * 2)


def _decode_audio(path: Path, limits: Limits) -> _Audio:
    """Decodes all audio, since only that shows its exact duration. Raises UnreadableError, TooLargeError and TruncatedError."""
    peaks, samples = array("f"), 0
    with open_whole(path, limits, SOUND_DEMUXERS) as container:
        stream = find_audio(container)
        if stream is None:
            raise UnreadableError("the file has no audio that can be decoded", file=path.name)
        rate, decode = stream.codec_context.sample_rate, cast("Any", stream.codec_context).decode
        for packet in (*_packets(container, stream), None):
            for frame in decode_audio_packet(decode, packet):
                samples += frame.samples
                peaks.append(_peak(frame.to_ndarray()))
            if samples > limits.max_duration_s * rate:
                raise TooLargeError("the audio is longer than allowed", max_duration_s=limits.max_duration_s)
        check_demuxed(path, container, [stream])
        return _Audio(stream.index, stream.codec_context.format.name, samples / rate, peaks)


def _packets(container: InputContainer, stream: Any) -> Any:
    return media_packets(container, [stream])


def _peak(values: np.ndarray[Any, np.dtype[Any]]) -> float:
    """Returns the largest absolute value of a frame, as a share of full scale."""
    if not values.size:
        return 0.0
    if values.dtype == np.uint8:
        return float(np.abs(values.astype(np.int16) - 128).max()) / 128
    full_scale = 1.0 if values.dtype.kind == "f" else float(np.iinfo(values.dtype).max)
    return min(1.0, float(np.abs(values.astype(np.float64)).max()) / full_scale)


def _draw_waveform(audio: _Audio) -> Image.Image:
    """Draws the waveform: a vertical line for each column of pixels, as high as the peak at that time."""
    image = Image.new("RGB", _SIZE, _BACKGROUND)
    draw = ImageDraw.Draw(image)
    width, height = _SIZE
    columns = np.array_split(np.array(audio.peaks), width) if len(audio.peaks) >= width else np.array(audio.peaks)[:, None]
    step = width / len(columns)
    for index, values in enumerate(columns):
        half_height = 1 + float(values.max()) * height * 0.4
        left, right = index * step, max(index * step, (index + 1) * step - 1)
        draw.rectangle((left, height / 2 - half_height, right, height / 2 + half_height), fill=_FOREGROUND)
    return image


def _make_command(path: Path, audio: _Audio, still: Path, output: Path, limits: Limits) -> list[str]:
    """Returns the ffmpeg command: s32 samples keep their depth, others get 16 bits. FLAC frames are short: NUT counts the last as full."""
    length_s = max(1, int(audio.duration_s * _RATE)) / _RATE
    depth = [] if audio.format.rstrip("p") == "s32" else ["-sample_fmt", "s16"]
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
        *(*ffmpeg_input_options(limits, SOUND_DEMUXERS), "-i", f"file:{path}", "-map", "0:v:0", "-map", f"1:{audio.stream_index}"),
        *("-c:v", "libx264", "-preset", "ultrafast", "-crf", "12", "-g", str(2 * _RATE), "-bf", "0"),
        *("-threads", "1", "-pix_fmt", "yuv420p", "-vf", "scale=out_color_matrix=bt709:out_range=tv", "-color_range", "tv"),
        *("-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709", "-c:a", "flac", "-frame_size", "1024", *depth),
        *("-map_metadata", "-1", "-fflags", "+bitexact", "-f", "nut", str(output)),
    ]
