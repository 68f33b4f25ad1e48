"""The Python SDK: talk to a Yeoul server, upload by pieces, follow what happens."""
