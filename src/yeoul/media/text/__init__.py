"""Captions and chapters."""
