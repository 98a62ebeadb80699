"""The command `ressin demo`."""
