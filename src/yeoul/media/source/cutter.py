"""Writes the packets of a file into piece files. Neighbouring pieces overlap, so that several can be open at once."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.stream import Stream

from yeoul.base.errors import UnreadableError
from yeoul.media.source.piece_file import PieceWriter, rebase_packet
from yeoul.media.source.scan import PacketTable
from yeoul.model.piece import Piece


@dataclass(frozen=True)
class StreamCut:
    """A stream to cut. table: its packets. spans: the range of packets of each piece. bases: the base of the times in each piece."""

    stream: Stream
    table: PacketTable
    spans: Sequence[range]
    bases: Sequence[int]


def write_pieces(
    packets: Iterable[Packet[Any]], streams: Sequence[StreamCut], pieces: Sequence[Piece], folder: Path, only: Collection[int] | None = None
) -> Generator[tuple[Piece, Path | None]]:
    """Writes pieces into `folder` as 000000.nut (or .mov) and so on; yields each piece, in order, with its file when it is complete.

    The file is None if the piece has no packets. pieces: all pieces of the plan. only: indexes of those to write; default: all. Closing
    the iterator removes unfinished files. Raises StorageFullError, and UnreadableError if the packets end too early.
    """
    writer = _PiecesWriter(streams, [piece for piece in pieces if only is None or piece.index in only], folder)
    try:
        yield from writer.close_complete()
        for packet in packets if writer.waiting else ():
            writer.write(packet)
            yield from writer.close_complete()
            if not writer.waiting:
                return
    finally:
        writer.discard()
    if writer.waiting:
        missing = [piece.index for piece in writer.waiting]
        raise UnreadableError("the file ends before its last piece: it was changed after it was scanned", missing=missing)


class _PiecesWriter:
    def __init__(self, streams: Sequence[StreamCut], waiting: list[Piece], folder: Path) -> None:
        self.waiting = waiting
        self._streams = {cut.stream.index: cut for cut in streams}
        self._positions = dict.fromkeys(self._streams, 0)
        self._folder = folder
        self._writers: dict[int, PieceWriter] = {}

    def write(self, packet: Packet[Any]) -> None:
        cut, position = self._streams[packet.stream_index], self._positions[packet.stream_index]
        self._positions[packet.stream_index] += 1
        if position >= len(cut.table):
            return
        for piece in self.waiting:
            span = cut.spans[piece.index]
            if len(span) and span.start > position:
                return  # later pieces start later
            if position in span:
                self._get_writer(piece).write(rebase_packet(packet, cut.table, position, cut.bases[piece.index]), packet.stream_index)

    def _get_writer(self, piece: Piece) -> PieceWriter:
        if piece.index not in self._writers:
            streams = [cut.stream for cut in self._streams.values()]
            self._writers[piece.index] = PieceWriter(self._path(piece), streams, piece.container)
        return self._writers[piece.index]

    def _path(self, piece: Piece) -> Path:
        return self._folder / f"{piece.index:06d}.{'nut' if piece.container == 'nut' else 'mov'}"

    def close_complete(self) -> Iterator[tuple[Piece, Path | None]]:
        """Closes and yields, in order, the pieces that have all their packets."""
        while self.waiting and self._is_complete(self.waiting[0]):
            piece = self.waiting.pop(0)
            writer = self._writers.pop(piece.index, None)
            if writer is not None:
                writer.close()
            yield piece, None if writer is None else self._path(piece)

    def _is_complete(self, piece: Piece) -> bool:
        return all(
            not len(cut.spans[piece.index]) or self._positions[index] >= cut.spans[piece.index].stop for index, cut in self._streams.items()
        )

    def discard(self) -> None:
        for piece in self.waiting:
            if piece.index in self._writers:
                self._writers.pop(piece.index).abandon()
                self._path(piece).unlink(missing_ok=True)
