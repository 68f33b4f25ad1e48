"""Frozen nouns and their legal transitions. Pure. Nouns are exchanged between modules and processes as JSON."""
