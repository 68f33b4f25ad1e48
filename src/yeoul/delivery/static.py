"""A presentation as files for a plain web server: the same names that the API serves below a video's address. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from yeoul.delivery import dash, hls
from yeoul.delivery import presentation as layout
from yeoul.delivery.presentation import Presentation


def make_texts(made: Presentation, captions: Mapping[str, str], *, complete: bool) -> dict[str, str]:
    """Playlists, manifest and text tracks by path; captions: WebVTT by name. The DASH manifest is there when the video is complete."""
    found = {layout.MASTER_NAME: hls.make_master(made)}
    if complete:
        found[layout.MPD_NAME] = dash.make_mpd(made)
    if made.storyboard is not None:
        found[layout.STORYBOARD_NAME] = layout.make_storyboard(made.storyboard, made.duration_s)
    if made.chapters:
        found[layout.CHAPTERS_NAME] = layout.make_chapters(made.chapters)
    for track in made.tracks:
        found[f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}"] = hls.make_media(made, track)
        if track.rendition.kind == "video":
            found[f"{layout.folder_uri(track)}/{layout.IFRAMES_NAME}"] = hls.make_iframes(made, track)
    for track in made.texts:
        found[f"{layout.folder_uri(track)}/{layout.MEDIA_NAME}"] = hls.make_subtitle(made, track)
        found[f"{layout.folder_uri(track)}/{layout.CAPTIONS_NAME}"] = captions[track.name]
    return found


def make_files(made: Presentation) -> dict[str, str]:
    """Keys of the encoded bucket by path: init and media segments, storyboard sheets."""
    found: dict[str, str] = {}
    for track in made.tracks:
        if track.rendition.init_key is not None:
            found[f"{layout.folder_uri(track)}/{layout.INIT_NAME}"] = track.rendition.init_key
        found |= {f"{layout.folder_uri(track)}/{segment.index}.m4s": segment.key for segment in track.segments}
    if made.storyboard is not None:
        found |= {layout.sheet_name(index): key for index, key in enumerate(made.storyboard.keys)}
    return found
