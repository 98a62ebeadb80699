"""The figures that the paper prints (Yin et al., ICIP 2019), as shares, for comparison.

The data differ unless PMEmo was given: they are for orientation, not for a test.
"""

from __future__ import annotations

CITATION = (
    "Yin, Sun, Zhang, Yu, Li, Zhang, Zou, “User independent emotion recognition with residual signal-image "
    "network”, ICIP 2019, doi:10.1109/ICIP.2019.8803627"
)
METRICS = ("accuracy", "f1", "precision", "recall")

# Table 1: RMSE and Pearson's r; the paper calls the origin channel "baseline".
TABLE_1: dict[tuple[str, str, str], tuple[float, float]] = {
    ("arousal", "MLR", "origin"): (0.1860, 0.0110),
    ("arousal", "MLR", "tonic"): (0.1760, 0.0462),
    ("arousal", "MLR", "phasic"): (0.1759, 0.0395),
    ("valence", "MLR", "origin"): (0.1390, 0.0630),
    ("valence", "MLR", "tonic"): (0.1343, 0.0699),
    ("valence", "MLR", "phasic"): (0.1321, 0.0645),
    ("arousal", "SVR", "origin"): (0.1940, 0.0400),
    ("arousal", "SVR", "tonic"): (0.1769, 0.0537),
    ("arousal", "SVR", "phasic"): (0.1769, 0.0635),
    ("valence", "SVR", "origin"): (0.1410, 0.0170),
    ("valence", "SVR", "tonic"): (0.1401, 0.0553),
    ("valence", "SVR", "phasic"): (0.1400, 0.0880),
}

# Table 2: accuracy, F1, precision, recall, under the random split; part (2) gives the first two only.
TABLE_2: dict[tuple[str, str], tuple[float, ...]] = {
    ("valence", "fusion-origin"): (0.6619, 0.7459, 0.8602, 0.6583),
    ("valence", "fusion-tonic"): (0.6676, 0.7520, 0.8735, 0.6601),
    ("valence", "fusion-phasic"): (0.6841, 0.7261, 0.7259, 0.7264),
    ("valence", "fusion-mix"): (0.7343, 0.7754, 0.8364, 0.7227),
    ("arousal", "fusion-origin"): (0.7080, 0.7734, 0.8478, 0.7111),
    ("arousal", "fusion-tonic"): (0.7124, 0.7822, 0.8788, 0.7048),
    ("arousal", "fusion-phasic"): (0.7326, 0.7797, 0.8051, 0.7559),
    ("arousal", "fusion-mix"): (0.7365, 0.7856, 0.8212, 0.7529),
    ("valence", "eda-mix"): (0.5592, 0.5883),
    ("valence", "music-svm"): (0.7043, 0.7532),
    ("arousal", "eda-mix"): (0.5724, 0.6012),
    ("arousal", "music-svm"): (0.7149, 0.7636),
}


def classification(label: str, split: str, model: str) -> dict[str, float]:
    """Give what the paper prints for a model, by metric; empty where it prints nothing."""
    if split != "random":
        return {}
    return dict(zip(METRICS, TABLE_2.get((label, model), ()), strict=False))


def regression(label: str, split: str, method: str, channel: str) -> dict[str, float]:
    """Give what the paper prints in Table 1; empty where it prints nothing."""
    found = TABLE_1.get((label, method, channel)) if split == "random" else None
    return {} if found is None else {"rmse": found[0], "correlation": found[1]}
