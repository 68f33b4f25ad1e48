"""Built-in ops, and the API for ops of users: `from yeoul.pipeline.ops import Context, Output, Piece, op`."""

from yeoul.blob.store import Bucket
from yeoul.model.piece import LandedPiece as Piece
from yeoul.model.rendition import Rung
from yeoul.model.sound import LandedSound
from yeoul.model.source import Source
from yeoul.pipeline.ops.context import Context
from yeoul.pipeline.task.data import Encoded, Gain, Ladder, Output, RungChoice, Sound, Window
from yeoul.pipeline.task.op import op

__all__ = [
    "Bucket",
    "Context",
    "Encoded",
    "Gain",
    "Ladder",
    "LandedSound",
    "Output",
    "Piece",
    "Rung",
    "RungChoice",
    "Sound",
    "Source",
    "Window",
    "op",
]
