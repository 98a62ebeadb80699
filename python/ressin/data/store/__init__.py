"""The prepared folder on disk: its tables, their columns, and what reads them."""
