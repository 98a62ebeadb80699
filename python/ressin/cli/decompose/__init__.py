"""The commands `ressin decompose` and `ressin windows`."""
