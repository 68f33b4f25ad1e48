"""Audio: decoding, resampling, loudness, encoding, and additional audio tracks."""
