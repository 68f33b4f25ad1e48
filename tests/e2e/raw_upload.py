"""The upload protocol step by step, for tests that say what no honest client would."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from bench.server import Server
from yeoul.media.limits import Limits
from yeoul.media.source.split import cut_pieces, plan_split

API = "/api/v1"


class Cut:
    """A clip cut as an honest client cuts it: the description of its source, its pieces' manifests, and their bytes."""

    def __init__(self, path: Path, folder: Path) -> None:
        plan = plan_split(path, Limits())
        self.source: dict[str, Any] = plan.source.model_dump(mode="json")
        self.pieces: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        for piece, file in cut_pieces(path, plan, folder):
            self.pieces.append(piece.model_dump(mode="json"))
            self.bodies.append(file.read_bytes())

    def declared(self, index: int, body: bytes | None = None, /, **lies: Any) -> dict[str, Any]:
        """What is declared of a piece; `lies` replace fields of its manifest."""
        sent = self.bodies[index] if body is None else body
        return {
            "index": index,
            "size_bytes": len(sent),
            "sha256": hashlib.sha256(sent).hexdigest(),
            "piece": {**self.pieces[index], **lies},
        }


class RawUpload:
    """One upload session, opened by hand."""

    def __init__(self, server: Server, video_id: str, upload_id: str) -> None:
        self.server = server
        self.video_id = video_id
        self.id = upload_id

    @classmethod
    def open(cls, server: Server, cut: Cut, **lies: Any) -> RawUpload:
        """A new video with an open upload of pieces; `lies` replace fields of the request."""
        status, answer, video_id = cls.try_open(server, cut, **lies)
        assert status == 201, (status, answer)
        return cls(server, video_id, answer["id"])

    @classmethod
    def try_open(cls, server: Server, cut: Cut, **lies: Any) -> tuple[int, Any, str]:
        """(status, answer, id of the video) of a request to open an upload."""
        status, video = server.request("POST", f"{API}/videos", {"title": "by hand"})
        assert status == 201, (status, video)
        size_bytes = sum(map(len, cut.bodies))
        body = {"mode": "pieces", "file_name": "a.mp4", "size_bytes": size_bytes, "fingerprint": "ab" * 32, "source": cut.source, **lies}
        return *server.request("POST", f"{API}/videos/{video['id']}/upload", body), video["id"]

    def post(self, what: str, body: Any, **options: Any) -> tuple[int, Any]:
        return self.server.request("POST", f"{API}/uploads/{self.id}/{what}", body, **options)

    def sign(self, declared: dict[str, Any]) -> dict[str, Any]:
        """A presigned URL with its headers."""
        status, answer = self.post("urls", {"pieces": [declared]})
        assert status == 200, (status, answer)
        return answer["urls"][0]

    def put(self, url: dict[str, Any], body: bytes) -> tuple[int, Any]:
        return self.server.request("PUT", url["url"], body, token=None, headers=url["headers"])

    def send(self, cut: Cut, index: int, body: bytes | None = None, /, **lies: Any) -> None:
        """Declare, send and report one piece."""
        sent = cut.bodies[index] if body is None else body
        status, answer = self.put(self.sign(cut.declared(index, sent, **lies)), sent)
        assert status == 200, (status, answer)
        status, answer = self.post("landed", {"indexes": [index]})
        assert status == 204, (status, answer)

    def complete(self, pieces: int) -> tuple[int, Any]:
        return self.post("complete", {"pieces": pieces})
