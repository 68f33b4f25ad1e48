"""Webhooks: sends signed events about videos to their owners' servers, at least once, and only to public addresses."""
