"""Media operations on plain files: probe, split, encode, audio, pictures and captions. Each module can be used alone."""
