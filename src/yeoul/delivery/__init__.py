"""Delivery of videos to players: playlists, manifests, storyboards and stream tokens."""
