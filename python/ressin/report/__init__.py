"""From a prepared folder to a report: the paper's tables and figures, computed again.

| module | holds |
|---|---|
| `ressin.report.plan` | what is computed: quick, default, full |
| `ressin.report.paper` | the paper's own figures |
| `ressin.report.grid` | one cell of the grid: computed once, kept under the key of its content |
| `ressin.report.estimate` | how long it will take |
| `ressin.report.tables`, `ressin.report.claims` | tables of cells, and claims computed from them |
| `ressin.report.predictions` | predictions sample by sample: ROC, calibration, confusion, people |
| `ressin.report.figures`, `ressin.report.prediction_figures` | the figures, as SVG |
| `ressin.report.attention` | what the network looks at |
| `ressin.report.prepared_figures` | Fig. 2 and 3, of the data |
| `ressin.report.pages` | ``report.html`` and ``report.md`` |
| `ressin.report.write` | all of these, written to files |
| `ressin.report.reproduce` | `reproduce`: all of it |

The package needs the extras `data`, `plot` and `train`.
"""
