"""The rules of the multivariant playlist: what it declares of variants, and whether their bytes agree."""

from __future__ import annotations

from tests.checker.fetch import Reader
from tests.checker.hls_load import Hls, Media
from tests.checker.rates import chunks_of, compare, measured_average, measured_peak, measured_rate
from tests.checker.tracks import Track

_NEEDED = ("BANDWIDTH", "AVERAGE-BANDWIDTH", "CODECS", "RESOLUTION", "FRAME-RATE", "CLOSED-CAPTIONS", "VIDEO-RANGE")
# A codec that every player knows comes first.
_ORDER = ("avc1", "hvc1", "vp09", "av01")
# Packager leaves it out, as Apple 9.16 allows where all is SDR.
_OURS_ONLY = ("VIDEO-RANGE",)


def check_master(reader: Reader, hls: Hls, uri: str) -> None:
    """The multivariant playlist alone, then what it says of each variant."""
    if hls.master.value("EXT-X-INDEPENDENT-SEGMENTS") is None:
        reader.add("hls.independent", uri, "missing")
    if not hls.master.variants:
        reader.add("hls.syntax", uri, "names no variant")
    _check_groups(reader, hls, uri)
    _check_default(reader, hls, uri)
    _check_iframe_variants(reader, hls, uri)
    for variant, variant_uri in hls.master.variants:
        _check_variant(reader, hls, variant, variant_uri)


def _check_groups(reader: Reader, hls: Hls, uri: str) -> None:
    groups = hls.master.all("EXT-X-MEDIA")
    for kind in ("AUDIO", "SUBTITLES"):
        named = {group.get("GROUP-ID") for group in groups if group.get("TYPE") == kind}
        used = {variant[kind] for variant, _ in hls.master.variants if kind in variant}
        if named != used:
            reader.add("hls.groups", uri, f"{kind} groups {named}, variants use {used}")
        for group_id in named:
            members = [group for group in groups if group.get("GROUP-ID") == group_id and group.get("TYPE") == kind]
            _check_members(reader, uri, f"{kind} {group_id}", members, needs_default=kind == "AUDIO" and reader.expect.profile == "yeoul")


def _check_members(reader: Reader, uri: str, group: str, members: list[dict[str, str]], *, needs_default: bool) -> None:
    if len({member.get("NAME") for member in members}) != len(members):
        reader.add("hls.groups", uri, f"two members of {group} have one NAME")
    defaults = sum(member.get("DEFAULT") == "YES" for member in members)
    if defaults > 1 or (needs_default and not defaults):
        reader.add("hls.groups", uri, f"{group} has {defaults} defaults")
    if reader.expect.profile == "yeoul" and any("LANGUAGE" not in member for member in members):
        reader.add("hls.attributes", uri, f"{group} has a member without LANGUAGE")


def _check_default(reader: Reader, hls: Hls, uri: str) -> None:
    codecs = [variant.get("CODECS", "").partition(".")[0] for variant, _ in hls.master.variants]
    if codecs != sorted(codecs, key=_ORDER.index) and reader.expect.profile == "yeoul":
        reader.add("hls.default", uri, f"variants of {codecs} come in another order")
    rates = [
        int(variant.get("AVERAGE-BANDWIDTH", 0))
        for (variant, _), codec in zip(hls.master.variants, codecs, strict=True)
        if codec == codecs[0]
    ]
    # Sound may tip the balance between two.
    if rates and reader.expect.profile == "yeoul" and abs(rates[0] - 2e6) > min(abs(rate - 2e6) for rate in rates) + 400_000:
        reader.add("hls.default", uri, f"the first variant has {rates[0]} bit/s of {rates}")


def _check_iframe_variants(reader: Reader, hls: Hls, uri: str) -> None:
    offered = [_shape(variant) for variant in hls.master.all("EXT-X-I-FRAME-STREAM-INF")]
    for variant, _ in hls.master.variants:
        if _shape(variant) not in offered:
            reader.add("hls.iframes", uri, f"no I-frame list of {_shape(variant)}")


def _shape(variant: dict[str, str]) -> tuple[str | None, str]:
    """Size, and the name of the picture's codec, which stands first."""
    return variant.get("RESOLUTION"), variant.get("CODECS", "").partition(".")[0]


def _check_variant(reader: Reader, hls: Hls, variant: dict[str, str], uri: str) -> None:
    needed = [name for name in _NEEDED if reader.expect.profile == "yeoul" or name not in _OURS_ONLY]
    missing = [name for name in needed if name not in variant]
    if missing:
        reader.add("hls.attributes", uri, f"lacks {', '.join(missing)}")
    media = hls.medias.get(uri)
    if media is None or media.track is None:
        return
    track = media.track
    audios = [m.track for m in (hls.medias.get(g.get("URI", "")) for g in _group(hls, variant)) if m is not None and m.track is not None]
    _check_codecs(reader, variant, uri, [track, *audios])
    _check_resolution(reader, variant, uri, track)
    if all(other.is_whole for other in (track, *audios)):
        _check_rate(reader, variant, uri, track)
        _check_bandwidth(reader, hls, variant, media, audios)


def _group(hls: Hls, variant: dict[str, str]) -> list[dict[str, str]]:
    return [g for g in hls.master.all("EXT-X-MEDIA") if g.get("TYPE") == "AUDIO" and g.get("GROUP-ID") == variant.get("AUDIO")]


def _check_codecs(reader: Reader, variant: dict[str, str], uri: str, tracks: list[Track]) -> None:
    declared = set(variant.get("CODECS", "").split(","))
    actual = {track.init.codec for track in tracks}
    if "CODECS" in variant and declared != actual:
        reader.add("stream.codecs", uri, f"CODECS {sorted(declared)}, bytes {sorted(actual)}")


def _check_resolution(reader: Reader, variant: dict[str, str], uri: str, track: Track) -> None:
    if track.init.sps is None or "RESOLUTION" not in variant:
        return
    actual = f"{round(track.init.sps.width * track.init.sps.sar)}x{track.init.sps.height}"
    if variant["RESOLUTION"] != actual:
        reader.add("stream.resolution", uri, f"RESOLUTION {variant['RESOLUTION']}, SPS {actual}")


def _check_rate(reader: Reader, variant: dict[str, str], uri: str, track: Track) -> None:
    rate = measured_rate(track)
    if "FRAME-RATE" in variant and abs(float(variant["FRAME-RATE"]) - rate) > 0.005 * rate:
        reader.add("stream.frame-rate", uri, f"FRAME-RATE {variant['FRAME-RATE']}, measured {rate:.3f}")


def _check_bandwidth(reader: Reader, hls: Hls, variant: dict[str, str], media: Media, audios: list[Track]) -> None:
    """While growing, BANDWIDTH is a bound for what will come: it may be larger than what is there."""
    target = int(media.playlist.value("EXT-X-TARGETDURATION") or 6)
    tracks: list[list[Track]] = [[media.track] if media.track else [], audios]
    peak = sum(max((measured_peak(chunks_of(track), target) for track in group), default=0) for group in tracks)
    average = sum(max((measured_average(chunks_of(track)) for track in group), default=0) for group in tracks)
    growing = not media.playlist.is_ended
    compare(reader, "hls.bandwidth", media.uri, variant.get("BANDWIDTH"), peak, at_least=growing)
    compare(reader, "hls.average-bandwidth", media.uri, variant.get("AVERAGE-BANDWIDTH"), average)
