"""Endpoints for viewers: streams, feeds, search, channels, playlists, watch history and beacons."""
