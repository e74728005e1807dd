"""The index on disk: what is in it, how it is published, how it is checked and read."""
