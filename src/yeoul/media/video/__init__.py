"""Video: ladder, filters, encoding and quality."""
