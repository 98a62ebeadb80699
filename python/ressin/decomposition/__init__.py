"""From a signal to its decomposition.

| module | holds |
|---|---|
| `ressin.decomposition.decompose`, `ressin.decomposition.decompose_batch` | one signal; many |
| `ressin.decomposition.inputs` | signals checked and converted to arrays |
| `ressin.decomposition.solve` | checked signals through the compiled core |
| `ressin.decomposition.result` | `Decomposition`, `Bands` |
| `ressin.decomposition.quality`, `ressin.decomposition.scrs` | how well the model suits the signal; SCRs |
| `ressin.decomposition.decompose_windows`, `ressin.decomposition.sweep` | many programmes of one recording |
| `ressin.decomposition.windows` | `Windows`, their result |
| `ressin.decomposition.bands`, `ressin.decomposition.bootstrap_pilot` | bands by a bootstrap, and its pilot |
| `ressin.decomposition.qp` | the programme as sparse matrices |
"""
