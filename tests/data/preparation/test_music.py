"""Music: features extracted by openSMILE once per content, or read from tables; clips that fail are listed by name."""

import io
from pathlib import Path

import numpy as np
import pytest

from ressin.cli import main
from ressin.data.preparation import music
from ressin.data.preparation.features import read_feature_table
from ressin.data.preparation.music import N_FEATURES, decode_audio, extract, feature_names, load_cached
from ressin.data.preparation.prepare import CACHE, prepare
from ressin.data.preparation.settings import PrepareSettings
from ressin.data.sources.pmemo import read_pmemo
from ressin.data.store.store import load
from ressin.errors import InvalidInputError, MissingExtraError, RecordingError
from ressin.simulation.clips import AUDIO_RATE, Cues, cues_of, make_clip
from tests.data.folders import copy, found, write_wave

soundfile = pytest.importorskip("soundfile", reason="needs the extra 'music'")
opensmile = pytest.importorskip("opensmile", reason="needs the extra 'music'")


def clip(seed: int = 0, seconds: float = 3.0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return make_clip(cues_of(0.0, 0.0, rng), seconds, rng)


def encoded(samples: np.ndarray, kind: str, rate: int = AUDIO_RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["WAV", "FLAC", "MP3"])
def test_three_formats_give_the_clip_back(kind: str) -> None:
    samples = clip()
    decoded, rate = decode_audio(encoded(samples, kind), "clip")
    assert rate == AUDIO_RATE
    assert len(decoded) == pytest.approx(len(samples), abs=3000)
    assert np.corrcoef(decoded[: len(samples)], samples[: len(decoded)])[0, 1] > 0.99


def test_stereo_is_the_mean_of_its_channels() -> None:
    samples = clip()
    decoded, _ = decode_audio(encoded(np.column_stack([samples, np.zeros_like(samples)]), "WAV"), "clip")
    np.testing.assert_allclose(decoded, samples / 2, atol=1e-4)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "not readable as audio"),
        (b"ID3 this is no music" * 50, "not readable as audio"),
        (encoded(clip(), "MP3")[:40], "not readable as audio|s of sound"),
        (encoded(clip(seconds=0.5), "WAV"), "0.50 s of sound, at least 1 s"),
        (encoded(np.zeros(AUDIO_RATE * 2, np.float32), "WAV"), "silent"),
    ],
    ids=["empty", "text", "cut", "short", "silent"],
)
def test_what_is_no_music_is_refused(data: bytes, words: str) -> None:
    with pytest.raises(RecordingError, match=words):
        decode_audio(data, "x.mp3")


def test_a_refusal_reads_the_same_every_time() -> None:
    reasons = []
    for _ in range(2):
        with pytest.raises(RecordingError) as caught:
            decode_audio(b"ID3 this is no music" * 50, "x.mp3")
        reasons.append(str(caught.value))
    assert reasons[0] == reasons[1] == "x.mp3: not readable as audio (Format not recognised.)"


def test_an_hour_is_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(music, "MAX_AUDIO_SECONDS", 2.0)
    with pytest.raises(RecordingError, match="at most 2 s and 16 channels"):
        decode_audio(encoded(clip(), "WAV"), "long.wav")


def test_a_small_file_of_much_silence_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    with soundfile.SoundFile(tmp_path / "bomb.flac", "w", 600_000, 8) as stream:
        for _ in range(85):  # 85 s: 1.6 GB as floats
            stream.write(np.zeros((600_000, 8), np.int16))
    data = (tmp_path / "bomb.flac").read_bytes()
    assert len(data) < 3_000_000
    with pytest.raises(RecordingError, match=r"51,000,000 frames of 8 channel\(s\), 408,000,000 samples; at most 400,"):
        decode_audio(data, "bomb.flac")


def test_features_are_opensmiles_own() -> None:
    samples = clip()
    smile = opensmile.Smile(opensmile.FeatureSet.ComParE_2016, opensmile.FeatureLevel.Functionals)
    expected = smile.process_signal(samples, AUDIO_RATE)
    assert feature_names() == tuple(expected.columns)
    assert len(feature_names()) == N_FEATURES
    np.testing.assert_array_equal(extract(samples, AUDIO_RATE), expected.to_numpy()[0])


def test_the_cues_can_be_heard() -> None:
    names = feature_names()
    base = {"tempo": 105.0, "loudness": -21.0, "rolloff": 1.5, "root": 55.0, "legato": 0.6, "major": True}

    def heard(**changes: float) -> dict[str, float]:
        made = make_clip(Cues(**{**base, **changes}), 6.0, np.random.default_rng(1))  # type: ignore[arg-type]
        return dict(zip(names, extract(made, AUDIO_RATE).tolist(), strict=True))

    usual = heard()
    level, bright, pitch = "pcm_RMSenergy_sma_amean", "pcm_fftMag_spectralCentroid_sma_amean", "F0final_sma_amean"
    assert heard(loudness=-12.0)[level] > 2 * usual[level]
    assert heard(rolloff=0.8)[bright] > usual[bright]
    assert heard(root=65.0)[pitch] > usual[pitch]


