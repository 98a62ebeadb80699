"""The list of layouts: whatever is not in it is not read."""

from __future__ import annotations

from ressin.errors import NotEdaError, RecordingError
from ressin.io.layout import Layout, Match
from ressin.io.layouts import (
    acq,
    acqknowledge,
    affectiva,
    arduino,
    bids,
    biotrace,
    brainvision,
    edf,
    embraceplus,
    embraceplus_avro,
    emotibit,
    empatica,
    excel,
    gazepoint,
    hdf5,
    imotions,
    labchart,
    ledalab,
    matlab,
    mindware,
    neurokit,
    numpy_array,
    opensignals,
    opensignals_h5,
    parquet,
    plain,
    shimmer,
    tobii,
    unisens,
    wfdb,
    xdf,
)
from ressin.io.magic import foreign
from ressin.io.source import Content, content_suffix

LAYOUTS: tuple[Layout, ...] = (
    empatica.LAYOUT,
    embraceplus.LAYOUT,
    shimmer.LAYOUT,
    imotions.LAYOUT,
    opensignals.LAYOUT,
    opensignals_h5.LAYOUT,
    acqknowledge.LAYOUT,
    labchart.LAYOUT,
    mindware.LAYOUT,
    biotrace.LAYOUT,
    affectiva.LAYOUT,
    ledalab.LAYOUT,
    emotibit.LAYOUT,
    gazepoint.LAYOUT,
    tobii.LAYOUT,
    neurokit.LAYOUT,
    bids.LAYOUT,
    arduino.LAYOUT,
    matlab.LAYOUT,
    hdf5.LAYOUT,
    acq.LAYOUT,
    embraceplus_avro.LAYOUT,
    edf.LAYOUT,
    xdf.LAYOUT,
    excel.LAYOUT,
    wfdb.LAYOUT,
    brainvision.LAYOUT,
    unisens.LAYOUT,
    parquet.LAYOUT,
    numpy_array.LAYOUT,
    plain.LAYOUT,
)


def find_layout(content: Content) -> tuple[Layout, Match]:
    """Return the layout that fits a file best, and why.

    Raises
    ------
    RecordingError
        If none fits, or the file's name says another format than its content: the message names the format by the
        first bytes, and says what to do.
    """
    matches = [(match, layout) for layout in LAYOUTS if (match := layout.sniff(content)) is not None]
    best = max(matches, key=lambda found: found[0].score, default=None)
    if best is None or best[0].score < 0.5:
        what = foreign(content)
        if what is not None:
            raise NotEdaError(f"{content.path}: is {what}")
        _check_name(content)
        _refuse_samples_of_others(content)
    if best is None:
        try:
            content.text  # noqa: B018  # says why it is no text
        except RecordingError as error:
            raise NotEdaError(str(error)) from error
        raise RecordingError(f"{content.path}: there are no rows of data, only empty lines")
    return best[1], best[0]


def _refuse_samples_of_others(content: Content) -> None:
    """Name the header of a file that holds samples alone."""
    suffix = content.path.suffix.lower()
    for own, header, what in ((".eeg", ".vhdr", "BrainVision"), (".dat", ".hea", "WFDB"), (".bin", "", "Unisens")):
        name = content.path.with_suffix(header).name if header else "unisens.xml"
        if suffix == own and not content.head and content.beside(name) is not None:
            raise NotEdaError(f"{content.path}: holds the samples of a {what} recording; give its header, {name}")


def _check_name(content: Content) -> None:
    """Refuse a text with the name of a binary format."""
    suffix = content_suffix(content.path)
    if suffix in (".npy", ".parquet", ".mat", ".edf", ".bdf", ".acq", ".avro", ".h5", ".hdf5", ".xdf", ".xlsx", ".xls"):
        raise RecordingError(
            f"{content.path}: is named {suffix} but does not begin like one: it begins with {content.data[:6]!r}; "
            "was it cut short? copy it again"
        )


def documentation_table() -> str:
    """Return the table of layouts in Markdown, as it stands in the documentation."""
    lines = ["| layout | extension | device | rate from | unit | markers | library |", "| --- " * 7 + "|"]
    for layout in LAYOUTS:
        cells = (layout.name, layout.extensions, layout.device, layout.rate, layout.unit, layout.markers)
        lines.append("| " + " | ".join((*cells, layout.library or "-")) + " |")
    return "\n".join(lines) + "\n"
