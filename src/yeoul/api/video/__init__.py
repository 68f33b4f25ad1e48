"""Endpoints of one video: upload, metadata, captions, audio tracks, poster, run and trash."""
