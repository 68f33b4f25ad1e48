"""Discovery of videos: search, suggestions and related videos."""