@pytest.fixture
def with_clips(simulated: Path, tmp_path: Path) -> Path:
    """The simulated folder with short clips of every kind of content, good and bad."""
    folder = copy(simulated, tmp_path / "data")
    for song, kind in (("1", "mp3"), ("2", "wav"), ("3", "flac")):
        (folder / f"Chorus/{song}.{kind}").write_bytes(encoded(clip(int(song)), kind.upper()))
    lines = (folder / "chorus.csv").read_text().splitlines()
    spans = [f"{line.split(',')[0]},30.0,33.0" if line[0] in "123" else line for line in lines]
    (folder / "chorus.csv").write_text("\n".join(spans) + "\n")
    (folder / "Chorus/4.mp3").write_bytes(b"corrupt" * 100)
    (folder / "Chorus/5.mp3").write_bytes(b"")
    return folder


def test_songs_without_audio_and_corrupt_clips_are_named(with_clips: Path, tmp_path: Path) -> None:
    prepare(read_pmemo(with_clips), tmp_path / "out", n_threads=1)
    result = load(tmp_path / "out")
    assert result.music.shape == (3, N_FEATURES)
    assert result.music.index.tolist() == ["1", "2", "3"]
    assert tuple(result.music.columns) == feature_names()
    assert result.music.dtypes.unique().tolist() == [np.float32]
    expected = extract(*decode_audio((with_clips / "Chorus/2.wav").read_bytes(), "2"))
    np.testing.assert_array_equal(result.music.loc["2"].to_numpy(), expected)
    assert [kind for kind, _, _ in found(result, "Chorus/4.mp3")] == ["music"]
    assert [kind for kind, _, _ in found(result, "Chorus/5.mp3")] == ["music"]
    assert [kind for kind, _, _ in found(result, "Chorus/6.mp3")] == ["missing"]
    assert len(result.recordings) == 60
    sources = result.stimuli.set_index("stimulus")["music"]
    assert sources["1"].startswith("openSMILE 2.")
    assert sources["4"] == ""


def test_a_clip_is_heard_once_per_content(with_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    prepare(read_pmemo(with_clips), tmp_path / "one", cache=cache, n_threads=1)
    heard: list[str] = []

    def count(samples: np.ndarray, rate: int, name: str = "clip") -> np.ndarray:
        heard.append(name)
        return extract(samples, rate, name)

    monkeypatch.setattr(music, "extract", count)
    settings = PrepareSettings(partition=30)
    prepare(read_pmemo(with_clips), tmp_path / "two", settings=settings, cache=cache, n_threads=1)
    assert heard == []
    (with_clips / "Chorus/1.mp3").write_bytes(encoded(clip(9), "MP3"))
    prepare(read_pmemo(with_clips), tmp_path / "two", settings=settings, cache=cache, n_threads=1)
    assert heard == ["Chorus/1.mp3"]
    for damaged in cache.iterdir():
        damaged.write_bytes(damaged.read_bytes()[:-8])
        assert load_cached(damaged) is None
    (tmp_path / "two/meta.json").unlink()
    prepare(read_pmemo(with_clips), tmp_path / "two", settings=settings, cache=cache, n_threads=1)
    assert sorted(heard[1:]) == ["Chorus/1.mp3", "Chorus/2.wav", "Chorus/3.flac"]
    assert load(tmp_path / "two").music.shape == (3, N_FEATURES)
    assert not (tmp_path / "two" / CACHE).exists()


def test_a_clip_that_was_cut_off_is_named(with_clips: Path, tmp_path: Path) -> None:
    whole = (with_clips / "Chorus/1.mp3").read_bytes()
    (with_clips / "Chorus/1.mp3").write_bytes(whole[: len(whole) // 2])
    settings = PrepareSettings(length_tolerance=0.5)
    prepare(read_pmemo(with_clips), tmp_path / "out", settings=settings, n_threads=1)
    result = load(tmp_path / "out")
    ((kind, action, reason),) = found(result, "Chorus/1.mp3")
    assert (kind, action) == ("truncated", "rejected")
    assert "the tables say 3.00 s: less than 90% of it" in reason
    assert result.music.index.tolist() == ["2", "3"]


def test_a_cache_never_runs_code(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.array([object()] * 3), allow_pickle=True)
    assert load_cached(tmp_path / "x.npy") is None
    np.save(tmp_path / "y.npy", np.full(N_FEATURES, np.nan, np.float32))
    assert load_cached(tmp_path / "y.npy") is None
    assert load_cached(tmp_path / "z.npy") is None


def write_table(path: Path, songs: list[str], n: int = N_FEATURES) -> np.ndarray:
    values = np.arange(len(songs) * n, dtype=np.float32).reshape(len(songs), n) / 7
    lines = ["musicId," + ",".join(f"feature {place}" for place in range(n))]
    lines += [song + "," + ",".join(f"{value:.6f}" for value in row) for song, row in zip(songs, values, strict=True)]
    path.write_text("\n".join(lines) + "\n")
    return values


def test_a_table_that_came_with_the_data_is_read(simulated: Path, tmp_path: Path) -> None:
    folder = copy(simulated, tmp_path / "data")
    values = write_table(folder / "static_features.csv", ["1", "2", "3", "5", "6"])
    prepare(read_pmemo(folder), tmp_path / "out", n_threads=1)
    result = load(tmp_path / "out")
    assert result.meta["settings"]["music"] == "read"
    np.testing.assert_allclose(result.music.loc["5"].to_numpy(), values[3], rtol=1e-5)
    assert found(result, "static_features.csv") == [("music", "rejected", "no features of stimulus 4")]
    assert result.stimuli.set_index("stimulus")["music"]["1"] == "read from static_features.csv"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("id,a,b\n1,2,x\n", "column 'b' holds string, not numbers"),
        ("id,a,a\n1,2,3\n", r"column names must be there and differ: \['a'\]"),
        ("id\n1\n", "needs a key and features"),
        ("id,a\n", "needs a key and features"),
        ("id,a\n1,2,3\n", "not a readable table"),
        ("", "not a readable table"),
    ],
)
def test_bad_tables_are_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "f.csv").write_text(text)
    with pytest.raises(RecordingError, match=words):
        read_feature_table(tmp_path / "f.csv", "f.csv")


