"""Errors, ids, clock and settings: the ground floor, which imports nothing of ours."""
