"""Errors, ids, clock and settings: the lowest layer, which imports nothing else of Yeoul."""
