"""One module for each layout of files: how it is recognised, and how it becomes a table."""
