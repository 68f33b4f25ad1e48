"""HLS playlists of a presentation: pure text from nouns (RFC 8216bis; Apple's HLS authoring specification)."""

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
    name_once,
    segment_name,
    steps,
)
from yeoul.delivery.rates import Rates, iframe_steps, measure, measure_iframes, target_duration_s

# 7 is what EXT-X-MAP outside of I-frame playlists and all that we use need at most (RFC 8216bis 8).
_VERSION = 7
_DEFAULT_BPS = 2_000_000
_AUDIO_GROUPS = ("audio", "surround")


def make_master(p: Presentation) -> str:
    """The multivariant playlist: the default variant first, one codec after the other, sound and text as groups, I-frame streams.

    Captions join when the presentation is complete: a subtitle list must keep the target duration of the others until then.
    """
    texts = p.texts if p.state == "complete" else ()
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{_VERSION}", "#EXT-X-INDEPENDENT-SEGMENTS"]
    groups = dict(zip(_AUDIO_GROUPS, p.audio_groups, strict=False))
    for group, tracks in groups.items():
        named = zip(tracks, audio_names(tracks), strict=True)
        lines += [_audio_media(track, name, group, first=index == 0) for index, (track, name) in enumerate(named)]
    lines += [_text_media(track, name) for track, name in zip(texts, _names(texts), strict=True)]
    target_s = target_duration_s(p)
    for group, tracks in groups.items() or [(None, ())]:
        for track, rates in _variants(p, tracks, target_s):
            codecs = list(dict.fromkeys(other.rendition.codecs for other in tracks))
            lines += [_variant(track, rates, codecs, group, has_texts=bool(texts)), f"{folder_uri(track)}/{MEDIA_NAME}"]
    videos = [track for track, _ in _variants(p, (), target_s)]
    iframes = ((track, measure_iframes(p, track, target_s)) for track in videos)
    lines += [_iframe_variant(track, rates) for track, rates in iframes if rates is not None]
    return _text(lines)


def _variants(p: Presentation, sounds: Sequence[Track], target_s: int) -> list[tuple[Track, Rates]]:
    """The video tracks with the rates of each beside the dearest of some sounds, in the order of the playlist."""
    sound = _dearest(p, sounds, target_s)
    codecs = [[(track, _with_sound(measure(p, track, target_s), sound)) for track in group] for group in p.codecs]
    return [pair for index, group in enumerate(codecs) for pair in _in_order(group, with_default=index == 0)]


def make_media(p: Presentation, track: Track) -> str:
    """The list of one video or audio rendition: EVENT while growing, then VOD with ENDLIST."""
    listed = p.listed(track)
    lines = _head(p, target_duration_s(p))
    lines += ["#EXT-X-INDEPENDENT-SEGMENTS", f'#EXT-X-MAP:URI="{INIT_NAME}"']
    for segment, duration in zip(listed, _durations(track, steps(listed), listed[0].start_ticks if listed else 0), strict=True):
        lines += [f"#EXTINF:{duration},", segment_name(segment)]
    return _text(lines + _tail(p))


def make_iframes(p: Presentation, track: Track) -> str:
    """The I-frame list of a video rendition; each entry is the byte range of one picture and lasts until the next."""
    frames = [(segment, frame) for segment in p.listed(track) for frame in segment.i_frames]
    lines = _head(p, target_duration_s(p))
    lines += ["#EXT-X-I-FRAMES-ONLY", f'#EXT-X-MAP:URI="{INIT_NAME}"']
    start_ticks = frames[0][1].start_ticks if frames else 0
    for (segment, frame), duration in zip(frames, _durations(track, iframe_steps(p, track), start_ticks), strict=True):
        lines += [f"#EXTINF:{duration},", f"#EXT-X-BYTERANGE:{frame.size_bytes}@{frame.offset}", segment_name(segment)]
    return _text(lines + _tail(p))


def make_subtitle(p: Presentation, track: Track) -> str:
    """The list of a text rendition: one WebVTT file as long as the presentation. `track` says which file by where the list lies."""
    if track.rendition.kind != "text":
        raise ValueError(f"{track.name} is not a text rendition")
    lines = _head(p, max(1, round(p.duration_s)))
    return _text([*lines, f"#EXTINF:{p.duration_s:.6f},", CAPTIONS_NAME, *_tail(p)])


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


