"""Preprocessor, DAG scheduler, resource manager, ops and completion handler: from landed pieces to a ready video."""
