"""Uploads: sessions whose pieces go directly to the store through presigned URLs."""
