"""Audio: decoding, resampling, loudness and encoding."""
