"""Layouts of published data sets: small copies, turned into manifests that are read and prepared."""

import csv
import json
import pickle
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np
import pytest

from ressin.cli.main import main
from ressin.cli.manifest import HELP
from ressin.data.preparation.prepare import prepare
from ressin.data.sources.catalog import Catalog
from ressin.data.sources.manifest import read_manifest
from ressin.data.store.store import Prepared, load
from ressin.data.studies.registry import NAMES, STUDIES, find_study
from ressin.data.studies.rows import local_to_unix, write_manifest
from ressin.errors import InvalidInputError, RessinError
from tests.signals import NO_LABELLED, labelled_folder


def wave(seconds: float, rate: float, level: float = 4.0) -> np.ndarray:
    t = np.arange(round(seconds * rate)) / rate
    return level + 0.3 * np.sin(t / 9.0) + 0.001 * t


def write_e4(path: Path, began: float, seconds: float, level: float = 4.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    values = "\n".join(f"{value:.6f}" for value in wave(seconds, 4.0, level))
    path.write_text(f"{began:.6f}\n4.000000\n{values}\n")


def write_csv(path: Path, header: str, rows: Sequence[tuple[object, ...]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *(",".join(map(str, row)) for row in rows)]) + "\n")


def unix(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=timezone.utc).timestamp()


def copy_wesad(root: Path) -> None:
    """The chest began at 9:10:00 in Germany (7:10:00 UTC), the wrist at 7:09:00 UTC."""
    header = {
        "00:07:80": {
            "sensor": ["ECG", "EDA"], "device name": "00:07:80", "column": ["nSeq", "DI", "CH1", "CH2"],
            "time": "9:10:0.5", "date": "2017-5-22", "device": "biosignalsplux", "sampling rate": 20,
            "label": ["CH1", "CH2"], "resolution": [16, 16], "channels": [1, 2],
        }
    }  # fmt: skip
    person = root / "S2"
    person.mkdir(parents=True)
    counts = wave(600, 20) / 25.0 * 65536
    lines = [f"{k % 65536}\t0\t33000\t{count:.0f}\t" for k, count in enumerate(counts)]
    (person / "S2_respiban.txt").write_text(
        "\n".join(["# OpenSignals Text File Format", "# " + json.dumps(header), "# EndOfHeader", *lines]) + "\n"
    )
    (person / "S2_quest.csv").write_text(
        "# Subj;S2;;;;\n"
        "# ORDER;Base;TSST;Medi 1;Fun;Medi 2;sRead;fRead;\n"
        "# START;0.30;2.10;4.0;5.3;7.05;8.3;9.1;;\n"
        "# END;1.45;3.5;4.55;6.40;8.0;9.0;9.4;;\n"
        "# PANAS;1;2;3;\n# DIM;7;2\n# DIM;3;8;\n# DIM;7;1;\n# DIM;8;4;\n# DIM;7;1;\n# SSSQ;1\n"
    )
    write_e4(person / "S2_E4_Data" / "EDA.csv", unix("2017-05-22T07:09:00"), 720)
    (person / "S2.pkl").write_bytes(pickle.dumps({"opened": Path}))


def copy_case(root: Path) -> None:
    base = root / "data" / "interpolated"
    videos = [(10, 4.0), (1, 20.0), (11, 4.0), (7, 24.0), (12, 4.0)]
    ends = np.cumsum([seconds for _, seconds in videos])
    t = np.arange(0, 56_000) / 1000.0
    video = [videos[min(int(np.searchsorted(ends, x, side="right")), 4)][0] for x in t]
    gsr = wave(56.0, 1000.0)
    signals = [(k, 0.1, 35, f"{gsr[k]:.5f}", 20, 31, 5, 5, 5, video[k]) for k in range(len(t))]
    write_csv(
        base / "physiological" / "sub_1.csv",
        "daqtime,ecg,bvp,gsr,rsp,skt,emg_zygo,emg_coru,emg_trap,video", signals,
    )  # fmt: skip
    rows: list[tuple[object, ...]] = []
    for k in range(0, 56_000, 50):
        number = video[k]
        rows.append((k, 7.0 if number == 1 else 2.0 + k / 56_000, 5.0 if number == 1 else 8.0, number))
    write_csv(base / "annotations" / "sub_1.csv", "jstime,valence,arousal,video", rows)
    (root / "data" / "non-interpolated" / "physiological").mkdir(parents=True)
    (root / "data" / "non-interpolated" / "physiological" / "sub_1.csv").write_text("daqtime\n1\n")


