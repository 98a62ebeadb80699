"""Features of intervals of a recording.

| module | what |
|---|---|
| `ressin.intervals.definitions` | each feature: meaning, unit, source, least length |
| `ressin.intervals.features` | the intervals, and the table of their features |
| `ressin.intervals.levels` | statistics of the parts over many intervals at once |
| `ressin.intervals.spectrum` | sympathetic index, time-varying index, autocorrelation |
"""
