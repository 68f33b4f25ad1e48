"""Files over HTTP: the web pages, and the receiving end of presigned URLs."""
