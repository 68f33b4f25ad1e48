"""What must hold for a clip that has become ready, against an oracle that knows nothing of the product.

Each check raises AssertionError with what is wrong, or returns in words what it found: tests assert by them, and so do benchmarks.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from tests import oracle
from tests.checker import Expect, check_streams, http_fetch, report
from tests.checker.tracks import Track
from tests.clips.collection import SILENT
from tests.e2e.clip import Clip, find_digests

_SSIM = 0.95
_LOOKS = 10
_DRIFT = 1.5
_SURROUND = 6
_AAC_FRAME_S = 1024 / 48_000
_LAG_S = 0.010


def check_frames_and_times(clip: Clip) -> str:
    """As many frames as are displayed, each at its time."""
    shown = clip.source.times
    told = clip.result["source"]["frames"]
    assert told == len(shown), f"{told} frames are told of, {len(shown)} are shown"
    wanted = [time - shown[0] for time in shown]
    worst = max(_check_times(clip, rung, wanted) for rung in clip.rungs)
    return f"{len(shown)} frames in each of {len(clip.rungs)} rungs, off by {worst:.2f} ticks at most"


def _check_times(clip: Clip, rung: Track, wanted: list[Fraction]) -> float:
    """By how many ticks of a rung a frame is off at most."""
    decoded = len(oracle.find_shown(clip.save(rung)).times)
    assert decoded == len(wanted), f"{rung.name}: {decoded} of {len(wanted)} frames"
    scale = rung.init.timescale
    times = sorted(sample.pts - rung.init.edit_media_time for part in rung.parts for sample in part.samples)
    off = [abs(pts - time * scale) for pts, time in zip(times, wanted, strict=True)]
    assert max(off) <= 1, f"{rung.name}: frame {off.index(max(off))} is off by {float(max(off)):.2f} ticks of 1/{scale} s"
    return float(max(off))


def check_sizes(clip: Clip) -> str:
    """Upright, in square pixels, of the source's aspect, never larger than it, and declared as it is."""
    display = clip.source.width * clip.source.sar, Fraction(clip.source.height)
    declared = {uri.partition("/")[0]: attributes["RESOLUTION"] for attributes, uri in clip.hls.master.variants}
    assert len(declared) == len(clip.rungs), f"{declared} are declared of {len(clip.rungs)} rungs"
    for rung in clip.rungs:
        _check_size(clip, rung, display, declared[rung.name.partition("/")[0]])
    top = clip.rungs[0].init
    wanted = min(1080, *(round(side) // 2 * 2 for side in display))
    assert min(top.width, top.height) == wanted, f"the top rung is {top.width}x{top.height}, not of {wanted} lines"
    return ", ".join(declared.values())


def _check_size(clip: Clip, rung: Track, display: tuple[Fraction, Fraction], declared: str) -> None:
    found = oracle.find_shown(clip.save(rung))
    size = f"{rung.name}: {found.width}x{found.height} (pixels of {found.sar}) for {display}"
    assert found.sar == 1, size
    assert declared == f"{found.width}x{found.height}", f"{size}, declared {declared}"
    assert found.width <= round(display[0]) and found.height <= display[1], size
    # Even sides: each may be a pixel off where the other is exact.
    scale = found.height / display[1]
    assert abs(found.width - display[0] * scale) <= 1 + display[0] / display[1], size


def check_pictures(clip: Clip) -> str:
    """The top rung looks like the source, in brightness and in colour, from the first frame to the last."""
    count = len(clip.source.times)
    looks = sorted({round(position * (count - 1) / (_LOOKS - 1)) for position in range(_LOOKS)})
    rung = clip.save(clip.rungs[0])
    size = clip.rungs[0].init.width, clip.rungs[0].init.height
    made_colour = oracle.find_shown(rung).colour
    wanted = oracle.decode_pictures(clip.path, looks, size, clip.source.colour)
    found = oracle.decode_pictures(rung, looks, size, made_colour)
    scores = [oracle.ssim(a.luma, b.luma) for a, b in zip(wanted, found, strict=True)]
    drifts = [np.abs(a.means - b.means) for a, b in zip(wanted, found, strict=True)]
    words = f"SSIM {min(scores):.4f}, means off by {np.max(drifts, axis=0).round(2)}; {clip.source.colour} -> {made_colour}"
    assert not made_colour.is_hdr, words
    assert min(scores) >= _SSIM, f"{words}; SSIM of all {[round(score, 4) for score in scores]}"
    assert np.max(drifts) < _DRIFT, words
    return words


def check_silence(clip: Clip) -> str:
    """A file without sound has no rendition of any."""
    assert clip.audios == [] and clip.video["source"]["has_audio"] is False, f"there is sound: {[track.name for track in clip.audios]}"
    return "no sound"


def check_sound(clip: Clip) -> str:
    """As long as the source's, and in time with it at start, middle and end; six channels are there beside two."""
    wanted = oracle.find_heard(clip.path)
    assert wanted is not None, "the source is silent"
    counts = [min(2, wanted.channels), *([_SURROUND] if wanted.channels >= _SURROUND else [])]
    assert len(clip.audios) == len(counts), [track.name for track in clip.audios]
    by_count = sorted(clip.audios, key=lambda track: track.init.channels)
    return "; ".join(_check_rendition(clip, track, wanted, count) for track, count in zip(by_count, counts, strict=True))


def _check_rendition(clip: Clip, track: Track, wanted: oracle.Heard, count: int) -> str:
    found = oracle.find_heard(clip.save(track))
    assert found is not None, f"{track.name} is silent"
    channels = found.channels, track.init.channels, count
    assert len(set(channels)) == 1, f"channels heard, declared and wanted: {channels}"
    zero_s = float(clip.source.times[0])
    assert abs(found.start_s) < 0.001, f"starts at {found.start_s:+.4f} s"
    late_s = found.end_s - (wanted.end_s - zero_s)
    assert -_AAC_FRAME_S - 0.001 <= late_s <= _AAC_FRAME_S + 0.001, f"ends {late_s:+.4f} s late"
    if not wanted.samples.any():
        loudest = np.abs(found.samples).max()
        assert loudest < 1e-4, f"a recorder without microphone is heard: {loudest}"
        return f"silence, ends {late_s:+.4f} s late"
    return f"{_check_lags(wanted, found, zero_s)}, ends {late_s:+.4f} s late"


def _check_lags(wanted: oracle.Heard, found: oracle.Heard, zero_s: float) -> str:
    lags = oracle.find_lags(wanted, found, zero_s)
    words = f"late by {', '.join(f'{lag * 1000:.2f} ms ({score:.3f})' for lag, score in lags)}"
    assert all(score > 0.9 for _, score in lags), words
    assert max(abs(lag) for lag, _ in lags) < _LAG_S, words
    assert max(lags)[0] - min(lags)[0] < _LAG_S, words
    return words


def check_same_bytes(clip: Clip, other: Clip) -> str:
    """Two ways of uploading give the same init and media segments."""
    first, second = find_digests(clip.hls), find_digests(other.hls)
    assert first.keys() == second.keys(), f"{sorted(first)} and {sorted(second)}"
    counts = {name: len(digests) for name, digests in first.items()}
    assert counts == {name: len(digests) for name, digests in second.items()}, f"{counts} against other counts of segments"
    others = [
        f"{name}[{index}]"
        for name, digests in first.items()
        for index, pair in enumerate(zip(digests, second[name], strict=True))
        if pair[0] != pair[1]
    ]
    assert not others, f"{len(others)} of {sum(counts.values())} files differ (0 is the init segment): {others[:10]}"
    return f"{sum(counts.values())} files are the same"


def check_stream_rules(clip: Clip) -> str:
    """The HLS and DASH presentations keep the rules of their formats: seams, times, declared rates and sizes among them."""
    display = round(clip.source.width * clip.source.sar), clip.source.height
    expect = Expect(display_size=display, frames=len(clip.source.times), has_audio=clip.path.name not in SILENT)
    findings = check_streams(clip.base, http_fetch(clip.client), expect)
    assert not findings, report(findings)
    return "no findings in HLS and DASH"
