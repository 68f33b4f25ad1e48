"""The source file: probing, and splitting into pieces."""
