"""The Python SDK: connects to a Yeoul server, uploads files in pieces, and follows the progress of videos."""
