"""Still pictures: posters, avatars and storyboards."""
