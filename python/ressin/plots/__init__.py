"""Pictures of decompositions, windows and sweeps, and how they are written to files; extra `plot`."""

from ressin.plots.backend import import_matplotlib

import_matplotlib()  # before any module of this folder imports it
