"""How a video reaches its viewers: playlists, storyboards, signed prefixes and the bytes behind them."""
