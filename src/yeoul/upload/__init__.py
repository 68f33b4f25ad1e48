"""Uploads: sessions, pieces straight to the store by presigned URLs, and what has landed."""
