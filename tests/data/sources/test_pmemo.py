"""The PMEmo loaders: whole folders, and every kind of damage by name."""

import re
from pathlib import Path

import numpy as np
import pytest

from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.pmemo import compare_counts, detect_release, read_pmemo
from ressin.data.store.store import Prepared, load
from ressin.errors import InvalidInputError
from tests.data.folders import copy, found, ids, wave, write_wave


def run(folder: Path, target: Path, **settings: object) -> Prepared:
    prepare(read_pmemo(folder), target, settings=PrepareSettings(**settings), n_threads=1)  # type: ignore[arg-type]
    return load(target)


def a_file(folder: Path, dimension: str = "Arousal") -> str:
    return f"EDA/{dimension}/" + sorted(path.name for path in (folder / "EDA" / dimension).iterdir())[0]


def test_whole_folder_has_every_recording_and_no_reject_but_the_clips(simulated: Path) -> None:
    catalog = read_pmemo(simulated)
    assert catalog.kind == "pmemo-2018"
    assert catalog.counts == {
        "songs": 6,
        "labelled songs": 6,
        "subjects": 6,
        "recordings": 30,
        "EDA files": 60,
    }
    assert len(set(ids(catalog))) == 60
    assert {reject.file for reject in catalog.rejects} == {f"Chorus/{song}.mp3" for song in range(1, 7)}
    assert sorted(catalog.ratings.columns) == ["arousal", "pair", "stimulus", "subject", "valence"]
    assert catalog.ratings[["arousal", "valence"]].notna().all(axis=None)


def test_counts_are_laid_beside_the_published_ones() -> None:
    text = compare_counts({"songs": 794, "labelled songs": 700, "subjects": 457, "recordings": 8000})
    assert re.search(r"^songs\s+794\s+794$", text, re.MULTILINE)
    assert re.search(r"^labelled songs\s+700\s+767\s+\(-67\)$", text, re.MULTILINE)
    assert re.search(r"^recordings\s+8,000\s+7,962\s+\(\+38\)$", text, re.MULTILINE)


def test_a_folder_that_is_no_pmemo_folder_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"neither Annotations/ and EDA/Arousal.*nor annotations/"):
        detect_release(tmp_path)
    with pytest.raises(InvalidInputError, match="not a folder"):
        detect_release(tmp_path / "nothing")


