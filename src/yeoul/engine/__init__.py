"""Task workers: they run one attempt at a time per slot, report what happened, and own no truth."""
