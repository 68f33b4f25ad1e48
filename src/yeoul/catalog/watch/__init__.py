"""Playlists, playback sessions, watch history, and the sums of how videos were watched."""
