"""How videos are watched: what players tell, what is counted of it, and what owners are shown."""
