"""Insights: collects beacons of players, counts views and playback quality, and shows them to owners."""
