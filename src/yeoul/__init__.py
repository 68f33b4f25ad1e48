"""Yeoul is a video platform: playable while it uploads, adaptive, cheap to serve, and safe against failures."""

__version__ = "0.1.0"
