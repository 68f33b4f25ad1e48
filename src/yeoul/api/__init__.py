"""The HTTP face: stateless, so that any server can answer any request."""
