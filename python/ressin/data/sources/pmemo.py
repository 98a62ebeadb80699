"""PMEmo as it is published: which release a folder holds, and its counts beside the published ones.

Layouts (a file that is missing is listed):

2018    ``metadata.csv``, ``chorus.csv``, ``Annotations/{Arousal,Valence}/<id>-{A,V}.csv``,
        ``EDA/{Arousal,Valence}/<id>_<subject>_{A,V}.csv``, ``A_static.csv``, ``V_static.csv``,
        ``static_features.csv``, ``Chorus/<id>.mp3``
2019    ``metadata.csv``, ``annotations/static_annotations.csv``, ``EDA/<id>_EDA.csv`` (a column per subject),
        ``features/static_features.csv``, ``chorus/<id>.mp3``

References
----------
Zhang, Zhang, Li, Yang, Sun, "The PMEmo dataset for music emotion recognition", ICMR 2018,
doi:10.1145/3206025.3206037.
"""

from dataclasses import replace
from pathlib import Path

from ressin.data.sources.catalog import Catalog
from ressin.errors import InvalidInputError

PUBLISHED = {"songs": 794, "labelled songs": 767, "subjects": 457, "recordings": 7962}


def detect_release(root: Path) -> str:
    """Find the release of PMEmo from the files in a folder.

    Returns
    -------
    release
        ``"2018"`` or ``"2019"``.

    Raises
    ------
    InvalidInputError
        When the folder does not exist or looks like neither; the message says what was looked for.
    """
    if not root.is_dir():
        raise InvalidInputError(f"{root} is not a folder")
    names = {path.name for path in root.iterdir()}
    if "Annotations" in names or (root / "EDA" / "Arousal").is_dir() or (root / "EDA" / "Valence").is_dir():
        # On a disk that ignores case, `annotations` of 2019 never answers to `Annotations`: the listing keeps case.
        return "2018"
    if "annotations" in names or any((root / "EDA").glob("*_EDA.csv")):
        return "2019"
    raise InvalidInputError(
        f"{root} is not a PMEmo folder: it has neither Annotations/ and EDA/Arousal, EDA/Valence (2018) "
        "nor annotations/ and EDA/<id>_EDA.csv (2019)"
    )


def read_pmemo(root: str | Path, *, release: str = "auto") -> Catalog:
    """Read the tables and the list of files of a PMEmo folder.

    Parameters
    ----------
    root
        The folder that holds ``metadata.csv`` and ``EDA``.
    release
        ``"2018"``, ``"2019"`` or ``"auto"``.

    Returns
    -------
    catalog
        Recordings, ratings, songs, and every file that is missing, malformed or disagrees. The EDA files
        themselves are opened later, by `ressin.data.preparation.prepare`.

    Raises
    ------
    InvalidInputError
        Not a PMEmo folder, or an unknown release.
    """
    folder = Path(root)
    if release not in ("auto", "2018", "2019"):
        raise InvalidInputError(f"release {release!r} is not known: '2018', '2019' or 'auto'")
    found = detect_release(folder)
    if release == "auto":
        release = found
    if release == "2018":
        from ressin.data.sources.pmemo2018 import read_2018
        from ressin.data.sources.simulated import read_about

        return replace(read_2018(folder), simulation=read_about(folder))
    from ressin.data.sources.pmemo2019 import read_2019

    return read_2019(folder)


def compare_counts(counts: dict[str, int]) -> str:
    """Compare what was found with the published numbers, one line each.

    Parameters
    ----------
    counts
        As in `Catalog.counts`.
    """
    lines = [f"{'':<16}{'found':>8}{'published':>11}"]
    for name, published in PUBLISHED.items():
        found = counts.get(name, 0)
        remark = "" if found == published else f"   ({found - published:+,})"
        lines.append(f"{name:<16}{found:>8,}{published:>11,}{remark}")
    return "\n".join(lines)
