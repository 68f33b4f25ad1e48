"""A presentation as files for a static web server, at the same paths that the API serves below a video's base URL. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from yeoul.delivery import dash, hls
from yeoul.delivery import presentation as layout
from yeoul.delivery.presentation import Presentation, Track

_HLS = "application/vnd.apple.mpegurl"
_DASH = "application/dash+xml"
WEBVTT = "text/vtt; charset=utf-8"


Renderers = Mapping[str, tuple[str, Callable[[], str]]]  # (media type, function that returns the text) by path


def list_texts(presentation: Presentation, edition: int = 1) -> Renderers:
    """Returns the playlists and other texts of a presentation by path, without the captions themselves."""
    return dict(_list_texts(presentation, edition))


def _list_texts(presentation: Presentation, edition: int) -> Iterator[tuple[str, tuple[str, Callable[[], str]]]]:
    yield layout.MASTER_NAME, (_HLS, lambda: hls.make_multivariant_playlist(presentation))
    if presentation.state == "complete":
        yield layout.MPD_NAME, (_DASH, lambda: dash.make_mpd(presentation))
    storyboard = presentation.storyboard
    if storyboard is not None:
        yield layout.STORYBOARD_NAME, (WEBVTT, lambda: layout.make_storyboard(storyboard, presentation.duration_s, edition))
    if presentation.chapters:
        yield layout.CHAPTERS_NAME, (WEBVTT, lambda: layout.make_chapters(presentation.chapters))
    for track in presentation.tracks:
        yield f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}", (_HLS, _bind(hls.make_media_playlist, presentation, track))
        if track.rendition.kind == "video":
            yield f"{layout.folder_uri(track)}/{layout.IFRAMES_NAME}", (_HLS, _bind(hls.make_iframe_playlist, presentation, track))
    for track in presentation.texts:
        yield f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}", (_HLS, _bind(hls.make_caption_playlist, presentation, track))


def _bind(make: Callable[[Presentation, Track], str], presentation: Presentation, track: Track) -> Callable[[], str]:
    return lambda: make(presentation, track)


def make_texts(presentation: Presentation, captions: Mapping[str, str]) -> dict[str, str]:
    """Returns playlists, manifest and captions by path. captions: WebVTT by name."""
    texts = {path: render() for path, (_, render) in list_texts(presentation).items()}
    return texts | {f"{layout.folder_uri(track)}/{layout.CAPTIONS_NAME}": captions[track.name] for track in presentation.texts}


def make_files(presentation: Presentation) -> dict[str, str]:
    """Returns keys of the encoded bucket by path: init segments, segments and storyboard sheets."""
    keys: dict[str, str] = {}
    for track in presentation.tracks:
        if track.rendition.init_key is not None:
            keys[f"{layout.folder_uri(track)}/{layout.INIT_NAME}"] = track.rendition.init_key
        keys |= {f"{layout.folder_uri(track)}/{segment.index}.m4s": segment.key for segment in track.segments}
    if presentation.storyboard is not None:
        keys |= {layout.sheet_name(index): key for index, key in enumerate(presentation.storyboard.keys)}
    return keys
