"""Preparation: complete, resumable after a kill at any time, and repeated only when something changed."""

import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ressin._files.limits import digest_file
from ressin.data.preparation import prepare as module
from ressin.data.preparation.cut import WindowRule
from ressin.data.preparation.labels import LabelRule
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import DecompositionChoice, Preparation, PrepareSettings
from ressin.data.preparation.stock import content_key, make_tasks, take_stock
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store import schema
from ressin.data.store.store import Prepared, load
from ressin.decomposition.decompose import decompose
from ressin.errors import InvalidInputError, OutputError, RecordingError
from tests.data.folders import copy, kill_when

SETTINGS = PrepareSettings(partition=16)
SCRIPT = """
import sys
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.preparation.prepare import prepare
from ressin.data.preparation.settings import PrepareSettings
prepare(read_pmemo(sys.argv[1]), sys.argv[2], settings=PrepareSettings(partition=int(sys.argv[3])), n_threads=1)
"""


def digests(folder: Path) -> dict[str, str]:
    return {name: digest_file(folder / name) for name in (*schema.TABLES, schema.META)}


def test_second_run_does_nothing(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    folder = copy(prepared.folder, tmp_path / "out")
    before = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.*")}
    calls: list[tuple[str, int, int]] = []
    report = prepare(
        read_pmemo(simulated),
        folder,
        settings=SETTINGS,
        progress=lambda *call: calls.append(call),
    )
    assert report.up_to_date
    assert calls == []
    assert {path.name: path.stat().st_mtime_ns for path in folder.glob("*.*")} == before


def test_threads_and_an_earlier_run_do_not_change_a_byte(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    prepare(read_pmemo(simulated), tmp_path / "out", settings=SETTINGS, n_threads=3)
    assert digests(tmp_path / "out") == digests(prepared.folder)


@pytest.mark.parametrize(
    "settings",
    [
        PrepareSettings(partition=16, decomposition=DecompositionChoice(alpha=1e-3)),
        PrepareSettings(partition=16, decomposition=DecompositionChoice(programme="robust")),
        PrepareSettings(partition=16, window=WindowRule(drop_seconds=14.0)),
        PrepareSettings(partition=16, labels=LabelRule(few="pooled")),
    ],
    ids=["alpha", "programme", "drop", "labels"],
)
def test_other_settings_are_another_result(
    simulated: Path, prepared: Prepared, tmp_path: Path, settings: PrepareSettings
) -> None:
    folder = copy(prepared.folder, tmp_path / "out")
    report = prepare(read_pmemo(simulated), folder, settings=settings, n_threads=1)
    assert not report.up_to_date
    assert report.meta["content_key"] != prepared.meta["content_key"]


def test_the_robust_programmes_parts_are_those_of_decompose(
    simulated: Path, prepared: Prepared, tmp_path: Path
) -> None:
    settings = PrepareSettings(partition=16, decomposition=DecompositionChoice(programme="robust"))
    assert (settings.programme, PrepareSettings().programme) == ("robust", "cvxeda")
    prepare(read_pmemo(simulated), tmp_path / "out", settings=settings, n_threads=1)
    robust = load(tmp_path / "out")
    assert (robust.programme, prepared.programme) == ("robust", "cvxeda")
    assert list(robust.recordings["recording_id"]) == list(prepared.recordings["recording_id"])
    assert robust.recordings["converged"].all()
    for place in (0, 7):
        signal = robust.channel("origin")[place]
        assert np.array_equal(signal, prepared.channel("origin")[place])
        rate = float(robust.recordings["sampling_rate"][place])
        expected = decompose(signal.astype(np.float64), rate, programme="robust")
        for name in ("phasic", "tonic"):
            np.testing.assert_allclose(robust.channel(name)[place], getattr(expected, name), atol=0.01)
        assert not np.allclose(robust.channel("tonic")[place], prepared.channel("tonic")[place], atol=0.01)


@pytest.mark.parametrize(
    ("choice", "message"),
    [
        ({"programme": "sparse"}, "programme is 'sparse'"),
        ({"programme": "robust", "alpha": 1e-3}, "alpha is 0.001, which programme='robust' does not take"),
        ({"alpha": -1.0}, "alpha is -1"),
    ],
)
def test_a_decomposition_that_cannot_be_is_refused_before_any_work(choice: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        DecompositionChoice(**choice)


def test_a_preparation_written_before_there_was_a_choice_was_cvxedas() -> None:
    older = Preparation().as_dict()
    del older["decomposition"]["programme"]
    assert Preparation.from_dict(older) == Preparation()


@pytest.mark.parametrize("change", ["settings", "version", "hearing", "tasks"])
def test_the_content_key_names_each_of_its_parts(simulated: Path, tmp_path: Path, change: str) -> None:
    catalog = read_pmemo(simulated)
    stock = take_stock(catalog, hear_audio=False, read_features=False)
    tasks = make_tasks(catalog, stock, SETTINGS, "1.0", tmp_path)
    parts = {"tasks": tasks, "settings": SETTINGS, "version": "1.0", "hearing": ""}
    others = {"tasks": tasks[1:], "settings": PrepareSettings(partition=16, min_cover=0.5), "version": "1.1"}
    changed = parts | {change: others.get(change, "openSMILE 3.0")}
    assert content_key(catalog, stock, **changed) != content_key(catalog, stock, **parts)  # type: ignore[arg-type]
    assert content_key(catalog, stock, **parts) == content_key(catalog, stock, **parts)  # type: ignore[arg-type]


def test_a_folder_that_is_made_again_is_not_taken_for_a_finished_one(
    simulated: Path, prepared: Prepared, tmp_path: Path
) -> None:
    folder = copy(prepared.folder, tmp_path / "out")
    assert (folder / schema.META).exists()
    seen = set()

    def stop(stage: str, done: int, total: int) -> None:
        seen.add((folder / schema.META).exists())
        raise KeyboardInterrupt

    other = PrepareSettings(partition=16, decomposition=DecompositionChoice(alpha=1e-3))
    with pytest.raises(KeyboardInterrupt):
        prepare(read_pmemo(simulated), folder, settings=other, n_threads=1, progress=stop)
    assert seen == {False}
    with pytest.raises(RecordingError):
        load(folder)


def test_other_content_is_another_result(simulated: Path, tmp_path: Path, prepared: Prepared) -> None:
    source = copy(simulated, tmp_path / "data")
    folder = copy(prepared.folder, tmp_path / "out")
    file = sorted((source / "EDA/Arousal").iterdir())[0]
    lines = file.read_text().splitlines()
    lines[900] = lines[900].split(",")[0] + ",4.5"
    stamp = file.stat()
    file.write_text("\n".join(lines) + "\n")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # the content decides, not the time of modification
    assert not prepare(read_pmemo(source), folder, settings=SETTINGS, n_threads=1).up_to_date
    place = list(load(folder).recordings["recording_id"]).index(file.stem)
    assert load(folder).channel("origin")[place][899 - 750] == 4.5
    annotation = source / "Annotations/Arousal/1-A.csv"
    rows = annotation.read_text().splitlines()
    subject, _, *dynamic = rows[1].split(",")
    annotation.write_text("\n".join([rows[0], ",".join([subject, "0.0625", *dynamic]), *rows[2:]]) + "\n")
    assert not prepare(read_pmemo(source), folder, settings=SETTINGS, n_threads=1).up_to_date
    assert (load(folder).ratings["arousal"] == 0.0625).sum() == 1


def test_another_version_is_another_result(
    simulated: Path, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy(prepared.folder, tmp_path / "out")
    monkeypatch.setattr(module, "__version__", "99.0")
    report = prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1)
    assert not report.up_to_date
    assert report.meta["ressin_version"] == "99.0"


@pytest.mark.parametrize("name", [schema.MUSIC, schema.RECORDINGS])
def test_a_lost_or_damaged_table_is_made_again(simulated: Path, prepared: Prepared, tmp_path: Path, name: str) -> None:
    folder = copy(prepared.folder, tmp_path / "out")
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:-1])
    assert not prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1).up_to_date
    assert digests(folder) == digests(prepared.folder)
    (folder / name).unlink()
    assert not prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1).up_to_date
    assert digests(folder) == digests(prepared.folder)


