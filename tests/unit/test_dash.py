"""The MPD on constructed nouns, parsed as XML."""

from fractions import Fraction
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.presentations import audio_track, complete, growing, text_track, video_track
from yeoul.delivery.bandwidth import Chunk, sustained_bps
from yeoul.delivery.dash import make_mpd
from yeoul.delivery.presentation import Presentation

NS = "{urn:mpeg:dash:schema:mpd:2011}"


def parsed(p: Presentation) -> ET.Element:
    return ET.fromstring(make_mpd(p))


def test_each_sound_is_a_set_of_its_own_with_its_role_and_a_name():
    sounds = (
        audio_track(name="audio", language="en"),
        audio_track(name="audio-surround", language="en"),
        audio_track(name="audio-1", language="en", position=1, role="commentary"),
        audio_track(name="audio-2", language="de", position=2, role="description", label="Hörfassung"),
    )
    sets = [one for one in parsed(complete(video_track(), *sounds)).iter(f"{NS}AdaptationSet") if one.get("contentType") == "audio"]
    told = [
        (
            one.findtext(f"{NS}Label"),
            one.get("lang"),
            [role.get("value") for role in one.findall(f"{NS}Role")],
            [purpose.get("value") for purpose in one.findall(f"{NS}Accessibility")],
            [found.get("value") for found in one.iter(f"{NS}AudioChannelConfiguration")],
        )
        for one in sets
    ]
    assert told == [
        ("en", "en", ["main"], [], ["2"]),
        ("en", "en", ["main"], [], ["6"]),
        ("en (commentary)", "en", ["commentary"], [], ["2"]),
        ("Hörfassung", "de", ["description"], ["1"], ["2"]),
    ]


def test_an_mpd_reads_as_written_here():
    p = complete(video_track(480), audio_track(), texts=(text_track(),))
    assert make_mpd(p) == (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"'
        ' type="static" mediaPresentationDuration="PT15S" minBufferTime="PT6.016S">\n'
        '  <Period id="0" start="PT0S">\n'
        '    <AdaptationSet id="0" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1"'
        ' subsegmentAlignment="true" subsegmentStartsWithSAP="1" par="71:40" maxWidth="852" maxHeight="480" maxFrameRate="30">\n'
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main" />\n'
        '      <Representation id="480p" bandwidth="598405" codecs="avc1.64001f" width="852" height="480" sar="1:1" frameRate="30">\n'
        '        <SegmentTemplate timescale="15360" presentationTimeOffset="0" initialization="480p/init.mp4"'
        ' media="480p/$Number$.m4s" startNumber="0">\n'
        "          <SegmentTimeline>\n"
        '            <S d="92160" t="0" r="1" />\n'
        '            <S d="46080" />\n'
        "          </SegmentTimeline>\n"
        "        </SegmentTemplate>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n"
        '    <AdaptationSet id="1" contentType="audio" mimeType="audio/mp4" segmentAlignment="true" startWithSAP="1"'
        ' subsegmentAlignment="true" subsegmentStartsWithSAP="1">\n'
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main" />\n'
        '      <Representation id="audio" bandwidth="127500" codecs="mp4a.40.2" audioSamplingRate="48000">\n'
        '        <AudioChannelConfiguration schemeIdUri="urn:mpeg:mpegB:cicp:ChannelConfiguration" value="2" />\n'
        '        <SegmentTemplate timescale="48000" presentationTimeOffset="0" initialization="audio/init.mp4"'
        ' media="audio/$Number$.m4s" startNumber="0">\n'
        "          <SegmentTimeline>\n"
        '            <S d="288768" t="0" />\n'
        '            <S d="287744" />\n'
        '            <S d="144384" />\n'
        "          </SegmentTimeline>\n"
        "        </SegmentTemplate>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n"
        '    <AdaptationSet id="2" contentType="text" mimeType="text/vtt" lang="en">\n'
        '      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="subtitle" />\n'
        '      <Representation id="text-0" bandwidth="480">\n'
        "        <BaseURL>text-0/captions.vtt</BaseURL>\n"
        "      </Representation>\n"
        "    </AdaptationSet>\n"
        "  </Period>\n"
        "</MPD>\n"
    )


