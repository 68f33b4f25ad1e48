"""Playlists, playback sessions, watch history, and playback statistics."""
