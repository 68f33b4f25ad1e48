"""Captions: extracting them from a source, and reading uploaded caption files."""