def copy_k_emocon(root: Path) -> None:
    began = 1_548_834_600.0
    eda = wave(120, 4.0)
    head = "timestamp,pid,value,device_serial"
    for person, serials in (("1", ["A01525"]), ("29", ["A013E1", "A01A3A"])):
        rows = [
            (f"{1000 * (began - 20) + 250 * k:.0f}", person, f"{value:.5f}", serial)
            for serial in serials
            for k, value in enumerate(eda)
        ]
        write_csv(root / "e4_data" / person / "E4_EDA.csv", head, rows)
        report: list[tuple[object, ...]] = [(5 * k, 1 + k % 5, "x" if k == 3 else 2, 1) for k in range(1, 17)]
        folder = root / "emotion_annotations" / "self_annotations"
        write_csv(folder / f"P{person}.self.csv", "seconds,arousal,valence,cheerful", report)
    debates: list[tuple[object, ...]] = [(p, 0, f"{1000 * began:.0f}", f"{1000 * began + 80000:.0f}") for p in (1, 29)]
    write_csv(root / "metadata" / "subjects.csv", "pid,initTime,startTime,endTime", debates)


def copy_eevr(root: Path) -> None:
    rows: list[tuple[object, ...]] = []
    for person in (1, 2):
        for video, quadrant in (("0", "Baseline"), ("rest", ""), ("V1", "LVLA"), ("V2", "HVHA")):
            for k, value in enumerate(wave(40, 15.625, 3.0 + person)):
                rows.append((f"{k / 15.625:.4f}", f"{value:.5f}", person, "Male", 1, video, quadrant))
    write_csv(root / "EDA.csv", "Time,EDA,Participant ID,Gender,Playlist ID,Video ID,CMA", rows)
    rated: list[tuple[object, ...]] = [(p, 1, v, "x", 2 + v, 5 - v, 3, 3) for p in (1, 2) for v in (0, 1, 2)]
    write_csv(
        root / "VADS.csv", "Participant ID,Playlist ID,Video ID,CMA,Valence,Arousal,Dominance,significance", rated[:-1]
    )


def copy_stress_predict(root: Path) -> None:
    began, tags = 1_644_227_574.0, [300.0, 600.0, 900.0, 1500.0, 1800.0, 1920.0, 2220.0]
    for person, times, name in (
        ("S02", tags, "tags.csv"),
        ("S03", [tags[0] - 43_200.0, *tags[1:]], "tags_S03.csv"),
        ("S04", [0.0, *tags[:-1]], "tags.csv"),
    ):
        write_e4(root / "Raw_data" / person / "EDA.csv", began, 2300)
        (root / "Raw_data" / person / name).write_text("".join(f"{began + time:.2f}\n" for time in times))


def copy_exams(root: Path) -> None:
    """In October 9:00 in Houston is 14:00 UTC, in December 15:00."""
    write_e4(root / "Data" / "S1" / "Midterm 1" / "EDA.csv", unix("2018-10-13T13:50:00"), 2 * 3600.0)
    write_e4(root / "Data" / "S1" / "Final" / "EDA.csv", unix("2018-12-05T15:10:00"), 1800.0)
    (root / "StudentGrades.txt").write_text(
        "GRADES - MIDTERM 1\n------\n\nS1 – 78\nS2 – 82\n\nGRADES - FINAL (OUT OF 200)\n-----\nS1 – 182\n", "utf-8"
    )


def copy_emopaircompete(root: Path) -> None:
    for person, frustrated in (("ID_1", 7), ("ID_2", 1)):
        for phase in (1, 2, 3):
            folder = root / "dataset" / "D1_1" / person / "round_1" / f"phase{phase}"
            times = np.datetime64("2021-11-01T10:00:00.000") + np.arange(240) * np.timedelta64(250, "ms")
            rows: list[tuple[object, ...]] = [
                (k, str(time).replace("T", " "), f"{value:.5f}")
                for k, (time, value) in enumerate(zip(times, wave(60, 4.0), strict=True))
            ]
            write_csv(folder / "EDA.csv", ",time,EDA", rows)
            write_csv(folder / "response.csv", ",participant_ID,puzzler,frustrated", [(0, person, 1, frustrated)])


COPIES: dict[str, Callable[[Path], None]] = {
    "wesad": copy_wesad, "wesad-chest": copy_wesad, "case": copy_case, "k-emocon": copy_k_emocon, "eevr": copy_eevr,
    "stress-predict": copy_stress_predict, "exam-stress": copy_exams, "emopaircompete": copy_emopaircompete,
}  # fmt: skip


