"""Bytes by bucket and key: a folder, an S3-compatible service or memory behind one protocol, with signed URLs."""
