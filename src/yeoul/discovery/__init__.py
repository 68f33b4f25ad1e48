"""Finding videos: search, suggestions, and what is like another."""
