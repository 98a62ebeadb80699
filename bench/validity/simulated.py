"""The table over simulated recordings: responses, parts and impossible tonic levels, whole and by kind."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

import ressin
from bench.validity.methods import OWN, STANDARD, attempt
from bench.validity.scores import TOLERANCE, Score, score
from bench.validity.tables import number, share, spread, table
from ressin.simulation.kinds import KINDS

TUNING, TABLE = 0, 1_000_000
"""First seeds: whoever tunes a constant takes seeds from 0 to 999,999; the table takes those from a million on."""

REPLICATES = 1000
Picks = dict[str, NDArray[np.int64]]
Row = tuple[str, str]  # method and detector


@dataclass(frozen=True)
class Task:
    kind: str
    seed: int
    seconds: float
    chosen: tuple[str, ...]
    tolerance: float


def recording(kind: str, seed: int, seconds: float) -> ressin.SimulatedRecording:
    """Return one of the table's recordings; no two kinds share their draws."""
    return ressin.simulate_recording(kind, seconds, rng=np.random.default_rng([seed, list(KINDS).index(kind)]))


def run(task: Task) -> dict[Row, Score | str]:
    """Score every method and detector on one recording; text where a method gave an error."""
    made = recording(task.kind, task.seed, task.seconds)
    scores: dict[Row, Score | str] = {}
    for name in task.chosen:
        estimate = attempt(name, made.signal, made.sampling_rate)
        if isinstance(estimate, str):
            scores[name, STANDARD] = scores[name, OWN] = estimate
            continue
        for detector, found in estimate.found.items():
            scores[name, detector] = score(made, estimate, found, task.tolerance)
    return scores


@dataclass(frozen=True)
class Summary:
    """Figures of one method and detector over recordings sorted by kind."""

    scores: dict[str, list[Score]]  # by kind

    def f1(self, picks: Picks | None = None) -> float:
        """Return the mean over kinds with responses of their pooled F1."""
        return _mean(_f1(scores) for scores in self._picked(picks) if any(s.hits + s.misses for s in scores))

    def error(self, name: str, picks: Picks | None = None) -> float:
        """Return the geometric mean of an error over recordings, then over kinds."""
        values = [np.array([getattr(s, name) for s in scores]) for scores in self._picked(picks)]
        logs = [np.log(np.maximum(v[np.isfinite(v)], 1e-6)) for v in values if np.isfinite(v).any()]
        return float(np.exp(_mean(x.mean() for x in logs)))

    def false_per_minute(self, picks: Picks | None = None, *, at_rest: bool = False) -> float:
        """Return false responses a minute over kinds with responses, or over those at rest."""
        chosen = [x for x in self._picked(picks) if at_rest != any(s.hits + s.misses for s in x)]
        return _mean(sum(s.false for s in x) / sum(s.minutes for s in x) for x in chosen)

    def amplitude_error(self) -> float:
        """Return the median relative error of the amplitudes of hits, as the mean over kinds."""
        return _mean(self._deviations(lambda ratios: float(np.median(np.abs(ratios - 1.0)))))

    def amplitude_ratio(self) -> float:
        return _mean(self._deviations(lambda ratios: float(np.median(ratios))))

    def worst_correlation(self) -> float:
        values = [s.correlation for scores in self.scores.values() for s in scores if np.isfinite(s.correlation)]
        return float(min(values, default=float("nan")))

    def below_zero(self) -> float:
        return float(np.mean([s.below_zero for scores in self.scores.values() for s in scores]))

    def _deviations(self, of: Callable[[NDArray[np.float64]], float]) -> list[float]:
        pooled = [np.concatenate([s.amplitude_ratios for s in scores]) for scores in self.scores.values()]
        return [of(ratios) for ratios in pooled if ratios.size]

    def _picked(self, picks: Picks | None) -> list[list[Score]]:
        if picks is None:
            return list(self.scores.values())
        return [[scores[i] for i in picks[kind]] for kind, scores in self.scores.items()]


def _f1(scores: list[Score]) -> float:
    hits = sum(s.hits for s in scores)
    return 2.0 * hits / max(2 * hits + sum(s.misses + s.false for s in scores), 1)


def _mean(values: Iterable[float]) -> float:
    held = list(values)
    return float(np.mean(held)) if held else float("nan")


def measure(
    kinds: list[str], chosen: list[str], *, seeds: int, first: int, minutes: float, workers: int, tolerance: float
) -> dict[Row, Summary]:
    """Run the methods over `seeds` recordings of each kind; print what failed."""
    tasks = [
        Task(kind, first + k, 60.0 * minutes, tuple(chosen), tolerance) for k in range(seeds) for kind in kinds
    ]  # kinds in turn, so that the long ones do not come together
    collected: dict[Row, dict[str, list[Score]]] = {}
    failed: dict[str, list[str]] = {}
    for task, scores in zip(tasks, spread(run, tasks, workers), strict=True):
        for row, value in scores.items():
            if isinstance(value, str):
                failed.setdefault(row[0], []).append(f"{task.kind} seed {task.seed}: {value}")
            else:
                collected.setdefault(row, {kind: [] for kind in kinds})[task.kind].append(value)
    for name, texts in failed.items():
        print(f"{name} failed on {len(texts) // 2} of {len(tasks)} recordings and is not judged by them. {texts[0]}\n")
    return {row: Summary({k: s for k, s in by_kind.items() if s}) for row, by_kind in collected.items()}


