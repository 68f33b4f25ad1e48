"""Files over HTTP: the web pages, and the presigned URLs of the embedded store."""
