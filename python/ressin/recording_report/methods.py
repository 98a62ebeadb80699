"""The sentences for the methods section of a paper, and the references that they cite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ressin._core import __version__
from ressin.decomposition.validity import ValidityRules
from ressin.recording_report.facts import number_text

if TYPE_CHECKING:
    from ressin.recording_report.reported import Reported

_REFERENCES = {
    "cvxeda": "Greco, A., Valenza, G., Lanata, A., Scilingo, E. P., & Citi, L. (2016). cvxEDA: A convex optimization "
    "approach to electrodermal activity processing. IEEE Transactions on Biomedical Engineering, 63(4), 797\u2013804. "
    "https://doi.org/10.1109/TBME.2015.2474131",
    "owen": "Owen, A. B. (2007). A robust hybrid of lasso and ridge regression. Contemporary Mathematics, 443, "
    "59\u201372.",
    "candes": "Cand\u00e8s, E. J., Wakin, M. B., & Boyd, S. P. (2008). Enhancing sparsity by reweighted \u21131 "
    "minimization. Journal of Fourier Analysis and Applications, 14, 877\u2013905. "
    "https://doi.org/10.1007/s00041-008-9045-x",
    "boucsein": "Boucsein, W., Fowles, D. C., Grimnes, S., Ben-Shakhar, G., Roth, W. T., Dawson, M. E., & Filion, D. "
    "L. (2012). Publication recommendations for electrodermal measurements. Psychophysiology, 49(8), "
    "1017\u20131034. https://doi.org/10.1111/j.1469-8986.2012.01384.x",
    "kleckner": "Kleckner, I. R., Jones, R. M., Wilder-Smith, O., Wormwood, J. B., Akcakaya, M., Quigley, K. S., "
    "Lord, C., & Goodwin, M. S. (2018). Simple, transparent, and flexible automated quality assessment procedures for "
    "ambulatory electrodermal activity data. IEEE Transactions on Biomedical Engineering, 65(7), 1460\u20131467. "
    "https://doi.org/10.1109/TBME.2017.2758643",
}


def methods(reported: Reported) -> tuple[str, list[str]]:
    """Return the sentences, and the references in the order in which they are cited.

    Returns
    -------
    text : str
        Sentences that say what was done to this recording, with numbers in brackets for the references.
    references : list of str
        The first belongs to [1], and so on.
    """
    cited: list[str] = []

    def cite(name: str) -> str:
        if name not in cited:
            cited.append(name)
        return f"[{cited.index(name) + 1}]"

    result, settings, unit = reported.result, reported.result.settings, reported.shown_unit
    times = f"tau0 = {settings.tau0:g} s, tau1 = {settings.tau1:g} s, a knot every {settings.delta_knot:g} s"
    device = reported.recording.device if reported.recording is not None else ""
    recorded = f"Skin conductance was recorded at {result.sampling_rate:g} Hz" + (f" ({device})" if device else "")
    if result.robust is None:
        how = (
            f"the convex programme cvxEDA {cite('cvxeda')} ({times}, alpha = {settings.alpha:g}, "
            f"gamma = {settings.gamma:g}, {settings.revision} revision"
            f"{', on the z-scored signal' if settings.standardize else ''})"
        )
    else:
        how = (
            f"the robust programme of ressin, which extends cvxEDA {cite('cvxeda')} by outliers and steps of the level "
            f"with absolute costs {cite('owen')} and reweighting {cite('candes')} ({times}; its costs are found from "
            f"the noise of the recording, {number_text(result.robust.noise, unit)} here, which lets responses "
            f"from {number_text(result.robust.smallest_response, unit)} be told from it)"
        )
    proved = (
        f"; the solution is proved optimal to a relative duality gap of {result.relative_gap:.1g}"
        if result.converged
        else f"; the solution is not proved optimal (status: {result.status})"
    )
    parts = [
        f"{recorded} and decomposed into a tonic and a phasic part with ressin {__version__} by {how}{proved}.",
        _responses(reported, cite("boucsein")),
    ]
    if reported.trials is not None:
        first, last = reported.latency
        parts.append(
            f"A response that began {first:g} to {last:g} s after an event was taken as the event's {cite('boucsein')}."
        )
        if reported.trials["Overlap"].any():
            parts.append(
                "Where the latency windows of events overlapped, a response was assigned to the event that it most "
                "probably answered, by its latency and size."
            )
    parts.append(_validity(reported, cite("kleckner")))
    return " ".join(parts), [_REFERENCES[name] for name in cited]


def _responses(reported: Reported, recommendations: str) -> str:
    least = reported.min_amplitude
    if reported.result.smallest_response is not None:
        least = max(least, reported.result.smallest_response)
    return (
        f"A skin conductance response was an impulse of the driver whose response reaches at least "
        f"{number_text(least, reported.shown_unit)}, rises in 0.5 to 5 s and is seen in the signal above "
        f"its noise {recommendations}."
    )


def _validity(reported: Reported, kleckner: str) -> str:
    rules = ValidityRules()
    validity = reported.result.validity
    assert rules.low is not None
    assert rules.near is not None
    own = "" if reported.result.robust is None else ", outliers and steps found by the decomposition"
    assert rules.temperature is not None
    cold, warm = rules.temperature
    worn = "" if reported.result.temperature is None else f", where the skin was not {cold:g} to {warm:g} \u00b0C warm"
    return (
        f"Samples were not trusted outside of {rules.low:g} to {rules.high:g} \u00b5S, where they changed by more than "
        f"{rules.max_slope:g} \u00b5S/s{worn}, and within {rules.near:g} s of such samples {kleckner}; nor were "
        f"missing, flat and clipped stretches, abrupt steps and stretches off the skin{own}, which left "
        f"{validity.share:.1%} of the recording."
    )
