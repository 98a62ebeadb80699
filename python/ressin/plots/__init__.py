"""Pictures of decompositions, windows and sweeps, and how they are written to files; extra `plot`."""
