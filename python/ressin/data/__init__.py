"""From folders of recordings and music to one prepared, versioned, reusable store.

The flow, one type per arrow:

    folder or manifest -> `Catalog` -> `prepare` -> store on disk -> `Prepared` -> `Splits`

| module | holds |
|---|---|
| `ressin.data.sources.catalog` | `Catalog`, `Entry`, `Reject`: what was found, and what could not be used and why |
| `ressin.data.sources.pmemo` | the PMEmo loaders, both releases |
| `ressin.data.sources.manifest` | your own recordings, from a CSV or Parquet list |
| `ressin.data.studies.registry` | manifests of published data sets, from their folders |
| `ressin.data.studies.tags` | manifests of a device's tags and a table of ratings |
| `ressin.data.preparation.labels` | high and low per subject, by k-means |
| `ressin.data.preparation.music` | the 6373 ComParE functionals, extracted or read |
| `ressin.data.preparation.solving` | each file decomposed as a whole and cut, or each window by itself |
| `ressin.data.preparation.prepare` | all of this, written as Parquet; resumable; optionally on a cluster |
| `ressin.data.store.store` | `load`: the prepared folder as `Prepared` |
| `ressin.data.samples.splits` | ten folds: random, subject-disjoint, song-disjoint |
| `ressin.simulation.pmemo` | a PMEmo-2018 folder made up from a documented model |

The package needs the extra `data`; the music features also need `music`, a cluster needs `scale`.
"""

from ressin._extras import require

require("pyarrow", "data", "ressin.data")
