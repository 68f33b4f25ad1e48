"""Videos, uploads, renditions, captions, audio tracks, the trash and the search index."""