def test_kill_at_many_moments_then_the_same_result(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    command = ["-c", SCRIPT, str(simulated), str(folder), "16"]
    work = folder / module.WORK
    moments = [
        lambda: (folder / ".lock").exists(),
        lambda: len(list(work.glob("[!.]*.parquet"))) >= 1,
        lambda: len(list(work.glob("[!.]*.parquet"))) >= 3,
        lambda: (folder / schema.RECORDINGS).exists(),
        lambda: (folder / schema.REJECTS).exists(),
    ]
    killed = 0
    for moment in moments:
        killed += kill_when(command, moment) == -signal.SIGKILL
        if not (folder / schema.META).exists():
            with pytest.raises(RecordingError):
                load(folder)
    assert killed >= 3  # with a late kill the process may have finished
    (folder / ".12345.part.recordings.parquet").write_bytes(b"left by a killed run")
    prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1)
    assert digests(folder) == digests(prepared.folder)
    assert not work.exists()


def test_what_a_run_left_that_was_killed_at_the_very_end_goes_with_the_next(
    simulated: Path, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    shutil.copytree(prepared.folder, folder)
    (folder / module.WORK).mkdir()
    left = [folder / module.WORK / "part.parquet", folder / ".12345.part.meta.json"]
    for path in left:
        path.write_bytes(b"left by a killed run")
    assert prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1).up_to_date
    assert not any(path.exists() for path in [*left, folder / module.WORK])


