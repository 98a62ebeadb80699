"""The faults, chosen by hand: each is a mistake that somebody could make and that a user would suffer from."""

from __future__ import annotations

from tests.mutate.harness import Mutant

_CERTIFICATE = (
    "tests/decomposition/test_result.py",
    "tests/decomposition/test_laws.py",
    "tests/decomposition/test_rounding.py",
    "tests/decomposition/test_certificate.py",
)
_STATUS = ("tests/decomposition/test_status.py",)
_PROGRAMME = (
    "tests/decomposition/test_accuracy.py",
    "tests/decomposition/test_laws.py",
    "tests/decomposition/test_qp.py",
)
_BATCH = (
    "tests/decomposition/test_batch.py",
    "tests/decomposition/test_laws.py",
    "tests/decomposition/test_certificate.py",
)
_STREAM = ("tests/stream",)
_PREPARE = ("tests/data/preparation/test_prepare.py",)
_EVALUATE = ("tests/learn/evaluation",)

MUTANTS = (
    # the programme and its proof
    Mutant(
        "certificate without its rounding allowance", "cpp/programme/certificate.cpp", " + unsure;", ";", _CERTIFICATE
    ),
    Mutant(
        "certificate trusts an infeasible multiplier",
        "cpp/programme/certificate.cpp",
        "const double theta = alpha / (alpha + worst);",
        "const double theta = 1.0;",
        _CERTIFICATE,
    ),
    Mutant(
        "certificate without complementarity",
        "cpp/programme/certificate.cpp",
        "gap = std::abs(gp) + ",
        "gap = ",
        _CERTIFICATE,
    ),
    Mutant(
        "certificate without the mismatch of its witness",
        "cpp/programme/certificate.cpp",
        " + mismatch + (1.0",
        " + (1.0",
        _CERTIFICATE,
    ),
    Mutant(
        "a gap that is not finite counts as none",
        "cpp/programme/certificate.cpp",
        "if (!std::isfinite(gap) || !std::isfinite(unit)) evidence = nothing_proved(evidence.objective);",
        "if (!std::isfinite(gap) || !std::isfinite(unit)) evidence.relative_gap = 0.0;",
        (*_CERTIFICATE, "tests/decomposition/test_inputs.py", "tests/core"),
    ),
    Mutant("knots of 2025 end with the signal", "cpp/programme/model.cpp", "n + spacing_ / 2 : n", "n : n", _PROGRAMME),
    Mutant(
        "knots of 2015 pass the end",
        "cpp/programme/model.cpp",
        "n + spacing_ / 2 : n",
        "n + spacing_ / 2 : n + spacing_ / 2",
        _PROGRAMME,
    ),
    Mutant(
        "the drift starts at 0",
        "cpp/programme/model.cpp",
        "static_cast<double>(i + 1) / static_cast",
        "static_cast<double>(i) / static_cast",
        _PROGRAMME,
    ),
    Mutant(
        "slow and fast time constant confused",
        "cpp/programme/model.cpp",
        "r.z0 = (2.0 - a0 * dt) / (2.0 + a0 * dt);",
        "r.z0 = (2.0 - a1 * dt) / (2.0 + a1 * dt);",
        _PROGRAMME,
    ),
    Mutant(
        "delta_knot is cut, not rounded",
        "cpp/programme/model.cpp",
        "std::nearbyint(samples_in(delta_knot, dt))",
        "std::floor(samples_in(delta_knot, dt))",
        (*_PROGRAMME, "tests/decomposition/test_reference.py"),
    ),
    Mutant(
        "a missing sample has weight",
        "cpp/batch/task.cpp",
        "to[i] = w[i] == 0.0 ? 0.0 : to[i];",
        "to[i] = w[i] < 0.0 ? 0.0 : to[i];",
        (*_BATCH, "tests/decomposition/test_inputs.py"),
    ),
    Mutant(
        "the deviation of a sample, not of the population",
        "cpp/batch/task.cpp",
        "correction * correction / weight, 0.0) / weight)",
        "correction * correction / weight, 0.0) / (weight - 1.0))",
        _PROGRAMME,
    ),
    Mutant(
        "the matrices leave gamma out",
        "cpp/programme/qp.cpp",
        "double sum = other == m ? model.settings().gamma : 0.0;",
        "double sum = 0.0;",
        ("tests/decomposition/test_qp.py", "tests/decomposition/test_osqp.py"),
    ),
    Mutant(
        "signals of other lengths share a group",
        "cpp/batch/groups.cpp",
        "return {s.n, s.dt, s.weights != nullptr,",
        "return {4, s.dt, s.weights != nullptr,",
        _BATCH,
    ),
    Mutant("a kept model of other time constants", "cpp/programme/model.cpp", "mine.tau0 == s.tau0", "true", _BATCH),
    # how a solve ends
    Mutant(
        "a kept workspace ignores a new tolerance",
        "cpp/solvers/predictor_corrector.cpp",
        "settings_.tol == settings.tol && ",
        "",
        _STATUS,
    ),
    Mutant(
        "steps that lead nowhere count as iterations that ran out",
        "cpp/solvers/solution.hpp",
        "iterations >= settings.max_iterations ? Status::max_iterations : Status::insufficient_progress",
        "Status::max_iterations",
        _STATUS,
    ),
    Mutant(
        "a window's proof looks at its gap alone",
        "cpp/solvers/window.cpp",
        "? gap : std::max(gap, x.stationarity)",
        "? gap : gap",
        _STATUS,
    ),
    Mutant(
        "parts that are not finite may be optimal",
        "cpp/batch/write.cpp",
        "if (!is_finite(s, *out, has_finite_samples)) {",
        "if (false) {",
        _STATUS,
    ),
    # images
    Mutant(
        "the picture's centres are whole pixels",
        "cpp/image/taps.cpp",
        "static_cast<double>(centre) - 0.5;",
        "static_cast<double>(centre);",
        ("tests/test_image.py",),
    ),
    # what a caller may ask
    Mutant(
        "alpha of 0 is let through",
        "python/ressin/settings.py",
        'if _as_float("alpha", self.alpha) == 0:',
        'if _as_float("alpha", self.alpha) < -1e9:',
        ("tests/decomposition/test_inputs.py",),
    ),
    Mutant(
        "infinite samples are let through",
        "python/ressin/decomposition/inputs.py",
        "    _refuse_infinite(signal)\n    nan",
        "    nan",
        ("tests/decomposition/test_inputs.py",),
    ),
    Mutant(
        "NaN is solved through unasked",
        "python/ressin/decomposition/inputs.py",
        'if missing == "raise" and',
        'if missing == "never" and',
        ("tests/decomposition/test_inputs.py",),
    ),
    Mutant(
        "is_optimal does not look at the sum",
        "python/ressin/decomposition/result.py",
        "            and self._imbalance() <= allowed\n",
        "",
        ("tests/decomposition/test_result.py",),
    ),
    Mutant(
        "is_optimal does not compare the parts",
        "python/ressin/decomposition/result.py",
        "            and furthest <= allowed\n",
        "",
        ("tests/decomposition/test_result.py", "tests/decomposition/test_certificate.py"),
    ),
    Mutant(
        "a sweep counts inaccurate ones as converged",
        "python/ressin/decomposition/sweep.py",
        "self._rows.status == 0",
        "self._rows.status <= 1",
        ("tests/decomposition/test_sweep.py",),
    ),
    Mutant(
        "bands around the biased estimate",
        "python/ressin/decomposition/bands.py",
        "np.subtract(rows.phasic, pilot.phasic,",
        "np.subtract(rows.phasic, decomposition.phasic,",
        ("tests/decomposition/test_bands.py",),
    ),
    # streams
    Mutant(
        "a gap of the longest length starts anew",
        "python/ressin/stream/engine.py",
        "if self.missing_run > self.max_gap:",
        "if self.missing_run >= self.max_gap:",
        _STREAM,
    ),
    Mutant(
        "a clock's gap of the longest length starts anew",
        "python/ressin/stream/engine.py",
        "if n <= self.max_gap:",
        "if n < self.max_gap:",
        _STREAM,
    ),
    Mutant(
        "a clock that runs backwards passes",
        "python/ressin/stream/clock.py",
        "if late < -tolerance:",
        "if late < -1e9:",
        _STREAM,
    ),
    Mutant(
        "joined moments forget the distance of the means",
        "python/ressin/stream/moments.py",
        "self.yy + yy + dy * dy * weight",
        "self.yy + yy",
        _STREAM,
    ),
    Mutant(
        "the past's slope does not start anew",
        "python/ressin/stream/past.py",
        "_TO_NEXT_KNOT[LEVEL, SLOPE] = -1.0",
        "_TO_NEXT_KNOT[LEVEL, SLOPE] = 0.0",
        _STREAM,
    ),
    # files
    Mutant("outputs are written in place", "python/ressin/_files/atomic.py", "os.replace(", "print(", ("tests/files",)),
    # time constants
    Mutant(
        "the default is fitted with alpha held",
        "python/ressin/time_constants/fit.py",
        "default = maximise(likelihood, of_default, (0, 1, 2)[2:n_free], max_iterations)",
        "default = maximise(likelihood, of_default, (), max_iterations)",
        ("tests/time_constants",),
    ),
    # prepared data
    Mutant(
        "a content key without the settings",
        "python/ressin/data/preparation/stock.py",
        "*(SCHEMA_VERSION, version, catalog.kind, settings.as_dict(), [task.key for task in tasks]),",
        "*(SCHEMA_VERSION, version, catalog.kind, [task.key for task in tasks]),",
        _PREPARE,
    ),
    Mutant(
        "an old meta.json stays while tables are rewritten",
        "python/ressin/data/preparation/prepare.py",
        "        (target / schema.META).unlink(missing_ok=True)\n",
        "",
        _PREPARE,
    ),
    Mutant(
        "a piece's key without the settings",
        "python/ressin/data/preparation/stock.py",
        "catalog.kind, settings.as_dict(), content]",
        "catalog.kind, content]",
        _PREPARE,
    ),
    Mutant(
        "a high rating is one at the threshold",
        "python/ressin/data/preparation/labels.py",
        "(ratings[dimension] > threshold)",
        "(ratings[dimension] >= threshold)",
        ("tests/data/preparation/test_labels.py",),
    ),
    Mutant(
        "the threshold is the first centre",
        "python/ressin/data/preparation/labels.py",
        "0.5 * (a + b) if abs(a - b)",
        "a if abs(a - b)",
        ("tests/data/preparation/test_labels.py",),
    ),
    # learning
    Mutant(
        "a fold's cache key without its training rows",
        "python/ressin/learn/evaluation/evaluate.py",
        "    digest.update(train.astype(np.int64).tobytes())\n",
        "",
        _EVALUATE,
    ),
    Mutant(
        "a fold's cache key without the classifier's settings",
        "python/ressin/learn/evaluation/evaluate.py",
        "classifier.name, classifier.key()])",
        "classifier.name])",
        _EVALUATE,
    ),
    Mutant(
        "the majority is that of the test part",
        "python/ressin/learn/evaluation/evaluate.py",
        "2 * data.label[train].sum() >= len(train)",
        "2 * data.label[test].sum() >= len(test)",
        _EVALUATE,
    ),
    Mutant(
        "folds may share people",
        "python/ressin/learn/evaluation/folds.py",
        '("recording_id", "pair", *DISJOINT[folds.kind])',
        '("recording_id", "pair")',
        _EVALUATE,
    ),
    Mutant(
        "a tie of scores counts whole",
        "python/ressin/learn/evaluation/metrics.py",
        "(below + 0.5 * low_at)",
        "(below + low_at)",
        _EVALUATE,
    ),
    Mutant(
        "intervals by sample, not by person",
        "python/ressin/learn/evaluation/metrics.py",
        "_, code = np.unique(people, return_inverse=True)",
        "code = np.arange(len(people))",
        _EVALUATE,
    ),
)