def test_bad_rows_of_a_table_are_named(tmp_path: Path) -> None:
    (tmp_path / "f.csv").write_text("id,a,b\n1,2,3\n1,4,5\n2,,5\n3,6,7\n")
    rows, names, problems = read_feature_table(tmp_path / "f.csv", "f.csv")
    assert names == ("a", "b")
    assert sorted(rows) == ["1", "3"]
    assert problems == [
        "data row 2: 1 a second time; the first is used",
        "data row 3 (2): no finite number in column 'a'",
    ]


def test_what_is_missing_is_said(with_clips: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInputError, match="needs a table of features"):
        prepare(read_pmemo(with_clips), tmp_path / "out", settings=PrepareSettings(music="read"))

    def absent(module: str, extra: str, purpose: str) -> object:
        raise MissingExtraError(module, extra, purpose)

    monkeypatch.setattr(music, "require", absent)
    with pytest.raises(MissingExtraError, match=r"hearing|reading music clips needs .* pip install 'ressin\[music\]'"):
        prepare(read_pmemo(with_clips), tmp_path / "out")
    report = prepare(read_pmemo(with_clips), tmp_path / "out", settings=PrepareSettings(music="none"), n_threads=1)
    assert report.meta["counts"]["prepared"] == 60


def test_a_folder_with_every_kind_of_damage_ends_in_a_result(
    with_clips: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with every kind of damage at once.

    A missing annotation, a file cut off, a header in another encoding, a subject with one rating, a song without
    audio, a corrupt clip, gaps, a file at 200 Hz.
    """
    eda = sorted((with_clips / "EDA/Arousal").iterdir())
    cut, header, gaps, fast = eda[0], eda[1], eda[2], eda[3]
    (with_clips / "chorus.csv").unlink()
    (with_clips / "Annotations/Valence/6-V.csv").unlink()
    cut.write_bytes(cut.read_bytes()[:-9])
    header.write_bytes(header.read_text().replace("time(s)", "时间").encode("gb18030"))
    lines = gaps.read_text().splitlines()
    holes = [line if place % 60 or not place else line.split(",")[0] + ",NaN" for place, line in enumerate(lines)]
    gaps.write_text("\n".join(holes) + "\n")
    write_wave(fast, 20.0, 200.0)
    for annotation in sorted((with_clips / "Annotations/Arousal").iterdir())[1:]:
        rows = [row for row in annotation.read_text().splitlines() if not row.startswith("100002")]
        annotation.write_text("\n".join(rows) + "\n")
    assert main(["prepare", str(with_clips), str(tmp_path / "out"), "--quiet"]) == 1  # one file is cut off
    assert "Traceback" not in capsys.readouterr().err
    result = load(tmp_path / "out")
    assert len(result.recordings) == 59
    expected = {
        "chorus.csv": {("missing", "rejected")},
        "Annotations/Valence/6-V.csv": {("missing", "rejected")},
        f"EDA/Arousal/{cut.name}": {("truncated", "rejected")},
        f"EDA/Arousal/{header.name}": {("encoding", "kept")},
        f"EDA/Arousal/{gaps.name}": {("gaps", "kept")},
        f"EDA/Arousal/{fast.name}": {("rate", "kept")},
        "subject 100002": {("labels", "kept")},
        "Chorus/6.mp3": {("missing", "rejected")},
        "Chorus/4.mp3": {("music", "rejected")},
    }
    for file, said in expected.items():
        assert said <= {(kind, action) for kind, action, _ in found(result, file)}, file
