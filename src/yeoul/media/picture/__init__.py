"""Still pictures: posters, avatars, thumbnails and storyboards."""
