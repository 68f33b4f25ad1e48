"""The largest rungs: 2160 lines at 60 frames per second, from a second of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from yeoul.media.binaries import ffmpeg_path
from yeoul.media.limits import Limits
from yeoul.media.source.split import cut_pieces, plan_split
from yeoul.media.video.encode import encode_piece
from yeoul.media.video.ladder import make_ladder


def test_2160p60_keeps_its_size_rate_and_level(tmp_path: Path):
    clip = tmp_path / "uhd.mp4"
    picture = "testsrc2=s=960x540:r=60:d=0.4,scale=3840:2160:flags=neighbor"
    words = ["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-g", "60", "-pix_fmt", "yuv420p", str(clip)]
    subprocess.run([ffmpeg_path(), "-v", "error", "-nostdin", "-y", *words], check=True)
    plan = plan_split(clip, Limits())
    ladder = make_ladder(plan.source, 2160)
    assert [rung.name for rung in ladder] == ["2160p", "1440p", "1080p", "720p", "480p", "360p", "240p"]
    # 1.4 times what 30 frames per second may take.
    assert [rung.maxrate_bps // 1000 for rung in ladder[:3]] == [25200, 12600, 7000]
    assert make_ladder(plan.source)[0].name == "1080p"
    ((piece, file),) = cut_pieces(clip, plan, tmp_path)
    made = encode_piece(file, piece, plan.source, ladder[:2], tmp_path, Limits())
    # H.264 High, level 5.2 for 2160p60 and 5.1 for 1440p60 (ITU-T H.264 table A-1).
    assert [one.codecs for one in made] == ["avc1.640034", "avc1.640033"]
    assert [(one.samples, round(one.frame_rate, 3)) for one in made] == [(24, 60.0), (24, 60.0)]
