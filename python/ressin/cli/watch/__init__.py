"""The command `ressin watch`."""
