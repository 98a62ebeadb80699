"""Manifests: what is read, and what each error says about row and column."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.manifest import read_manifest
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError, RecordingError
from tests.data.folders import found, ids, wave


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A folder with recordings of several formats."""
    folder = tmp_path / "own"
    (folder / "sub").mkdir(parents=True)
    t, y = wave(40.0, 32.0)
    pd.DataFrame({"time": t, "EDA": y, "other": -y}).to_csv(folder / "a.csv", index=False)
    np.save(folder / "sub" / "b.npy", y)
    pd.DataFrame({"EDA": y}).to_parquet(folder / "c.parquet")
    pd.DataFrame({"EDA": y}).to_csv(folder / "d.csv.gz", index=False)
    return folder


def write(folder: Path, rows: list[str], name: str = "manifest.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(rows) + "\n")
    return path


def run(manifest: Path, target: Path, **options: object) -> Prepared:
    prepare(read_manifest(manifest, **options), target, settings=PrepareSettings(), n_threads=1)  # type: ignore[arg-type]
    return load(target)


def test_windows_formats_ratings_and_labels_of_any_name(own: Path, tmp_path: Path) -> None:
    manifest = write(
        own,
        [
            "recording,subject,stimulus,sampling_rate,column,start,end,arousal,valence,stress_label,busy",
            "a.csv,s1,film,,EDA,0,20,1,9,1,0",
            "a.csv,s1,rest,,EDA,20,40,2,3,0,1",
            "a.csv,s1,mirror,,other,,,,,,",
            "sub/b.npy,s2,film,32,,,,5,6,1,0",
            "./sub/../c.parquet,s2,rest,32,,,,1,,0,",
            "d.csv.gz,s2,talk,32,EDA,,,,,,1",
        ],
    )
    result = run(manifest, tmp_path / "out", labels=["busy"])
    rows = result.recordings.set_index("recording_id")
    assert list(rows.index) == ["a.csv#1", "a.csv#2", "a.csv#3", "sub/b.npy#4", "./sub/../c.parquet#5", "d.csv.gz#6"]
    assert result.label_names == ("arousal", "valence", "stress", "busy")
    assert rows["n_samples"].tolist() == [640, 640, 1280, 1280, 1280, 1280]
    assert rows["stress_label"].tolist()[:2] == [1, 0]
    assert rows["busy_label"].tolist()[:2] == [0, 1]
    assert pd.isna(rows["stress_label"].iloc[2])
    assert rows["arousal"].tolist()[:2] == [1.0, 2.0]
    np.testing.assert_allclose(result.channel("origin")[0], wave(40.0, 32.0)[1][:640], rtol=1e-6)
    np.testing.assert_allclose(result.channel("origin")[2], -result.channel("origin")[3], rtol=1e-6)
    assert [kind for kind, _, _ in found(result, "a.csv")] == ["labels"]


def test_ready_labels_win_over_k_means(own: Path, tmp_path: Path) -> None:
    rows = [f"a.csv,s1,m{number},{rating},{rating},{1 - (rating > 4)}" for number, rating in enumerate((1, 2, 8, 9))]
    result = run(write(own, ["recording,subject,stimulus,arousal,valence,arousal_label", *rows]), tmp_path / "out")
    assert result.recordings["arousal_label"].tolist() == [1, 1, 0, 0]
    assert result.recordings["valence_label"].tolist() == [0, 0, 1, 1]


def test_parquet_manifest_says_the_same(own: Path, tmp_path: Path) -> None:
    rows = ["recording,subject,stimulus,arousal,valence", "a.csv,1,film,0.5,0.25", "a.csv,1,rest,0.75,"]
    csv = read_manifest(write(own, rows))
    frame = pd.DataFrame(
        {
            "recording": ["a.csv", "a.csv"],
            "subject": [1, 1],
            "stimulus": ["film", "rest"],
            "arousal": [0.5, 0.75],
            "valence": [0.25, None],
        }
    )
    frame.to_parquet(own / "manifest.parquet")
    parquet = read_manifest(own / "manifest.parquet")
    assert parquet.entries == csv.entries
    pd.testing.assert_frame_equal(parquet.ratings, csv.ratings)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["recording,subject", "a.csv,s"], r"column 'stimulus' is missing; there are 'recording', 'subject'"),
        (["recording,subjct,stimulus", "a.csv,s,m"], r"column 'subject' is missing"),
        (["recording,subject,stimulus,ratee", "a.csv,s,m,1"], r"column 'ratee' is not known; a ready label is named"),
        (["recording,subject,stimulus,sampling_rat", "a.csv,s,m,1"], r"did you mean 'sampling_rate'\?"),
        (["recording,subject,stimulus,subject", "a.csv,s,m,1"], r"column 'subject' occurs 2 times"),
        (["recording,subject,stimulus", "a.csv,s"], r"line 2 has 2 field\(s\), the header has 3"),
        (["recording,subject,stimulus", "a.csv,,m"], r"row 1 \(line 2\), column 'subject': '' must not be empty"),
        (
            ["recording,subject,stimulus,sampling_rate", "a.csv,s,m,50", "", "a.csv,s,m,fast"],
            r"row 2 \(line 4\), column 'sampling_rate': 'fast' is not a number",
        ),
        (
            ["recording,subject,stimulus,sampling_rate", "a.csv,s,m,-50"],
            r"row 1 \(line 2\), column 'sampling_rate': -50 must be a rate in Hz above 0",
        ),
        (["recording,subject,stimulus,start", "a.csv,s,m,-1"], r"column 'start': -1 must be a time in seconds from 0"),
        (["recording,subject,stimulus,start,end", "a.csv,s,m,9,8"], r"column 'end': 8 must be after the start, 9"),
        (["recording,subject,stimulus,x_label", "a.csv,s,m,0.5"], r"column 'x_label': 0.5 is no class: a whole number"),
        (["recording,subject,stimulus,arousal", "a.csv,s,m,inf"], r"column 'arousal': inf must be finite"),
        (
            ["recording,subject,stimulus,recording_id", "a.csv,s,m,r", "a.csv,s,m,r"],
            r"row 1 \(line 2\), column 'recording_id': 'r' occurs more than once",
        ),
        (["recording,subject,stimulus", "../secret.csv,s,m"], r"row 1 \(line 2\), column 'recording': .*leads out of"),
        (["recording,subject,stimulus", "/etc/passwd,s,m"], r"column 'recording': path '/etc/passwd' leads out of"),
        (
            ["recording,subject,stimulus,audio", "a.csv,s,m,x.mp3", "a.csv,s,m,y.mp3"],
            r"row 2 \(line 3\), column 'audio': 'y.mp3', but stimulus 'm' has 'x.mp3' above",
        ),
        (["recording,subject,stimulus"], r"0 rows; a manifest has 1 to 1,000,000"),
        ([""], r"the manifest is empty"),
    ],
)
def test_each_error_names_row_and_column(own: Path, rows: list[str], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        read_manifest(write(own, rows))


def test_many_problems_come_together(own: Path) -> None:
    rows = [f"a.csv,s,m{number},{-number}" for number in range(1, 31)]
    with pytest.raises(InvalidInputError, match=r"30 problem\(s\)") as caught:
        read_manifest(write(own, ["recording,subject,stimulus,sampling_rate", *rows]))
    lines = str(caught.value).splitlines()
    assert len(lines) == 22
    assert lines[-1].strip() == "... and 10 more"


def test_a_link_out_of_the_folder_is_refused_unless_the_root_is_wider(own: Path, tmp_path: Path) -> None:
    (tmp_path / "far.csv").write_bytes((own / "a.csv").read_bytes())
    (own / "near.csv").symlink_to(tmp_path / "far.csv")
    manifest = write(own, ["recording,subject,stimulus", "near.csv,s,m"])
    with pytest.raises(InvalidInputError, match="leads out of"):
        read_manifest(manifest)
    wide = write(own, ["recording,subject,stimulus", "own/near.csv,s,m"], "wide.csv")
    assert read_manifest(wide, root=tmp_path).entries[0].path == "far.csv"


def test_recordings_that_cannot_be_used_are_rejects(own: Path, tmp_path: Path) -> None:
    (own / "short.csv").write_text("time,EDA\n0,1\n0.5,2\n1,1\n")
    (own / "text.csv").write_text("time,EDA\n0,1\n0.5,high\n1,1\n")
    manifest = write(
        own,
        [
            "recording,subject,stimulus,column,start,end",
            "a.csv,s,m1,EDA,,",
            "a.csv,s,m2,EDA,30,50",
            "a.csv,s,m3,nothing,,",
            "short.csv,s,m4,,,",
            "text.csv,s,m5,,,",
            "gone.csv,s,m6,,,",
        ],
    )
    result = run(manifest, tmp_path / "out")
    assert result.recordings["stimulus"].tolist() == ["m1"]
    refused = result.rejects[result.rejects["action"] == "rejected"].astype(str)
    said = dict(zip(refused["recording_id"], zip(refused["kind"], refused["reason"], strict=True), strict=True))
    assert said["a.csv#2"] == ("short", "the window ends at 50 s, the file at 40.00 s")
    assert said["a.csv#3"][0] == "malformed"
    assert "nothing" in said["a.csv#3"][1]
    assert said["short.csv#4"][0] == "short"
    assert "high" in said["text.csv#5"][1]
    assert said["gone.csv#6"] == ("missing", "gone.csv: there is no such file")


def test_nothing_usable_is_an_error_with_the_first_reason(own: Path, tmp_path: Path) -> None:
    manifest = write(own, ["recording,subject,stimulus", "gone.csv,s,m"])
    with pytest.raises(
        InvalidInputError, match=r"no usable recording among 1; the first reason: gone.csv: .*no such file"
    ):
        run(manifest, tmp_path / "out")
    with pytest.raises(RecordingError, match="was not finished"):
        load(tmp_path / "out")


def test_a_recording_that_unfolds_to_too_much_is_refused(
    own: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import ressin.data.preparation.reading as reading

    monkeypatch.setattr(reading, "MAX_RECORDING_BYTES", 5_000)
    manifest = write(own, ["recording,subject,stimulus,sampling_rate", "d.csv.gz,s,m,32", "a.csv,s,n,"])
    with pytest.raises(InvalidInputError, match=r"d.csv.gz: holds 0 MiB or more, at most 0 MiB is read"):
        run(manifest, tmp_path / "out")


def test_feature_rows_come_from_a_table(own: Path, tmp_path: Path) -> None:
    pd.DataFrame({"id": ["x", "rest"], "f1": [1.0, 2.0], "f2": [3, 4]}).to_csv(own / "features.csv", index=False)
    rows = ["recording,subject,stimulus,feature_row", "a.csv,s,film,x", "a.csv,s,rest,", "a.csv,s,talk,"]
    result = run(write(own, rows), tmp_path / "out", features="features.csv")
    assert result.music.index.tolist() == ["film", "rest"]
    assert result.music.columns.tolist() == ["f1", "f2"]
    assert result.music.to_numpy().tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert [kind for kind, _, _ in found(result, "features.csv")] == ["disagreement", "music"]
    assert ids(read_manifest(own / "manifest.csv")) == ["a.csv#1", "a.csv#2", "a.csv#3"]


def test_real_recordings_pass(recordings_folder: Path, tmp_path: Path) -> None:
    rows = ["recording,subject,stimulus,column,sampling_rate,start,end,arousal,valence"]
    for song in ("108", "372", "634", "683"):
        file = f"pmemo_web/{song}_eda_z.csv"
        header = (recordings_folder / file).read_text().split("\n", 1)[0].split(",")
        means = (recordings_folder / f"pmemo_web/{song}_labels.csv").read_text().splitlines()[-1].split(",")
        rows += [f"{file},{subject},{song},{subject},,,,{means[1]},{means[2]}" for subject in header[2:]]
    rows += [
        "neurokit/bio_resting_8min_100hz.csv,n,rest,EDA,100,0,120,,",
        "pypsy/eda.csv,p,rest,eda,50,,,,",
        "empatica_e4/EDA.csv,e,day,,,60,660,,",
        "empatica_e4_flat/EDA.csv,f,day,,,60,660,,",
    ]
    manifest = write(tmp_path, rows)
    result = run(manifest, tmp_path / "out", root=recordings_folder)
    assert len(result.recordings) == 20
    assert result.recordings["converged"].all()
    assert (result.recordings["relative_gap"] < 1e-8).all()
    rates = result.recordings.groupby("stimulus")["sampling_rate"].first()
    assert rates["108"] == pytest.approx(12.18, rel=0.01)
    assert all(np.isfinite(result.channel(name).values).all() for name in ("origin", "phasic", "tonic"))


@pytest.mark.parametrize(
    ("text", "rows", "words"),
    [
        ("x" * 1_000_000, 900_000, r"bomb.parquet: holds [\d,]+ MiB or more, at most 256 MiB is read"),
        ("x", 1_000_001, "bomb.parquet: 1,000,001 rows; a manifest has 1 to 1,000,000"),
    ],
    ids=["long texts", "many rows"],
)
def test_a_small_parquet_manifest_that_unfolds_to_too_much_is_refused(
    own: Path, text: str, rows: int, words: str
) -> None:
    column = pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))
    pq.write_table(pa.table(dict.fromkeys(("recording", "subject", "stimulus"), column)), own / "bomb.parquet")
    assert (own / "bomb.parquet").stat().st_size < 200_000
    with pytest.raises((InvalidInputError, RecordingError), match=words):
        read_manifest(own / "bomb.parquet")
