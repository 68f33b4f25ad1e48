"""Makes the HLS playlists of a presentation (RFC 8216bis; Apple's HLS authoring specification). Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from yeoul.delivery.presentation import (
    CAPTIONS_NAME,
    IFRAMES_NAME,
    INIT_NAME,
    MEDIA_NAME,
    Presentation,
    Track,
    audio_names,
    folder_uri,
    language_tag,
    make_unique_names,
    segment_durations,
    segment_name,
)
from yeoul.delivery.rates import Rates, iframe_durations, measure, measure_iframes, target_duration_s

# The highest version that any tag in these playlists requires (RFC 8216bis 8).
_VERSION = 7
_DEFAULT_BPS = 2_000_000
_AUDIO_GROUPS = ("audio", "surround")


def make_multivariant_playlist(p: Presentation) -> str:
    """Returns the multivariant playlist: variants by codec with the default first, audio and caption groups, and I-frame streams.

    Captions are listed when the presentation is complete, because until then a caption playlist would need the same target duration.
    """
    texts = p.texts if p.state == "complete" else ()
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = dict(zip(_AUDIO_GROUPS, p.audio_groups, strict=False))
    for group, tracks in groups.items():
        names = zip(tracks, audio_names(tracks), strict=True)
        lines += [_audio_media(track, name, group, first=index == 0) for index, (track, name) in enumerate(names)]
    lines += [_text_media(track, name) for track, name in zip(texts, _caption_names(texts), strict=True)]
    target_s = target_duration_s(p)
    for group, tracks in groups.items() or [(None, ())]:
        for track, rates in _variants(p, tracks, target_s):
            codecs = list(dict.fromkeys(other.rendition.codecs for other in tracks))
            lines += [_variant(track, rates, codecs, group, has_texts=bool(texts)), f"{folder_uri(track)}/{MEDIA_NAME}"]
    videos = [track for track, _ in _variants(p, (), target_s)]
    iframes = ((track, measure_iframes(p, track, target_s)) for track in videos)
    lines += [_iframe_variant(track, rates) for track, rates in iframes if rates is not None]
    return _join_lines(lines)


def _variants(p: Presentation, audios: Sequence[Track], target_s: int) -> list[tuple[Track, Rates]]:
    """Returns (video track, rates including the audio track with the highest rates) in playlist order."""
    audio = _highest_rates(p, audios, target_s)
    codecs = [[(track, _add_rates(measure(p, track, target_s), audio)) for track in group] for group in p.codecs]
    return [pair for index, group in enumerate(codecs) for pair in _sort_variants(group, with_default=index == 0)]


def make_media_playlist(p: Presentation, track: Track) -> str:
    """Returns the playlist of a video or audio rendition: type EVENT while growing, then VOD with ENDLIST."""
    listed = p.listed_segments(track)
    lines = _head(p, target_duration_s(p))
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{INIT_NAME}"']
    for segment, duration in zip(listed, _durations(track, segment_durations(listed), listed[0].start_ticks if listed else 0), strict=True):
        lines += [f"#EXTINF:{duration},", segment_name(segment)]
    return _join_lines(lines + _tail(p))


def make_iframe_playlist(p: Presentation, track: Track) -> str:
    """Returns the I-frame playlist of a video rendition. Each entry is the byte range of one frame and lasts until the next one."""
    frames = [(segment, frame) for segment in p.listed_segments(track) for frame in segment.i_frames]
    lines = _head(p, target_duration_s(p))
    lines += ["#EXT-X-I-FRAMES-ONLY", f'#EXT-X-MAP:URI="{INIT_NAME}"']
    start_ticks = frames[0][1].start_ticks if frames else 0
    for (segment, frame), duration in zip(frames, _durations(track, iframe_durations(p, track), start_ticks), strict=True):
        lines += [f"#EXTINF:{duration},", f"#EXT-X-BYTERANGE:{frame.size_bytes}@{frame.offset}", segment_name(segment)]
    return _join_lines(lines + _tail(p))


def make_caption_playlist(p: Presentation, track: Track) -> str:
    """Returns the playlist of a caption: one WebVTT file in the playlist's folder, as long as the presentation."""
    if track.rendition.kind != "text":
        raise ValueError(f"{track.name} is not a caption")
    lines = _head(p, max(1, round(p.duration_s)))
    return _join_lines([*lines, f"#EXTINF:{p.duration_s:.6f},", CAPTIONS_NAME, *_tail(p)])


def _head(p: Presentation, target_s: int) -> list[str]:
    kind = "VOD" if p.state == "complete" else "EVENT"
    return [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{target_s}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        f"#EXT-X-PLAYLIST-TYPE:{kind}",
    ]


def _tail(p: Presentation) -> list[str]:
    return ["#EXT-X-ENDLIST"] if p.state == "complete" else []


