"""Media operations on files: probe, split, encode, audio, pictures and text; each usable alone."""
