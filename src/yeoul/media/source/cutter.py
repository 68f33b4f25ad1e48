"""Dealing the packets of a file out to the pieces that are being written; neighbours overlap, so there can be several at once."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from av.packet import Packet
from av.stream import Stream

from yeoul.base.errors import UnreadableError
from yeoul.media.source.piece_file import PieceWriter, rebased
from yeoul.media.source.scan import PacketTable
from yeoul.model.piece import Piece


@dataclass(frozen=True)
class Dealt:
    """A stream that is cut: its packets as a scan found them, which of them go into each piece, and what each piece takes from times."""

    stream: Stream
    table: PacketTable
    spans: Sequence[range]
    bases: Sequence[int]


def deal(
    packets: Iterable[Packet[Any]], streams: Sequence[Dealt], pieces: Sequence[Piece], folder: Path, only: Collection[int] | None = None
) -> Generator[tuple[Piece, Path | None]]:
    """Write pieces into `folder` as 000000.nut (or .mov) and so on, in order; each is yielded when it is complete. None: it holds nothing.

    pieces: all of the plan; only: indexes of those to write. Closing the iterator removes what is half written. Raises StorageFullError,
    and UnreadableError where the packets end before the pieces do.
    """
    dealer = _Dealer(streams, [piece for piece in pieces if only is None or piece.index in only], folder)
    try:
        yield from dealer.finished()
        for packet in packets if dealer.waiting else ():
            dealer.take(packet)
            yield from dealer.finished()
            if not dealer.waiting:
                return
    finally:
        dealer.discard()
    if dealer.waiting:
        missing = [piece.index for piece in dealer.waiting]
        raise UnreadableError("the file ended before its planned pieces did; it has changed", missing=missing)


class _Dealer:
    def __init__(self, streams: Sequence[Dealt], waiting: list[Piece], folder: Path) -> None:
        self.waiting = waiting
        self._streams = {one.stream.index: one for one in streams}
        self._read = dict.fromkeys(self._streams, 0)
        self._folder = folder
        self._writers: dict[int, PieceWriter] = {}

    def take(self, packet: Packet[Any]) -> None:
        one, position = self._streams[packet.stream_index], self._read[packet.stream_index]
        self._read[packet.stream_index] += 1
        if position >= len(one.table):
            return
        for piece in self.waiting:
            span = one.spans[piece.index]
            if len(span) and span.start > position:
                return  # the starts of spans rise with the pieces
            if position in span:
                self._writer(piece).write(rebased(packet, one.table, position, one.bases[piece.index]), packet.stream_index)

    def _writer(self, piece: Piece) -> PieceWriter:
        if piece.index not in self._writers:
            streams = [one.stream for one in self._streams.values()]
            self._writers[piece.index] = PieceWriter(self._path(piece), streams, piece.container)
        return self._writers[piece.index]

    def _path(self, piece: Piece) -> Path:
        return self._folder / f"{piece.index:06d}.{'nut' if piece.container == 'nut' else 'mov'}"

    def finished(self) -> Iterator[tuple[Piece, Path | None]]:
        """The pieces, in order, all of whose packets have been dealt."""
        while self.waiting and self._is_complete(self.waiting[0]):
            piece = self.waiting.pop(0)
            writer = self._writers.pop(piece.index, None)
            if writer is not None:
                writer.close()
            yield piece, None if writer is None else self._path(piece)

    def _is_complete(self, piece: Piece) -> bool:
        return all(
            not len(one.spans[piece.index]) or self._read[index] >= one.spans[piece.index].stop for index, one in self._streams.items()
        )

    def discard(self) -> None:
        for piece in self.waiting:
            if piece.index in self._writers:
                self._writers.pop(piece.index).abandon()
                self._path(piece).unlink(missing_ok=True)