def manifest_of(root: Path, name: str, window: float | None = None, step: float | None = None) -> Catalog:
    COPIES[name](root)
    found = find_study(root, name, window=window, step=step)
    write_manifest(root / "manifest.csv", found.rows)
    return read_manifest(root / "manifest.csv")


def prepared_of(root: Path, name: str, window: float | None = None, step: float | None = None) -> Prepared:
    prepare(manifest_of(root / "data", name, window, step), root / "out", n_threads=1)
    result = load(root / "out")
    assert not (result.rejects["action"] == "rejected").any(), result.rejects["reason"].tolist()
    return result


def labels(result: Prepared, name: str) -> list[str]:
    return [result.classes[name][code] for code in result.recordings[f"{name}_label"]]


def test_every_layout_has_a_copy_and_is_in_the_help() -> None:
    assert set(COPIES) == set(NAMES)
    assert HELP.endswith("".join(f"  {s.name:<16} {s.holds}\n{'':<19}{s.becomes}\n" for s in STUDIES))


def test_wesad_at_the_wrist(tmp_path: Path) -> None:
    result = prepared_of(tmp_path, "wesad")
    table = result.recordings
    assert labels(result, "state") == ["baseline", "stress", "meditation", "amusement", "meditation"]
    assert table["stress_label"].tolist() == [0, 1, 0, 0, 0]
    assert table["valence"].tolist() == [7, 3, 7, 8, 7]
    assert table["arousal"].tolist() == [2, 8, 1, 4, 1]
    assert table["start"].tolist() == [90.5, 190.5, 300.5, 390.5, 485.5]  # the chest began 60.5 s later
    assert table["end"].tolist() == [165.5, 290.5, 355.5, 460.5, 540.5]
    assert set(table["file"]) == {"S2/S2_E4_Data/EDA.csv"}


def test_wesad_at_the_chest(tmp_path: Path) -> None:
    table = prepared_of(tmp_path, "wesad-chest").recordings
    assert table["start"].tolist() == [30.0, 130.0, 240.0, 330.0, 425.0]
    assert set(table["sampling_rate"]) == {20.0}


def test_case(tmp_path: Path) -> None:
    table = prepared_of(tmp_path, "case").recordings
    assert table["stimulus"].tolist() == ["amusing-1", "scary-1"]
    assert table["start"].tolist() == [4.0, 28.0]
    assert table["end"].tolist() == [24.0, 52.0]
    assert table["valence"].tolist() == pytest.approx([7.0, 2.0 + 40.0 / 56.0], abs=1e-3)


def test_case_in_windows_with_the_mean_of_each(tmp_path: Path) -> None:
    catalog = manifest_of(tmp_path, "case", 10.0, 5.0)
    assert [entry.start for entry in catalog.entries] == [4.0, 9.0, 14.0, 28.0, 33.0, 38.0]
    assert catalog.ratings["arousal"].tolist() == [5.0] * 3 + [8.0] * 3
    assert catalog.ratings["valence"][4] == pytest.approx(2.0 + 38.0 / 56.0, abs=1e-3)


def test_k_emocon(tmp_path: Path) -> None:
    result = prepared_of(tmp_path, "k-emocon")
    table = result.recordings
    assert len(table) == 32
    assert table["start"].tolist()[:3] == [20.0, 25.0, 30.0]
    assert table["arousal"].tolist()[:4] == [2, 3, 4, 5]
    assert table["valence"].isna().tolist()[:4] == [False, False, True, False]
    assert set(table["file"][16:]) == {"e4_data/29/E4_EDA.csv#value#device_serial=A013E1"}


def test_k_emocon_in_windows(tmp_path: Path) -> None:
    catalog = manifest_of(tmp_path, "k-emocon", 20.0, 10.0)
    assert len(catalog.entries) == 14
    assert catalog.ratings["arousal"][0] == pytest.approx((2 + 3 + 4 + 5) / 4)


def test_eevr(tmp_path: Path) -> None:
    found_rows = manifest_of(tmp_path / "seen", "eevr")
    assert len(found_rows.entries) == 5
    result = prepared_of(tmp_path, "eevr", 20.0)
    table = result.recordings
    assert table["subject"].tolist() == ["P1"] * 6 + ["P2"] * 4
    assert labels(result, "quadrant")[::2] == ["Baseline", "LVLA", "HVHA", "Baseline", "LVLA"]
    assert table["start"].tolist()[:6] == pytest.approx([0, 20, 80, 100, 120, 140], abs=0.04)
    assert table["valence"].tolist()[:6] == [2, 2, 3, 3, 4, 4]
    np.testing.assert_allclose(result.channel("origin")[2], wave(40, 15.625, 4.0)[:312], atol=1e-4)


