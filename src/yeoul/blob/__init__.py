"""The blob store: bytes by bucket and key in a folder, an S3-compatible service or memory, behind one protocol with presigned URLs."""
