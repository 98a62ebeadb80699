"""A person's own time constants from their recordings."""
