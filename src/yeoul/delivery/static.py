"""A presentation as files for a static web server, at the same paths that the API serves below a video's base URL. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from yeoul.delivery import dash, hls
from yeoul.delivery import presentation as layout
from yeoul.delivery.presentation import Presentation


def make_texts(presentation: Presentation, captions: Mapping[str, str], *, complete: bool) -> dict[str, str]:
    """Returns playlists, manifest and captions by path. captions: WebVTT by name; complete: includes the DASH manifest."""
    texts = {layout.MASTER_NAME: hls.make_multivariant_playlist(presentation)}
    if complete:
        texts[layout.MPD_NAME] = dash.make_mpd(presentation)
    if presentation.storyboard is not None:
        texts[layout.STORYBOARD_NAME] = layout.make_storyboard(presentation.storyboard, presentation.duration_s)
    if presentation.chapters:
        texts[layout.CHAPTERS_NAME] = layout.make_chapters(presentation.chapters)
    for track in presentation.tracks:
        texts[f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}"] = hls.make_media_playlist(presentation, track)
        if track.rendition.kind == "video":
            texts[f"{layout.folder_uri(track)}/{layout.IFRAMES_NAME}"] = hls.make_iframe_playlist(presentation, track)
    for track in presentation.texts:
        texts[f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}"] = hls.make_caption_playlist(presentation, track)
        texts[f"{layout.folder_uri(track)}/{layout.CAPTIONS_NAME}"] = captions[track.name]
    return texts


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
