"""The prepared folder, file by file and column by column; versioned.

| file | one row per | columns |
|---|---|---|
| ``recordings.parquet`` | recording | `RECORDING_FIELDS`, then ``<name>_label`` (int8, 0/1/null) for each label |
| ``ratings.parquet`` | pair | pair, subject, stimulus, arousal, valence, ``<name>_label`` |
| ``subjects.parquet`` | subject | n_ratings, two centres, two thresholds, rule; threshold and rule of other ratings |
| ``stimuli.parquet`` | stimulus | title, artist, duration, audio, feature_row, music (source of its features) |
| ``music.parquet`` | stimulus with features | stimulus, then one float32 column per named feature |
| ``rejects.parquet`` | remark on a file | file, kind, reason, action, recording_id |
| ``meta.json`` | - | schema version, ressin version, settings, counts, content key, digest of each file |

Plain Parquet of version 2.6 with Zstandard: pandas, polars, DuckDB and Arrow read it without ressin.
"""

from collections.abc import Sequence

import pyarrow as pa

from ressin.image import CHANNELS

MAX_FEATURES = 100_000

SCHEMA_VERSION = 2
META = "meta.json"
RECORDINGS, RATINGS, SUBJECTS = "recordings.parquet", "ratings.parquet", "subjects.parquet"
STIMULI, MUSIC, REJECTS = "stimuli.parquet", "music.parquet", "rejects.parquet"
TABLES = (RECORDINGS, RATINGS, SUBJECTS, STIMULI, MUSIC, REJECTS)

EVIDENCE_FIELDS = [
    pa.field("status", pa.string()),  # as in Decomposition.status
    pa.field("converged", pa.bool_()),
    pa.field("iterations", pa.int32()),
    pa.field("objective", pa.float64()),
    pa.field("relative_gap", pa.float64()),
    pa.field("residual_share", pa.float64()),
    pa.field("phasic_tonic_correlation", pa.float64()),
    pa.field("fast_decay_share", pa.float64()),
    pa.field("quality", pa.string()),  # the flags in plain words, "" when there is nothing to say
    pa.field("missing_share", pa.float32()),  # share of samples that were missing and solved through
]
IDENTITY_FIELDS = [
    pa.field("recording_id", pa.string()),
    pa.field("pair", pa.string()),
    pa.field("subject", pa.string()),
    pa.field("stimulus", pa.string()),
    pa.field("dimension", pa.string()),  # "arousal", "valence" or ""
    pa.field("file", pa.string()),  # the signal it is cut from: path, and "#column" where the entry names one
    pa.field("start", pa.float64()),  # seconds from the first sample of the file to the first of `n_samples`
    pa.field("end", pa.float64()),  # seconds from the first sample of the file to one interval after the last
    pa.field("sampling_rate", pa.float64()),  # Hz
    pa.field("n_samples", pa.int32()),
]
DRIVER = "driver"


def level_names(kind: str) -> tuple[str, ...]:
    """Names of the columns with ``"mean"``, ``"deviation"`` or ``"ecdf"`` of each channel."""
    return tuple(f"{name}_{kind}" for name in CHANNELS)


CHANNEL_FIELDS = [pa.field(name, pa.list_(pa.float32())) for name in (*CHANNELS, DRIVER)]  # input unit, per s: driver
LEVEL_FIELDS = [  # of the channels over the file; where windows are decomposed alone, over the file's windows
    pa.field(name, pa.float64()) for kind in ("mean", "deviation") for name in level_names(kind)
]
ECDF_FIELDS = [pa.field(name, pa.list_(pa.float32())) for name in level_names("ecdf")]  # only of scale="person"
PART_SCHEMA = pa.schema([*IDENTITY_FIELDS, *CHANNEL_FIELDS, *LEVEL_FIELDS, *EVIDENCE_FIELDS])
PEOPLE_SCHEMA = pa.schema([pa.field("subject", pa.string()), *CHANNEL_FIELDS[: len(CHANNELS)]])
LIST_COLUMNS = tuple(field.name for field in (*CHANNEL_FIELDS, *ECDF_FIELDS))
REJECT_SCHEMA = pa.schema(
    [pa.field(name, pa.string()) for name in ("file", "kind", "reason", "action", "recording_id")]
)
SUBJECT_SCHEMA = pa.schema(
    [
        pa.field("subject", pa.string()),
        pa.field("n_ratings", pa.int32()),
        *(
            pa.field(f"{point}_{dimension}", pa.float64())
            for point in ("centre1", "centre2", "threshold")
            for dimension in ("arousal", "valence")
        ),
        pa.field("rule", pa.string()),
    ]
)
STIMULUS_SCHEMA = pa.schema(
    [
        pa.field("stimulus", pa.string()),
        pa.field("title", pa.string()),
        pa.field("artist", pa.string()),
        pa.field("duration", pa.float64()),  # seconds, null where unknown
        pa.field("audio", pa.string()),  # path relative to the root of the data, or ""
        pa.field("feature_row", pa.string()),
        pa.field("music", pa.string()),  # "openSMILE ...", "read from ..." or ""
    ]
)


def label_fields(label_names: Sequence[str], rating_names: Sequence[str] = ()) -> list[pa.Field]:
    """Columns of the ratings and labels: arousal, valence, ``<name>_rating`` of others, ``<name>_label`` of all."""
    ratings = ("arousal", "valence", *(f"{name}_rating" for name in rating_names))
    return [
        *(pa.field(name, pa.float32()) for name in ratings),
        *(pa.field(f"{name}_label", pa.int8()) for name in label_names),
    ]


def recording_schema(label_names: Sequence[str], scale: str = "window", rating_names: Sequence[str] = ()) -> pa.Schema:
    """Give the schema of ``recordings.parquet`` for these labels, this scale and these ratings."""
    channels = [*CHANNEL_FIELDS, *(ECDF_FIELDS if scale == "person" else [])]
    labels = label_fields(label_names, rating_names)
    return pa.schema([*IDENTITY_FIELDS, *channels, *LEVEL_FIELDS, *labels, *EVIDENCE_FIELDS])


def rating_schema(label_names: Sequence[str], rating_names: Sequence[str] = ()) -> pa.Schema:
    """Give the schema of ``ratings.parquet`` for these labels and ratings."""
    identity = [pa.field(name, pa.string()) for name in ("pair", "subject", "stimulus")]
    return pa.schema([*identity, *label_fields(label_names, rating_names)])


def subject_schema(rating_names: Sequence[str] = ()) -> pa.Schema:
    """Give the schema of ``subjects.parquet``: arousal and valence, then threshold and rule of the other ratings."""
    kinds = {"threshold": pa.float64(), "rule": pa.string()}
    others = [pa.field(f"{kind}_{name}", of) for name in rating_names for kind, of in kinds.items()]
    return pa.schema([*SUBJECT_SCHEMA, *others])


def music_schema(feature_names: Sequence[str]) -> pa.Schema:
    """Give the schema of ``music.parquet`` for these features."""
    return pa.schema([pa.field("stimulus", pa.string()), *(pa.field(name, pa.float32()) for name in feature_names)])
