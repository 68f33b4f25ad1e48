"""Task workers: run attempts and report how they ended. They keep no durable state."""
