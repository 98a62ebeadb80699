"""The simulated data set: reproducible files, the effects that were set, and a ceiling well below 100 %."""

import dataclasses
import json
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ressin._files.limits import digest_file
from ressin.data.preparation.labels import LabelRule, label_ratings
from ressin.data.samples.splits import KINDS, make_splits
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.sources.simulated import LATENTS, REPORT, read_about, read_latents
from ressin.data.store.store import Prepared
from ressin.errors import InvalidInputError
from ressin.simulation.ceiling import measure_ceiling
from ressin.simulation.clips import AUDIO_RATE, Cues, cues_of, make_clip
from ressin.simulation.pmemo import simulate_pmemo
from ressin.simulation.population import (
    CLEAR,
    PMEMO_SIZE,
    Population,
    SimulationSettings,
    generator,
    make_population,
)
from ressin.simulation.skin import make_trace
from tests.data.folders import SMALL, kill_when

SIZES = {
    "n_subjects": 60,
    "n_songs": 80,
    "n_pairs": 1200,
    "n_short_songs": 0,
    "min_seconds": 40.0,
    "max_seconds": 60.0,
    "sampling_rate": 50.0,
}
FELT = {"song_share": 0.62, "song_correlation": 0.5, "personal_correlation": 0.4, "valence_weight": 0.5}
SAID = {"reporting_noise": 0.3, "skew": 0.2, "centre": 0.58, "spread": 0.22, "bias_sd": 0.1, "spread_sd": 0.2}
BODY = {"rate_effect": 0.07, "amplitude_effect": 0.055, "slope_effect": 0.016, "slope_noise": 0.08, "coupling_sd": 0.6}
WRONG = {"wander": 0.02, "spikes": 0.2, "drops": 0.2}

TINY = dataclasses.replace(SMALL, n_subjects=3, n_songs=3, n_pairs=6, n_short_songs=1)


def digests(folder: Path) -> dict[str, str]:
    return {str(path.relative_to(folder)): digest_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def test_the_seed_decides_and_the_processes_do_not(tmp_path: Path) -> None:
    pytest.importorskip("soundfile", reason="needs the extra 'music'")
    for name, seed, processes in (("a", 1, 1), ("b", 1, 2), ("c", 2, 1)):
        simulate_pmemo(tmp_path / name, seed=seed, settings=TINY, audio="flac", n_processes=processes)
    assert digests(tmp_path / "a") == digests(tmp_path / "b")
    assert digests(tmp_path / "a") != digests(tmp_path / "c")
    assert len(list((tmp_path / "a/Chorus").iterdir())) == 4


def test_a_second_run_does_nothing_and_other_settings_are_refused(tmp_path: Path) -> None:
    first = simulate_pmemo(tmp_path / "a", seed=1, settings=TINY, audio="none", n_processes=1)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")}
    again = simulate_pmemo(tmp_path / "a", seed=1, settings=TINY, audio="none", n_processes=1)
    assert again.up_to_date
    assert again.report == json.loads(json.dumps(first.report))
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "a").rglob("*")} == before
    with pytest.raises(InvalidInputError, match="simulation with other settings"):
        simulate_pmemo(tmp_path / "a", seed=2, settings=TINY, audio="none")
    (tmp_path / "b").mkdir()
    (tmp_path / "b/thesis.txt").write_text("mine")
    with pytest.raises(InvalidInputError, match="is not empty"):
        simulate_pmemo(tmp_path / "b", seed=1, settings=TINY, audio="none")


def test_a_killed_simulation_is_not_taken_for_data_and_goes_on(simulated: Path, tmp_path: Path) -> None:
    folder = tmp_path / "sim"
    script = (
        "import sys; from ressin.simulation.pmemo import simulate_pmemo; from tests.data.folders import SMALL; "
        "simulate_pmemo(sys.argv[1], seed=5, settings=SMALL, audio='none', n_processes=1)"
    )
    eda = folder / "EDA/Valence"
    status = kill_when(["-c", script, str(folder)], lambda: eda.is_dir() and len(list(eda.glob("[!.]*.csv"))) > 2)
    assert status == -signal.SIGKILL
    with pytest.raises(InvalidInputError, match="was not finished"):
        read_pmemo(folder)
    simulate_pmemo(folder, seed=5, settings=SMALL, audio="none", n_processes=1)
    for path in folder.rglob(".*.part.*"):
        path.unlink()
    assert digests(folder) == digests(simulated)


def test_the_report_travels_to_the_prepared_folder(simulated: Path, prepared: Prepared) -> None:
    about = read_about(simulated)
    assert about is not None
    assert prepared.meta["simulation"] == about
    assert about["seed"] == 5
    assert {(row["dimension"], row["split"]) for row in about["ceiling"]} == {
        (dimension, kind) for dimension in ("arousal", "valence") for kind in KINDS
    }