def test_stress_predict(tmp_path: Path) -> None:
    result = prepared_of(tmp_path, "stress-predict")
    table = result.recordings
    assert set(table["subject"]) == {"S02", "S03"}
    assert table["start"].tolist()[:7] == table["start"].tolist()[7:] == [240, 300, 600, 900, 1500, 1800, 1920]
    states = ["baseline", "stroop", "relax", "interview", "relax", "hyperventilation", "relax"]
    assert labels(result, "state")[:7] == states
    assert table["stress_label"].tolist()[:7] == [0, 1, 0, 1, 0, 1, 0]
    assert table["mental_label"].isna().tolist()[:7] == [False] * 5 + [True, False]
    left = find_study(tmp_path / "data", "stress-predict").left_out
    assert left == ("S04: the tags do not fit the protocol: interview would last 300 s, 400 to 840 s are possible",)


def test_exam_stress(tmp_path: Path) -> None:
    table = prepared_of(tmp_path, "exam-stress").recordings
    assert table["stimulus"].tolist() == ["Final", "before Midterm 1", "Midterm 1"]
    assert table["start"].tolist() == [0.0, 0.0, 600.0]
    assert table["end"].tolist() == [1800.0, 600.0, 6000.0]
    assert table["exam_label"].tolist() == [1, 0, 1]
    assert table["grade_label"].tolist() == [1, 0, 0]


def test_emopaircompete(tmp_path: Path) -> None:
    result = prepared_of(tmp_path, "emopaircompete", 30.0)
    table = result.recordings
    assert table["subject"].tolist() == ["D1_1_ID_1"] * 6 + ["D1_1_ID_2"] * 6
    assert labels(result, "phase") == ["rest", "rest", "puzzle", "puzzle", "recovery", "recovery"] * 2
    assert table["frustrated_label"].tolist() == [1] * 6 + [0] * 6


def test_a_folder_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    for name in NAMES:
        with pytest.raises(RessinError, match=r"nothing of the layout|no (subjects|EDA)\.csv"):
            find_study(tmp_path, name)
    with pytest.raises(InvalidInputError, match="layout='deap' is not known: one of wesad"):
        find_study(tmp_path, "deap")


def test_daylight_saving_in_germany_and_houston() -> None:
    assert local_to_unix("2017-05-22", "09:10:00.5", standard_hours=1, europe=True) == unix("2017-05-22T07:10:00") + 0.5
    assert local_to_unix("2017-10-29", "09:00:00", standard_hours=1, europe=True) == unix("2017-10-29T08:00:00")
    assert local_to_unix("2017-10-28", "09:00:00", standard_hours=1, europe=True) == unix("2017-10-28T07:00:00")
    assert local_to_unix("2018-11-03", "09:00:00", standard_hours=-6, europe=False) == unix("2018-11-03T14:00:00")
    assert local_to_unix("2018-11-04", "09:00:00", standard_hours=-6, europe=False) == unix("2018-11-04T15:00:00")
    assert local_to_unix("2018-03-11", "09:00:00", standard_hours=-6, europe=False) == unix("2018-03-11T14:00:00")


def test_stress_predict_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = labelled_folder()
    if folder is None:
        pytest.skip(NO_LABELLED)
    manifest, out = tmp_path / "manifest.csv", tmp_path / "out"
    source = str(folder / "stress_predict")
    options = ["--layout", "stress-predict", "--window", "60", "--step", "30", "-o", str(manifest)]
    assert main(["manifest", source, *options]) == 0
    printed = capsys.readouterr().out
    assert "231 rows, 33 recording(s) of 33 people" in printed
    assert "left out: S01: the tags do not fit the protocol" in printed
    assert f"--root {source}" in printed
    assert main(["prepare", str(manifest), str(out), "--root", source, "--quiet"]) == 0
    table = load(out).recordings
    assert len(table) == 2320
    assert table.groupby("subject").ngroups == 33
    assert set(table["n_samples"]) == {240}
    assert table["converged"].all()
    listed = list(csv.DictReader((folder / "stress_predict" / "manifest.csv").read_text().splitlines()))
    assert table["stress_label"].sum() == sum(int(row["stress_label"]) for row in listed)
    np.testing.assert_allclose(np.sort(table["start"]), np.sort([float(row["start"]) for row in listed]), atol=0.26)