def test_a_growing_presentation_has_no_mpd():
    with pytest.raises(ValueError, match="growing"):
        make_mpd(growing(video_track()))


@pytest.mark.parametrize(
    ("samples", "ticks", "timescale", "expected"),
    [(144, 144_144, 24_000, "24000/1001"), (180, 6006, 1000, "30000/1001"), (75, 92_160, 15_360, "25/2"), (240, 4004, 1000, "60000/1001")],
)
def test_frame_rates_are_measured_and_written_as_rationals(samples: int, ticks: int, timescale: int, expected: str):
    track = video_track(durations_ticks=[ticks], sizes=[1000])
    segment = track.segments[0].model_copy(update={"samples": samples})
    rendition = track.rendition.model_copy(update={"timescale": timescale})
    track = track.model_copy(update={"rendition": rendition, "segments": (segment,)})
    [representation] = parsed(complete(track)).iter(f"{NS}Representation")
    assert representation.get("frameRate") == expected


def test_each_codec_has_a_set_of_its_own():
    """Players switch within a set, and choose one set by what they can decode."""
    hevc = video_track(480)
    hevc = hevc.model_copy(update={"rendition": hevc.rendition.model_copy(update={"name": "480p-hevc", "codecs": "hvc1.1.6.L90.90"})})
    sets = [
        [representation.get("id") for representation in found.iter(f"{NS}Representation")]
        for found in parsed(complete(hevc, video_track(480), video_track(240), audio_track())).iter(f"{NS}AdaptationSet")
    ]
    assert sets == [["480p", "240p"], ["480p-hevc"], ["audio"]]


def test_a_video_without_sound_has_no_audio_set():
    assert [s.get("contentType") for s in parsed(complete(video_track())).iter(f"{NS}AdaptationSet")] == ["video"]


def test_sound_that_outlasts_the_picture_is_played_to_its_end():
    p = complete(video_track(), audio_track(frames=(282, 281, 281)))
    assert parsed(p).get("mediaPresentationDuration") == "PT17.984S"


def test_hostile_names_stay_text():
    text = text_track(name="<&\"'>", language="<script>")
    [set_] = [s for s in parsed(complete(video_track(), texts=(text,))).iter(f"{NS}AdaptationSet") if s.get("contentType") == "text"]
    assert set_.get("lang") is None
    assert set_.findtext(f"{NS}Representation/{NS}BaseURL") == "%3C%26%22%27%3E/captions.vtt"


@given(st.lists(st.integers(1, 9 * 15360), min_size=1, max_size=40))
def test_the_timeline_unrolls_to_the_segments(durations: list[int]):
    track = video_track(durations_ticks=durations, sizes=[1000] * len(durations))
    [timeline] = parsed(complete(track)).iter(f"{NS}SegmentTimeline")
    unrolled = [int(entry.attrib["d"]) for entry in timeline for _ in range(int(entry.get("r", "0")) + 1)]
    assert unrolled == durations
    assert timeline[0].get("t") == "0"


@given(st.lists(st.tuples(st.integers(1, 10**7), st.integers(1, 90)), min_size=1, max_size=25), st.integers(10, 100))
def test_bandwidth_is_the_least_rate_that_never_stalls(chunks: list[tuple[int, int]], buffer_ds: int):
    """Every start, every later segment: the definition taken literally, in exact fractions of a second."""
    starts = [sum(ds for _, ds in chunks[:i]) for i in range(len(chunks))]
    needed = max(
        8 * sum(size for size, _ in chunks[i : j + 1]) / (Fraction(buffer_ds + starts[j] - starts[i], 10))
        for i in range(len(chunks))
        for j in range(i, len(chunks))
    )
    found = sustained_bps([Chunk(size, ds / 10) for size, ds in chunks], buffer_ds / 10)
    assert found == pytest.approx(float(needed), rel=1e-5, abs=1.0)