def test_ceiling_is_measured_on_the_models_own_folds(simulated: Path, prepared: Prepared) -> None:
    splits = [make_splits(prepared.recordings, kind, n_folds=6) for kind in KINDS]
    rows = measure_ceiling(prepared.recordings, read_latents(simulated), splits)
    assert rows == prepared.meta["simulation"]["ceiling"]


def test_ratings_are_eighths_and_annotations_hold_them(simulated: Path) -> None:
    ratings = read_pmemo(simulated).ratings
    latents = read_latents(simulated).set_index("pair")
    for name in ("arousal", "valence"):
        assert ((ratings[name] * 8) % 1 == 0).all()
        assert ratings[name].between(0, 1).all()
        np.testing.assert_array_equal(ratings[name], latents.loc[ratings["pair"], name])
    assert not [reject for reject in read_pmemo(simulated).rejects if reject.kind == "disagreement"]
    assert (simulated / LATENTS).is_file()
    assert (simulated / REPORT).is_file()


@pytest.fixture(scope="module")
def population() -> Population:
    """Draw a large population with the default effects."""
    settings = SimulationSettings(**PMEMO_SIZE)
    return make_population(settings, generator(0, "population"))


def test_pmemo_size_is_pmemos(population: Population) -> None:
    assert len(population.songs) == 794
    assert (population.songs["seconds"] < 15.5).sum() == 27
    assert population.pairs["subject"].nunique() == 457
    assert population.pairs["stimulus"].nunique() == 767
    assert len(population.pairs) == 7962
    assert population.pairs["pair"].is_unique
    heard = population.pairs.groupby("stimulus").size()
    assert heard.max() - heard.min() <= 1


def test_felt_emotion_has_the_documented_parts(population: Population) -> None:
    settings = SimulationSettings()
    pairs = population.pairs.merge(population.songs, on="stimulus")
    assert pairs["felt_arousal"].std() == pytest.approx(1.0, abs=0.05)
    assert np.corrcoef(pairs["felt_arousal"], pairs["song_arousal"])[0, 1] == pytest.approx(
        np.sqrt(settings.song_share), abs=0.04
    )
    own = pairs["felt_arousal"] - np.sqrt(settings.song_share) * pairs["song_arousal"]
    own_valence = pairs["felt_valence"] - np.sqrt(settings.song_share) * pairs["song_valence"]
    assert np.corrcoef(own, own_valence)[0, 1] == pytest.approx(settings.personal_correlation, abs=0.04)
    assert pairs["drive"].std() == pytest.approx(1.0, abs=0.05)
    arousal, valence = (np.corrcoef(pairs["drive"], pairs[f"felt_{name}"])[0, 1] for name in ("arousal", "valence"))
    assert arousal > valence > 0.5


def test_labels_lean_to_high_as_pmemos_do_and_the_ceiling_is_80_to_88_percent(population: Population) -> None:
    labels, _ = label_ratings(population.pairs, LabelRule(restarts=2))
    table = population.pairs[["pair", "subject", "stimulus"]].join(labels).assign(dimension="")
    table["recording_id"] = table["pair"]
    latents = population.pairs.merge(population.songs, on="stimulus").merge(population.subjects, on="subject")
    for row in measure_ceiling(table, latents, [make_splits(table, "subject")]):
        assert 0.55 < row["majority"] < 0.60
        assert 0.80 < row["accuracy"] < 0.88


def slopes(drive: float, settings: SimulationSettings, n: int = 60, coupling: float = 1.0) -> tuple[float, float]:
    """Mean slope of the level and mean spread of the fast part, over recordings with one drive."""
    subject = {"level": 5.0, "rate": 9.0, "amplitude": 0.25, "slope": 0.0, "tau0": 2.0, "tau1": 0.7, "noise": 0.01}
    subject["coupling"] = coupling
    slope, fast = [], []
    for number in range(n):
        y = make_trace(subject, drive, 45.0, settings, np.random.default_rng(number))[750:]
        slope.append(np.polyfit(np.arange(len(y)) / 3000.0, y, 1)[0])
        fast.append(np.abs(np.diff(y[::25])).mean())
    return float(np.mean(slope)), float(np.mean(fast))


def test_the_body_follows_the_drive() -> None:
    settings = SimulationSettings(**CLEAR)  # type: ignore[arg-type]
    calm, excited = slopes(-1.5, settings), slopes(1.5, settings)
    assert excited[0] - calm[0] == pytest.approx(3.0 * settings.slope_effect * 5.0, rel=0.5)
    assert excited[1] > 1.5 * calm[1]
    nothing = dataclasses.replace(settings, slope_effect=0.0, rate_effect=0.0, amplitude_effect=0.0)
    assert slopes(-1.5, nothing) == slopes(1.5, nothing)
    assert slopes(-1.5, settings, coupling=-1.0) == excited
    assert slopes(1.5, settings, coupling=0.0) == slopes(0.0, settings)