def _text(lines: Iterable[str]) -> str:
    return "\n".join(lines) + "\n"


def _durations(track: Track, ticks: Sequence[int], start_ticks: int) -> list[str]:
    """Seconds with six decimals, rounded so that the error of their sum never grows: list times stay equal to decode times."""
    borders = [round(tick * 1_000_000 / track.rendition.timescale) for tick in accumulate(ticks, initial=start_ticks)]
    return [f"{(after - before) / 1_000_000:.6f}" for before, after in pairwise(borders)]


def variant_bandwidth(p: Presentation, track: Track) -> int:
    """BANDWIDTH of a variant in bit/s: this video with the dearest sound that every device plays."""
    target_s = target_duration_s(p)
    sounds = p.audio_groups[0] if p.audio_groups else ()
    return _with_sound(measure(p, track, target_s), _dearest(p, sounds, target_s)).peak


def _dearest(p: Presentation, sounds: Sequence[Track], target_s: int) -> Rates:
    rates = [measure(p, track, target_s) for track in sounds]
    return Rates(max((rate.peak for rate in rates), default=0), max((rate.average for rate in rates), default=0))


def _with_sound(video: Rates, sound: Rates) -> Rates:
    """The dearest playable combination (RFC 8216bis 4.4.6.2)."""
    return Rates(video.peak + sound.peak, video.average + sound.average)


def _in_order(rates: Sequence[tuple[Track, Rates]], *, with_default: bool) -> list[tuple[Track, Rates]]:
    """Rising bit rates, but for the variant nearest to 2,000 kb/s, which is first and thereby the default (Apple 1.32)."""
    rising = sorted(rates, key=lambda pair: (pair[1], pair[0].rendition.height))
    if not with_default:
        return rising
    default = min(rising, key=lambda pair: abs(pair[1].average - _DEFAULT_BPS), default=None)
    rising.sort(key=lambda pair: pair is not default)
    return rising


def _variant(track: Track, rates: Rates, sound_codecs: Sequence[str], group: str | None, *, has_texts: bool) -> str:
    codecs = [track.rendition.codecs, *sound_codecs]
    attributes = [
        f"BANDWIDTH={rates.peak}",
        f"AVERAGE-BANDWIDTH={rates.average}",
        f'CODECS="{",".join(codecs)}"',
        *_picture(track),
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
        *_picture(track),
        f'URI="{folder_uri(track)}/{IFRAMES_NAME}"',
    ]
    return "#EXT-X-I-FRAME-STREAM-INF:" + ",".join(attributes)


def _picture(track: Track) -> list[str]:
    return [f"RESOLUTION={track.rendition.width}x{track.rendition.height}", "VIDEO-RANGE=SDR"]


def _audio_media(track: Track, name: str, group: str, *, first: bool) -> str:
    """No player chooses a commentary by itself (RFC 8216bis, 4.4.6.1: AUTOSELECT)."""
    attributes = ["TYPE=AUDIO", f'GROUP-ID="{group}"', f'NAME="{name}"', _language(track)]
    attributes += [f"DEFAULT={'YES' if first else 'NO'}", f"AUTOSELECT={'NO' if track.role == 'commentary' and not first else 'YES'}"]
    if track.role == "description":
        attributes.append('CHARACTERISTICS="public.accessibility.describes-video"')
    attributes.append(f'CHANNELS="{track.rendition.channels}"')
    return "#EXT-X-MEDIA:" + ",".join([*attributes, f'URI="{folder_uri(track)}/{MEDIA_NAME}"'])


def _language(track: Track) -> str:
    """Apple 8.10 asks for it on every EXT-X-MEDIA; "und" is BCP 47's word for not knowing."""
    return f'LANGUAGE="{language_tag(track.rendition.language) or "und"}"'


def _names(texts: Sequence[Track]) -> list[str]:
    """What text tracks are called: by their labels."""
    return name_once([track.label for track in texts], [folder_uri(track) for track in texts])


def _text_media(track: Track, name: str) -> str:
    attributes = ["TYPE=SUBTITLES", 'GROUP-ID="text"', f'NAME="{name}"', _language(track)]
    attributes += ["DEFAULT=NO", "AUTOSELECT=YES", "FORCED=NO"]
    return "#EXT-X-MEDIA:" + ",".join([*attributes, f'URI="{folder_uri(track)}/{MEDIA_NAME}"'])
