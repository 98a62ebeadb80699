"""Manifests made from folders: of published data sets by name, and of a device's tags with a table of ratings."""
