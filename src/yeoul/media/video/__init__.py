"""Video: the ladder, filters, encoding and quality."""
