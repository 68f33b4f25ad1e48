"""Frozen nouns and their legal transitions; pure, and readable as JSON on both sides of every wire."""
