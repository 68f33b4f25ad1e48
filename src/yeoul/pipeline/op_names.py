"""Names of the built-in ops, known without loading them: only workers load media libraries."""

OP_NAMES = frozenset({"split", "inspect", "encode", "audio", "poster", "tiles", "storyboard", "package"})