def test_missing_annotation_is_listed_and_its_recordings_stay_unlabelled(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    (folder / "Annotations/Arousal/1-A.csv").unlink()
    result = run(folder, tmp_path / "out")
    assert found(result, "Annotations/Arousal/1-A.csv") == [("missing", "rejected", "no arousal annotation of song 1")]
    song = result.recordings[result.recordings["stimulus"] == "1"]
    assert len(song)
    assert song["arousal_label"].isna().all()
    assert song["valence"].notna().all()
    rest = result.recordings[result.recordings["stimulus"] != "1"]
    assert rest["arousal"].notna().all()


@pytest.mark.parametrize(
    ("content", "kind", "words"),
    [
        (b"", "malformed", "is empty"),
        (b"time(s),EDA(microsiemens)\n", "malformed", "no rows"),
        (b"time(s),EDA(microsiemens)\n0,1\n0.02,x\n0.04,1\n", "malformed", "line 3, field 2: 'x' is not a number"),
        (b"time(s),EDA(microsiemens)\n0,1\n0.02,1\n0.04", "truncated", "line 4 has 1 field"),
        (b"time(s),EDA(microsiemens)\n0,1\n0.02,1\n0.01,1\n", "malformed", "time does not advance from 0.02 s"),
        (b"time(s),EDA(microsiemens)\n0,1\n0.02,inf\n0.04,1\n", "malformed", "infinite value in data row 2"),
        (b"time(s),EDA(microsiemens)\n0,1\n0.02,1\n0.04,1\n0.049,1\n0.06,1\n", "malformed", "uneven time"),
        (b"time(s)\n0\n0.02\n", "malformed", "needs time and a signal"),
        (b"time(s),EDA(microsiemens),more\n0,1,1\n0.02,1,1\n", "malformed", "3 columns, needs 2"),
        (b"\x00\xff\xfe binary \x00\n\x01\x02", "malformed", ""),
    ],
)
def test_malformed_recording_is_listed_with_the_place(
    simulated: Path, tmp_path: Path, content: bytes, kind: str, words: str
) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    (folder / file).write_bytes(content)
    result = run(folder, tmp_path / "out")
    ((said, action, reason),) = found(result, file)
    assert (said, action) == (kind, "rejected")
    assert words in reason
    assert len(result.recordings) == 59


def test_file_cut_in_the_middle_of_a_line_is_truncated(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    first, second = (f"EDA/Arousal/{path.name}" for path in sorted((folder / "EDA/Arousal").iterdir())[:2])
    whole = (folder / first).read_bytes()
    (folder / first).write_bytes(whole[: whole.rindex(b",") - 1])  # the last line has lost its value
    lines = (folder / second).read_bytes().splitlines(keepends=True)
    (folder / second).write_bytes(b"".join(lines[:800]))  # 16 s of a clip of 18 s or more
    result = run(folder, tmp_path / "out")
    assert [(kind, action) for kind, action, _ in found(result, first)] == [("truncated", "rejected")]
    ((kind, action, reason),) = found(result, second)
    assert (kind, action) == ("truncated", "rejected")
    assert "covers 15.98 s, the clip lasts" in reason
    kept = run(folder, tmp_path / "kept", min_cover=0.0, window=WindowRule(min_seconds_left=0.5))
    assert [(kind, action) for kind, action, _ in found(kept, second)] == [("disagreement", "kept")]


def test_last_line_without_an_end_is_left_out_and_said(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    (folder / file).write_bytes((folder / file).read_bytes()[:-3])  # 4.1234 has become 4.12
    result = run(folder, tmp_path / "out")
    reason = "the last line has no end; its row, which may be cut off, was left out"
    assert found(result, file) == [("truncated", "kept", reason)]
    place = list(result.recordings["recording_id"]).index(Path(file).stem)
    np.testing.assert_array_equal(result.channel("origin")[place], prepared.channel("origin")[place][:-1])


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-16", "utf-16"), ("gb18030", "gb18030"), ("utf-8-sig", "utf-8-sig")]
)
def test_header_in_another_encoding_is_read_and_said(
    simulated: Path, tmp_path: Path, prepared: Prepared, encoding: str, named: str
) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    text = (folder / file).read_text().replace("time(s),EDA(microsiemens)", "时间(s),皮肤电(微西门子)")
    (folder / file).write_bytes(text.encode(encoding))
    result = run(folder, tmp_path / "out")
    ((kind, action, reason),) = found(result, file)
    assert (kind, action) == ("encoding", "kept")
    assert named in reason
    assert len(result.recordings) == 60
    place = list(result.recordings["recording_id"]).index(Path(file).stem)
    np.testing.assert_array_equal(result.channel("phasic")[place], prepared.channel("phasic")[place])


def test_subject_with_one_rating_has_no_labels_or_pooled_ones(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    subject = "100001"
    songs = sorted({path.name.split("_")[0] for path in (folder / "EDA/Arousal").glob(f"*_{subject}_A.csv")})
    for song in songs[1:]:
        for dimension, letter in (("Arousal", "A"), ("Valence", "V")):
            annotation = folder / f"Annotations/{dimension}/{song}-{letter}.csv"
            lines = [line for line in annotation.read_text().splitlines() if not line.startswith(subject)]
            annotation.write_text("\n".join(lines) + "\n")
    result = run(folder, tmp_path / "out")
    row = result.subjects.set_index("subject").loc[subject]
    assert row["n_ratings"] == 1
    assert row["rule"] == "too few ratings (1 of 4 needed)"
    own = result.recordings[result.recordings["subject"] == subject]
    assert len(own) == 2 * len(songs)
    assert own["arousal_label"].isna().all()
    assert [action for _, action, _ in found(result, f"subject {subject}")] == ["kept"]
    others = result.recordings[result.recordings["subject"] != subject]
    assert others["arousal_label"].notna().mean() > 0.9


def test_gaps_are_solved_through_up_to_a_share(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    some, many = (f"EDA/Valence/{path.name}" for path in sorted((folder / "EDA/Valence").iterdir())[:2])
    for file, start, stop in ((some, 780, 800), (many, 760, 860)):
        lines = (folder / file).read_text().splitlines()
        gone = [line.split(",")[0] + ",nan" if start <= place < stop else line for place, line in enumerate(lines)]
        (folder / file).write_text("\n".join(gone) + "\n")
    result = run(folder, tmp_path / "out")
    ((kind, action, reason),) = found(result, some)
    assert (kind, action) == ("gaps", "kept")
    assert reason.startswith("20 missing sample(s)")
    ((kind, action, reason),) = found(result, many)
    assert (kind, action) == ("gaps", "rejected")
    assert "at most 20.0% may be" in reason
    place = list(result.recordings["recording_id"]).index(Path(some).stem)
    assert result.recordings["missing_share"][place] > 0
    assert all(np.isfinite(result.channel(name)[place]).all() for name in ("origin", "phasic", "tonic"))


def test_rows_missing_from_the_time_grid_are_gaps(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    lines = (folder / file).read_text().splitlines(keepends=True)
    (folder / file).write_text("".join(lines[:800] + lines[810:]))
    result = run(folder, tmp_path / "out")
    said = found(result, file)
    assert [(kind, action) for kind, action, _ in said] == [("gaps", "kept"), ("gaps", "kept")]
    assert said[0][2] == "10 row(s) are missing from the time grid"
    assert said[1][2].startswith("10 missing sample(s)")


def test_a_200_hz_file_keeps_its_rate(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    rows = (folder / file).read_text().splitlines()
    seconds = (len(rows) - 1) / 50.0
    write_wave(folder / file, seconds, 200.0)
    result = run(folder, tmp_path / "out")
    ((kind, action, reason),) = found(result, file)
    assert (kind, action) == ("rate", "kept")
    assert "200 Hz" in reason
    row = result.recordings[result.recordings["recording_id"] == Path(file).stem].iloc[0]
    assert row["sampling_rate"] == 200.0
    assert row["n_samples"] == round((seconds - 15.0) * 200.0)


def test_short_recordings_are_refused_with_both_numbers(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    short, nearly = (f"EDA/Arousal/{path.name}" for path in sorted((folder / "EDA/Arousal").iterdir())[:2])
    write_wave(folder / short, 15.4)
    write_wave(folder / nearly, 16.5)
    result = run(folder, tmp_path / "out", min_cover=0.0)
    assert ("short", "rejected", "15.40 s long, at least 15.5 s are needed") in found(result, short)
    assert any("1.50 s are left after the first 15 s, at least 2 s" in reason for _, _, reason in found(result, nearly))
    assert len(result.recordings) == 58


def test_constant_signal_is_kept_and_said(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    times = [line.split(",")[0] for line in (folder / file).read_text().splitlines()[1:]]
    (folder / file).write_text("time(s),EDA(microsiemens)\n" + "".join(f"{time},3.5\n" for time in times))
    result = run(folder, tmp_path / "out")
    assert [(kind, action) for kind, action, _ in found(result, file)] == [("constant", "kept")]
    place = list(result.recordings["recording_id"]).index(Path(file).stem)
    np.testing.assert_allclose(result.channel("tonic")[place], 3.5, rtol=1e-6)
    assert not result.channel("phasic")[place].any()


def test_disagreements_are_listed(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    gone = a_file(folder)
    (folder / gone).unlink()
    (folder / "EDA/Valence/1_999999_V.csv").write_bytes((folder / a_file(folder, "Valence")).read_bytes())
    (folder / "EDA/Valence/readme.txt").write_text("hello")
    lines = (folder / "A_static.csv").read_text().splitlines()
    song, _, deviation = lines[1].split(",")
    (folder / "A_static.csv").write_text("\n".join([lines[0], f"{song},0.01,{deviation}", *lines[2:]]) + "\n")
    annotation = folder / "Annotations/Valence/2-V.csv"
    rows = annotation.read_text().splitlines()
    rows[1:2] = [rows[1], rows[1], "100777,1.5", "100778,high", "100779"]
    annotation.write_text("\n".join(rows) + "\n")
    rejects = read_pmemo(folder).rejects
    assert [kind for kind, _, _ in found(rejects, gone)] == ["missing"]
    assert [kind for kind, _, _ in found(rejects, "EDA/Valence/1_999999_V.csv")] == ["labels"]
    assert [kind for kind, _, _ in found(rejects, "EDA/Valence/readme.txt")] == ["malformed"]
    ((kind, _, reason),) = found(rejects, "A_static.csv")
    assert kind == "disagreement"
    assert re.search(r"mean arousal of song 1 is 0.0100, its \d ratings give 0\.\d{4}", reason)
    said = [(kind, reason) for kind, _, reason in found(rejects, "Annotations/Valence/2-V.csv")]
    assert [kind for kind, _ in said] == ["duplicate", "range", "malformed", "malformed"]
    assert said[1][1] == "line 4: the rating of subject 100777 is 1.5, outside 0..1"


def test_missing_tables_do_not_stop_the_rest(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    for name in ("metadata.csv", "chorus.csv", "A_static.csv"):
        (folder / name).unlink()
    (folder / "V_static.csv").write_bytes(b"")
    result = run(folder, tmp_path / "out")
    assert len(result.recordings) == 60
    assert {name for name in ("metadata.csv", "chorus.csv", "A_static.csv") if found(result, name)[0][0] == "missing"}
    assert found(result, "V_static.csv")[0][0] == "malformed"


def test_a_link_out_of_the_folder_is_not_followed(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    secret = tmp_path / "secret.csv"
    secret.write_bytes((folder / file).read_bytes())
    (folder / file).unlink()
    (folder / file).symlink_to(secret)
    result = run(folder, tmp_path / "out")
    ((kind, action, reason),) = found(result, file)
    assert (kind, action) == ("outside", "rejected")
    assert "leads out of" in reason
    assert len(result.recordings) == 59


def test_a_circle_of_links_and_a_table_elsewhere_are_listed(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    file = a_file(folder)
    (folder / file).unlink()
    (folder / file).symlink_to(folder / file)
    (folder / "metadata.csv").rename(tmp_path / "elsewhere.csv")
    (folder / "metadata.csv").symlink_to(tmp_path / "elsewhere.csv")
    result = run(folder, tmp_path / "out")
    ((kind, action, reason),) = found(result, file)
    assert (kind, action) == ("outside", "rejected")
    assert "cannot be followed" in reason
    assert "leads out of" in found(result, "metadata.csv")[0][2]
    assert len(result.recordings) == 59


def write_2019(folder: Path) -> None:
    """Write three songs and four subjects in the layout of 2019."""
    for name in ("annotations", "EDA", "features", "chorus"):
        (folder / name).mkdir(parents=True)
    header = "musicId,fileName,title,artist,album,duration,chorus_start_time,chorus_end_time"
    songs = [f"{song},{song}.mp3,Title {song},Artist,Album,200,00:30,00:50" for song in (1, 4, 10)]
    (folder / "metadata.csv").write_text("\n".join([header, *songs]) + "\n")
    means = ["musicId,Arousal(mean),Valence(mean)", "1,0.8,0.7", "4,0.2,0.3", "10,0.75,0.6"]
    (folder / "annotations/static_annotations.csv").write_text("\n".join(means) + "\n")
    for song in (1, 4, 10):
        t, y = wave(20.0, level=2.0 + song)
        columns = [f"EDA_1000{number}{song % 10}" for number in (1, 2, 3, 4)]
        rows = [f"{a:g}," + ",".join(f"{b + k:.4f}" for k in range(4)) for a, b in zip(t, y, strict=True)]
        (folder / f"EDA/{song}_EDA.csv").write_text("\n".join(["time(s)," + ",".join(columns), *rows]) + "\n")


def test_2019_layout_end_to_end(tmp_path: Path) -> None:
    write_2019(tmp_path / "data")
    file = tmp_path / "data/EDA/4_EDA.csv"
    lines = file.read_text().splitlines()
    cells = [line.split(",") for line in lines]
    for row in cells[901:]:  # the third subject's column ends after 18 s
        row[3] = ""
    file.write_text("\n".join(",".join(row) for row in cells) + "\n")
    catalog = read_pmemo(tmp_path / "data")
    assert catalog.kind == "pmemo-2019"
    assert catalog.counts["recordings"] == 12
    assert catalog.entries[0].subject == "100011"  # the last six characters of the column's name
    result = run(tmp_path / "data", tmp_path / "out")
    assert len(result.recordings) == 12
    assert set(result.recordings["dimension"]) == {""}
    assert result.meta["source"]["rating_source"] == "song mean"
    rows = result.recordings.set_index("recording_id")
    assert rows.loc["4_100034", "n_samples"] == 150
    assert rows.loc["1_100011", "n_samples"] == 250
    assert (rows.loc[rows["stimulus"] == "4", "arousal_label"].dropna() == 0).all()
    assert result.subjects["rule"].str.startswith("song means").all()
    assert found(result, "chorus/1.mp3") == [("missing", "rejected", "no music clip of song 1")]


def test_2019_damage_is_listed(tmp_path: Path) -> None:
    write_2019(tmp_path / "data")
    (tmp_path / "data/EDA/4_EDA.csv").write_text("time(s),EDA_100014,EDA_100014,x\n0,1,1,1\n")
    (tmp_path / "data/EDA/1_EDA.csv").unlink()
    (tmp_path / "data/annotations/static_annotations.csv").write_text(
        "musicId,Arousal(mean),Valence(mean)\n1,0.8,7\n10,a,b\n"
    )
    rejects = read_pmemo(tmp_path / "data").rejects
    assert [kind for kind, _, _ in found(rejects, "EDA/4_EDA.csv")] == ["malformed", "duplicate"]
    assert [kind for kind, _, _ in found(rejects, "EDA/1_EDA.csv")] == ["missing"]
    kinds = [kind for kind, _, _ in found(rejects, "annotations/static_annotations.csv")]
    assert kinds == ["range", "malformed", "missing", "missing", "missing"]
