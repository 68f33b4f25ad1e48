"""The HTTP API. It is stateless: any API server can answer any request."""
