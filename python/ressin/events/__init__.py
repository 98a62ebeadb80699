"""Event-related skin conductance: what happened at the events of an experiment.

| module | what |
|---|---|
| `ressin.events.events` | events from markers, tables and arrays |
| `ressin.events.trials` | a row of measures a trial |
| `ressin.events.study` | the trials of many people on one scale |
| `ressin.events.glm` | a general linear model of the responses to each condition |
| `ressin.events.averages` | mean curves per condition, with bootstrap intervals |
"""
