"""The pipeline: preprocessor, DAG scheduler, resource manager, ops and completion handler turn landed pieces into a ready video."""
