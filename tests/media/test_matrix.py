"""Each codec in each container that ffmpeg writes: ready and exact, or refused by the splitter with a code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.clips.matrix import CONTAINERS, LENGTH_S, Sample, make_samples
from tests.harness.cut import leave_out
from yeoul.base.errors import NotInPiecesError, UnreadableError, UnsupportedCodecError, YeoulError
from yeoul.media.audio.decode import decode_sound
from yeoul.media.limits import Limits
from yeoul.media.source.near_keyframes import add_keyframes
from yeoul.media.source.probe import probe
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder

_HALF = 25
_SHORT = ("asf", "ogg", "gif", "flv")
# What ffmpeg decodes and we do not take: refused before anything is sent.
REFUSED: dict[tuple[str, str], type[YeoulError]] = {
    ("gxf", "dvvideo"): UnreadableError,  # PyAV's demuxer and ffmpeg's differ
    ("mjpeg", "mjpeg"): UnreadableError,
}
# Streams without a container have no times of their own: their length is what their rate makes of them.
_UNTIMED = ("m4v", "h261", "h263", "h264", "hevc", "mpeg1video", "mpeg2video", "mjpeg", "dirac", "obu")


def judge(sample: Sample, container: str, folder: Path) -> str:
    """What is wrong with the end of a file; empty where nothing is."""
    limits = Limits()
    path = sample.path
    try:
        try:
            plan = plan_split(path, limits)
        except NotInPiecesError:  # sent whole, and converted by the server
            path = add_keyframes(path, probe(path, limits), folder, limits, needed=True) or path
            plan = plan_split(path, limits)
    except YeoulError as error:
        # Some pairs are written and not read again, not even by ffmpeg itself.
        if sample.frames > _HALF and not isinstance(error, REFUSED.get((container, sample.codec), ())):
            return f"refused: {error.code}: {error.message}"
        return "" if isinstance(error, UnreadableError | UnsupportedCodecError) or sample.frames <= _HALF else f"refused as {error.code}"
    if (container, sample.codec) in REFUSED:
        return "is no longer refused"
    source, frames, heard = plan.source, 0, 0.0
    try:
        for piece, file in cut_pieces(path, plan, folder):
            frames += encode_piece(file, piece, source, make_ladder(source)[-1:], folder, limits)[0].samples
            if source.audio is not None:
                sound = decode_sound(file, piece, source, source.audio, limits, longest=10 * source.audio.sample_rate)
                heard += sum(float(np.square(block).sum()) / len(block) for _, block in sound.stretches)
    except YeoulError as error:
        return f"failed after the upload: {error.code}: {error.message}"
    wrong = [f"{frames} of {sample.frames} frames"] if frames != sample.frames else []
    if container not in _UNTIMED and abs(source.duration_s - LENGTH_S) > 0.2:
        wrong.append(f"{source.duration_s:.2f} s long")
    # A sine of an eighth of full scale, as lavfi makes it, for two seconds.
    if sample.has_sound and (source.audio is None or heard < 0.3 * source.audio.sample_rate * LENGTH_S * 0.125**2 / 2):
        wrong.append("no sound")
    return ", ".join(wrong)


@pytest.mark.parametrize("container", leave_out(CONTAINERS, set(CONTAINERS) - set(_SHORT)))
def test_what_ffmpeg_decodes_is_ready_and_exact(container: str, tmp_path: Path):
    work = tmp_path / "work"
    work.mkdir()
    wrong = {sample.codec: found for sample in make_samples(container, tmp_path) if (found := judge(sample, container, work))}
    assert wrong == {}
