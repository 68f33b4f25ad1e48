"""Webhooks: what happens to videos is told to their owners' servers, signed, at least once, and to public addresses alone."""