def _join_lines(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _durations(track: Track, ticks: Sequence[int], start_ticks: int) -> list[str]:
    """Returns durations in seconds with six decimals, rounded so that their sums stay equal to decode times."""
    borders = [round(tick * 1_000_000 / track.rendition.timescale) for tick in accumulate(ticks, initial=start_ticks)]
    return [f"{(after - before) / 1_000_000:.6f}" for before, after in pairwise(borders)]


def variant_bandwidth(p: Presentation, track: Track) -> int:
    """Returns the BANDWIDTH of a variant in bit/s, with the highest-rate audio track of the first group (without 5.1)."""
    target_s = target_duration_s(p)
    audios = p.audio_groups[0] if p.audio_groups else ()
    return _add_rates(measure(p, track, target_s), _highest_rates(p, audios, target_s)).peak


def _highest_rates(p: Presentation, audios: Sequence[Track], target_s: int) -> Rates:
    rates = [measure(p, track, target_s) for track in audios]
    return Rates(max((rate.peak for rate in rates), default=0), max((rate.average for rate in rates), default=0))


def _add_rates(video: Rates, audio: Rates) -> Rates:
    """Returns the rates of a video and an audio track played together (RFC 8216bis 4.4.6.2)."""
    return Rates(video.peak + audio.peak, video.average + audio.average)


def _sort_variants(rates: Sequence[tuple[Track, Rates]], *, with_default: bool) -> list[tuple[Track, Rates]]:
    """Sorts by rising bit rate. With `with_default`, the variant nearest to 2,000 kb/s moves to the front (Apple 1.32)."""
    rising = sorted(rates, key=lambda pair: (pair[1], pair[0].rendition.height))
    if not with_default:
        return rising
    default = min(rising, key=lambda pair: abs(pair[1].average - _DEFAULT_BPS), default=None)
    rising.sort(key=lambda pair: pair is not default)
    return rising


def _variant(track: Track, rates: Rates, audio_codecs: Sequence[str], group: str | None, *, has_texts: bool) -> str:
    codecs = [track.rendition.codecs, *audio_codecs]
    attributes = [
        f"BANDWIDTH={rates.peak}",
        f"AVERAGE-BANDWIDTH={rates.average}",
        f'CODECS="{",".join(codecs)}"',
        *_resolution(track),
        f"FRAME-RATE={float(track.frame_rate):.3f}",
    ]
    if group is not None:
        attributes.append(f'AUDIO="{group}"')
    if has_texts:
        attributes.append('SUBTITLES="text"')
    return "#EXT-X-STREAM-INF:" + ",".join([*attributes, "CLOSED-CAPTIONS=NONE"])


def _iframe_variant(track: Track, rates: Rates) -> str:
    attributes = [
        f"BANDWIDTH={rates.peak}",
        f"AVERAGE-BANDWIDTH={rates.average}",
        f'CODECS="{track.rendition.codecs}"',
        *_resolution(track),
        f'URI="{folder_uri(track)}/{IFRAMES_NAME}"',
    ]
    return "#EXT-X-I-FRAME-STREAM-INF:" + ",".join(attributes)


def _resolution(track: Track) -> list[str]:
    return [f"RESOLUTION={track.rendition.width}x{track.rendition.height}", "VIDEO-RANGE=SDR"]


def _audio_media(track: Track, name: str, group: str, *, first: bool) -> str:
    """Returns an EXT-X-MEDIA tag of an audio track. AUTOSELECT=NO keeps players from choosing a commentary (RFC 8216bis 4.4.6.1)."""
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{group}"', f'NAME="{name}"', _language(track)]
    attributes += [f"DEFAULT={'YES' if first else 'NO'}", f"AUTOSELECT={'NO' if track.role == 'commentary' and not first else 'YES'}"]
    if track.role == "description":
        attributes.append('CHARACTERISTICS="public.accessibility.describes-video"')
    attributes.append(f'CHANNELS="{track.rendition.channels}"')
    return "#EXT-X-MEDIA:" + ",".join([*attributes, f'URI="{folder_uri(track)}/{MEDIA_NAME}"'])


def _language(track: Track) -> str:
    """Returns the LANGUAGE attribute, which Apple 8.10 requires on every EXT-X-MEDIA tag; "und" (BCP 47) if it is unknown."""
    return f'LANGUAGE="{language_tag(track.rendition.language) or "und"}"'


def _caption_names(texts: Sequence[Track]) -> list[str]:
    """Returns the names of captions: their labels, made unique."""
    return make_unique_names([track.label for track in texts], [folder_uri(track) for track in texts])


def _text_media(track: Track, name: str) -> str:
    attributes = ["TYPE=SUBTITLES", 'GROUP-ID="text"', f'NAME="{name}"', _language(track)]
    attributes += ["DEFAULT=NO", "AUTOSELECT=YES", "FORCED=NO"]
    return "#EXT-X-MEDIA:" + ",".join([*attributes, f'URI="{folder_uri(track)}/{MEDIA_NAME}"'])
