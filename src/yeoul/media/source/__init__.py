"""The source file: probing, scanning, and splitting it into pieces."""