def test_finished_parts_are_not_done_again(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    folder = tmp_path / "out"
    work = folder / module.WORK
    kill_when(["-c", SCRIPT, str(simulated), str(folder), "16"], lambda: len(list(work.glob("[!.]*.parquet"))) >= 2)
    stamps = {path: path.stat().st_mtime_ns for path in work.glob("[!.]*.parquet")}
    assert stamps
    seen: dict[Path, int] = {}
    report = prepare(
        read_pmemo(simulated),
        folder,
        settings=SETTINGS,
        n_threads=1,
        progress=lambda *_: seen.update({path: path.stat().st_mtime_ns for path in stamps}),
    )
    assert report.resumed == len(stamps)
    assert seen == stamps
    assert digests(folder) == digests(prepared.folder)


def test_parts_of_other_settings_are_not_taken(
    simulated: Path, prepared: Prepared, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "out"

    def ended(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("ressin.data.preparation.tables.write_recordings", ended)
        with pytest.raises(KeyboardInterrupt):
            prepare(
                read_pmemo(simulated),
                folder,
                settings=PrepareSettings(partition=16, decomposition=DecompositionChoice(alpha=1e-2)),
            )
    assert list((folder / schema.META).parent.rglob("*.parquet"))
    report = prepare(read_pmemo(simulated), folder, settings=SETTINGS)
    assert report.resumed == 0
    assert digests(folder) == digests(prepared.folder)


def test_a_full_disk_is_a_clear_error_and_the_next_run_finishes(
    simulated: Path, prepared: Prepared, tmp_path: Path
) -> None:
    folder = tmp_path / "out"

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    command = [sys.executable, "-c", SCRIPT, str(simulated), str(folder), "16"]
    result = subprocess.run(command, preexec_fn=limit, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 1
    assert "OutputError: cannot write" in result.stderr.splitlines()[-1]
    assert not list(folder.rglob("*.part.*"))
    prepare(read_pmemo(simulated), folder, settings=SETTINGS, n_threads=1)
    assert digests(folder) == digests(prepared.folder)


def test_two_writers_do_not_meet(simulated: Path, tmp_path: Path) -> None:
    from ressin._files.limits import locked

    with locked(tmp_path / "out"), pytest.raises(OutputError, match="another process is writing"):
        prepare(read_pmemo(simulated), tmp_path / "out", settings=SETTINGS)


def test_a_folder_with_other_things_is_left_alone(simulated: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInputError, match=r"holds other things \(thesis.txt\)"):
        prepare(read_pmemo(simulated), tmp_path, settings=SETTINGS)
    with pytest.raises(InvalidInputError, match="is a file"):
        prepare(read_pmemo(simulated), tmp_path / "thesis.txt", settings=SETTINGS)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_that_changes_meanwhile_is_a_reject(
    simulated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = copy(simulated, tmp_path / "data")
    file = sorted((source / "EDA/Valence").iterdir())[0]

    def change(*arguments: object) -> object:
        file.write_text(file.read_text() + "\n")
        return take_stock_clear(*arguments)  # type: ignore[arg-type]

    take_stock_clear = module._clear
    monkeypatch.setattr(module, "_clear", change)
    prepare(read_pmemo(source), tmp_path / "out", settings=SETTINGS, n_threads=1)
    rejects = load(tmp_path / "out").rejects
    reasons = rejects[rejects["recording_id"] == file.stem]["reason"].tolist()
    assert reasons == [f"EDA/Valence/{file.name}: changed while it was being prepared; run again"]
    monkeypatch.undo()
    prepare(read_pmemo(source), tmp_path / "out", settings=SETTINGS, n_threads=1)
    assert len(load(tmp_path / "out").recordings) == 60


def test_dropping_after_the_decomposition(simulated: Path, prepared: Prepared, tmp_path: Path) -> None:
    settings = PrepareSettings(partition=16, window=WindowRule(drop="after"))
    prepare(read_pmemo(simulated), tmp_path / "out", settings=settings, n_threads=1)
    after = load(tmp_path / "out")
    np.testing.assert_array_equal(after.channel("origin").values, prepared.channel("origin").values)
    assert (after.channel("phasic").values != prepared.channel("phasic").values).any()
    assert after.recordings["n_samples"].tolist() == prepared.recordings["n_samples"].tolist()


def test_solver_failures_are_named(simulated: Path, tmp_path: Path) -> None:
    settings = PrepareSettings(
        partition=16, decomposition=DecompositionChoice(solver="interior_point", max_iterations=1)
    )
    with pytest.raises(InvalidInputError, match=r"no usable recording among 60; the first reason: .*not decomposed"):
        prepare(read_pmemo(simulated), tmp_path / "out", settings=settings, n_threads=1)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: PrepareSettings(music="loud"), "music='loud' is not known"),
        (lambda: PrepareSettings(min_cover=2.0), "min_cover=2 is outside 0..1"),
        (lambda: PrepareSettings(partition=0), "at least one recording"),
        (lambda: PrepareSettings(length_tolerance=-1.0), "is negative"),
        (lambda: WindowRule(drop="never"), "drop='never' is not known"),
        (lambda: WindowRule(drop_seconds=-1.0), "drop_seconds=-1: a number of seconds >= 0 is needed"),
        (lambda: WindowRule(max_missing=1.0), "max_missing=1 is outside"),
    ],
)
def test_settings_are_checked(make: object, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        make()  # type: ignore[operator]


def test_meta_is_plain_json_with_settings_and_counts(prepared: Prepared) -> None:
    meta = json.loads((prepared.folder / schema.META).read_text())
    assert meta["settings"]["window"]["drop_seconds"] == 15.0
    assert meta["settings"]["decomposition"]["alpha"] == 8e-4
    assert meta["counts"]["prepared"] == 60
    assert meta["rejects"] == [{"action": "rejected", "count": 6, "kind": "missing"}]
    assert meta["files"][schema.RECORDINGS] == {"digest": digest_file(prepared.folder / schema.RECORDINGS), "rows": 60}