HEADER = (
    "method", "responses by", "F1", "amplitude error", "amplitude ratio", "tonic error", "phasic error", "false/min",
    "at rest/min", "worst correlation", "recordings with tonic < 0",
)  # fmt: skip


def print_whole(summaries: dict[Row, Summary]) -> None:
    """Print one row a method and detector over all kinds."""
    table(
        HEADER,
        (
            (
                name, detector, number(s.f1()), share(s.amplitude_error()), number(s.amplitude_ratio()),
                number(s.error("tonic_error")), number(s.error("phasic_error")), number(s.false_per_minute()),
                number(s.false_per_minute(at_rest=True)), number(s.worst_correlation()), share(s.below_zero()),
            )
            for (name, detector), s in summaries.items()
        ),
    )  # fmt: skip


def print_by_kind(summaries: dict[Row, Summary], what: str, of: Callable[[Summary], str]) -> None:
    """Print one figure, a row a kind and a column a method."""
    columns = {name: s for (name, _), s in _best(summaries).items()}
    kinds = list(next(iter(columns.values())).scores)
    print(f"{what}, by kind:\n")
    rows = (
        (kind, *(of(Summary({kind: s.scores[kind]})) if kind in s.scores else "-" for s in columns.values()))
        for kind in kinds
    )
    table(("kind", *columns), rows)


def print_differences(summaries: dict[Row, Summary], seed: int = 0) -> None:
    """Print the first method less each other, with paired bootstrap intervals over recordings within kinds."""
    summaries = _best(summaries)
    names = list(summaries)
    first, reference = names[0], summaries[names[0]]
    rng = np.random.default_rng(seed)
    print(
        f"{first[0]} against the others: difference of F1 and of false/min, ratio of errors (95 % intervals, paired):\n"
    )
    rows = []
    for name in names[1:]:
        a, b = _paired(reference, summaries[name])
        replicates = [_compared(a, b, picks) for picks in _picks(rng, a)]
        low, high = np.nanpercentile(np.array(replicates), (2.5, 97.5), axis=0)
        centre = _compared(a, b, None)
        rows.append((name[0], *(f"{c:.2f} ({x:.2f} to {y:.2f})" for c, x, y in zip(centre, low, high, strict=True))))
    table(("other", "F1 difference", "phasic error ratio", "tonic error ratio", "false/min difference"), rows)


def _best(summaries: dict[Row, Summary]) -> dict[Row, Summary]:
    """Keep of each method the detector that serves it best, by F1 over all kinds."""
    rows: dict[str, Row] = {}
    for row, summary in summaries.items():
        held = rows.get(row[0])
        if held is None or summary.f1() > summaries[held].f1():
            rows[row[0]] = row
    return {row: summaries[row] for row in rows.values()}


def _paired(a: Summary, b: Summary) -> tuple[Summary, Summary]:
    """Keep the kinds in which both have all recordings."""
    kinds = [k for k in a.scores if k in b.scores and len(a.scores[k]) == len(b.scores[k])]
    return Summary({k: a.scores[k] for k in kinds}), Summary({k: b.scores[k] for k in kinds})


def _picks(rng: np.random.Generator, summary: Summary) -> list[Picks]:
    return [{k: rng.integers(len(s), size=len(s)) for k, s in summary.scores.items()} for _ in range(REPLICATES)]


def _compared(a: Summary, b: Summary, picks: Picks | None) -> tuple[float, float, float, float]:
    return (
        a.f1(picks) - b.f1(picks),
        a.error("phasic_error", picks) / b.error("phasic_error", picks),
        a.error("tonic_error", picks) / b.error("tonic_error", picks),
        a.false_per_minute(picks) - b.false_per_minute(picks),
    )


def main(
    *, seeds: int, minutes: float, workers: int, tuning: bool, kinds: list[str], chosen: list[str],
    tolerance: float = TOLERANCE, first: int | None = None,
) -> None:  # fmt: skip
    start = (TUNING if tuning else TABLE) if first is None else first
    print("## Simulated recordings\n")
    print(f"{len(kinds)} kinds, {seeds} recordings of {minutes:g} min each, seeds from {start}"
          f"{' (for tuning)' if start < TABLE else ''}; a response is found within {tolerance:g} s.\n")  # fmt: skip
    summaries = measure(kinds, chosen, seeds=seeds, first=start, minutes=minutes, workers=workers, tolerance=tolerance)
    print_whole(summaries)
    print_differences(summaries)
    print_by_kind(summaries, "F1", lambda s: number(s.f1()))
    print_by_kind(summaries, "Phasic error", lambda s: number(s.error("phasic_error")))
    print_by_kind(summaries, "Tonic error", lambda s: number(s.error("tonic_error")))
    print_by_kind(summaries, "False responses a minute", lambda s: number(
        np.nansum([s.false_per_minute(), s.false_per_minute(at_rest=True)])))  # fmt: skip