def test_people_differ_in_how_their_body_follows_and_nothing_else_depends_on_that() -> None:
    alike, own = (make_population(SimulationSettings(coupling_sd=sd), generator(0, "population")) for sd in (0.0, 0.6))
    assert (alike.subjects["coupling"] == 1.0).all()
    assert own.subjects["coupling"].std() == pytest.approx(0.6, rel=0.3)
    assert own.pairs.equals(alike.pairs)
    assert own.subjects.drop(columns="coupling").equals(alike.subjects.drop(columns="coupling"))


def test_artefacts_are_added_to_the_same_skin() -> None:
    subject = {"level": 5.0, "rate": 9.0, "amplitude": 0.25, "slope": 0.0, "tau0": 2.0, "tau1": 0.7, "noise": 0.0}
    subject["coupling"] = 1.0
    clean = SimulationSettings(**CLEAR)  # type: ignore[arg-type]
    moving = dataclasses.replace(clean, spikes=1.0, drops=0.5)
    one, other = (make_trace(subject, 0.0, 60.0, settings, np.random.default_rng(4)) for settings in (clean, moving))
    hit = np.abs(one - other) > 1e-3
    assert 0.01 < hit.mean() < 0.9
    assert np.abs(one - other).max() > 0.1


def test_the_default_design_is_fixed() -> None:
    """These numbers decide how hard the simulated study is: docs/res_sin.md says what was reached with them."""
    design = dataclasses.asdict(SimulationSettings())
    assert design == {**SIZES, **FELT, **SAID, **BODY, **WRONG}
    assert set(CLEAR) <= set(design)


def test_the_beginning_is_like_no_other_part() -> None:
    subject = {"level": 5.0, "rate": 0.01, "amplitude": 0.25, "slope": 0.0, "tau0": 2.0, "tau1": 0.7, "noise": 0.001}
    subject["coupling"] = 1.0
    y = make_trace(subject, 0.0, 40.0, SimulationSettings(), np.random.default_rng(0))
    assert np.ptp(y[:750]) > 3 * np.ptp(y[750:])
    assert len(y) == 2000
    np.testing.assert_array_equal(y, np.round(y, 4))


def test_clips_follow_their_cues() -> None:
    rng = np.random.default_rng(0)
    loud = [cues_of(arousal, 0.0, rng) for arousal in np.linspace(-2, 2, 200)]
    assert np.corrcoef([cue.tempo for cue in loud], np.linspace(-2, 2, 200))[0, 1] > 0.9
    bright = [cues_of(0.0, valence, rng) for valence in np.linspace(-2, 2, 200)]
    assert np.mean([cue.major for cue in bright[100:]]) > 0.8 > 0.3 > np.mean([cue.major for cue in bright[:100]])
    clip = make_clip(Cues(100.0, -20.0, 1.5, 55.0, 0.6, True), 4.0, rng)
    assert clip.shape == (4 * AUDIO_RATE,)
    assert clip.dtype == np.float32
    assert 20 * np.log10(np.sqrt(np.mean(clip**2))) == pytest.approx(-20.0, abs=0.5)
    assert np.abs(clip).max() <= 1.0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"n_pairs": 5}, r"n_pairs=5 with 6 subjects and 6 songs: 6..36 are possible"),
        ({"n_subjects": 0}, "at least 1"),
        ({"min_seconds": 10.0}, "18..600 s are possible"),
        ({"song_share": 1.5}, "song_share=1.5 is outside 0..1"),
        ({"sampling_rate": 1.0}, "outside 4..2000"),
        ({"song_correlation": 2.0}, "song_correlation=2 is outside -1..1"),
        ({"coupling_sd": -1.0}, "coupling_sd=-1 is outside 0..60"),
        ({"drops": float("nan")}, "drops=nan is outside 0..60"),
    ],
)
def test_settings_are_checked(change: dict[str, float], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        dataclasses.replace(SMALL, **change)  # type: ignore[arg-type]


def test_an_unknown_kind_of_audio_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="audio='midi' is not known: one of mp3, wav, flac, none"):
        simulate_pmemo(tmp_path / "a", seed=0, audio="midi")
    assert isinstance(read_about(tmp_path), type(None))


def test_music_alone_and_body_alone_stay_below_the_ceiling(population: Population) -> None:
    """The best linear guess from the song's own latent, and from the drive, against the classifier that knows both."""
    labels, _ = label_ratings(population.pairs, LabelRule(restarts=2))
    pairs = pd.concat([population.pairs, labels], axis=1).merge(population.songs, on="stimulus")
    for name in ("arousal", "valence"):
        known = pairs[pairs[f"{name}_label"].notna()]
        label = known[f"{name}_label"].to_numpy(float)
        song = ((known[f"song_{name}"] > known[f"song_{name}"].quantile(1 - label.mean())) == label).mean()
        assert 0.65 < song < 0.76
