"""Samples from the Lab Streaming Layer."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

import numpy as np

from ressin.errors import MissingExtraError, RecordingError
from ressin.io.live.feeds import Samples
from ressin.io.units import parse_unit, to_microsiemens


class LslFeed:
    """One channel of a stream on the Lab Streaming Layer.

    Parameters
    ----------
    what
        ``property=value`` of the stream, such as ``type=EDA`` or ``source_id=shimmer-5``, or its name alone.
    channel
        The channel's label, or its number from 1; None where the stream has one.
    sampling_rate
        Hz; None takes the stream's nominal rate.
    unit
        Of the samples, where the stream does not state it or states it wrong.
    timeout
        Seconds to look for the stream.

    Raises
    ------
    MissingExtraError
        pylsl, or the library liblsl that it needs, is not installed.
    RecordingError
        There is no such stream or channel, more than one stream, no rate, or the unit is none of skin conductance.
    """

    def __init__(
        self, what: str, channel: str | None = None, sampling_rate: float | None = None, unit: str | None = None,
        timeout: float = 10.0,
    ) -> None:  # fmt: skip
        pylsl = _pylsl()
        self._what = what
        info = self._find(pylsl, timeout)
        # times on this machine's clock, without the network's jitter; after a loss of the stream it is looked for again
        flags = pylsl.proc_clocksync | pylsl.proc_dejitter
        self._inlet = pylsl.StreamInlet(info, max_buflen=360, recover=True, processing_flags=flags)
        self._inlet.open_stream(timeout=timeout)
        full = self._inlet.info(timeout=timeout)
        self._channel = self._find_channel(full, channel)
        self._unit = parse_unit(unit or self._stated_unit(full))
        if unit is None:
            self._refuse_other_units(info.name())
        rate = full.nominal_srate() if sampling_rate is None else sampling_rate
        if not rate > 0:
            self.close()
            raise RecordingError(f"LSL stream {info.name()!r} has no fixed rate: give the sampling rate in Hz")
        self._rate = float(rate)
        self.name = str(info.name())

    @property
    def about(self) -> Sequence[str]:
        """What was found out about the samples, in sentences."""
        if self._unit.kind in ("conductance", "resistance"):
            return [f"LSL stream {self.name!r}: {self._unit.text}, {self._rate:g} Hz"]
        unit = self._unit.text or "unknown"
        return [f"LSL stream {self.name!r}: {self._rate:g} Hz; the unit is {unit}: thresholds in uS do not apply"]

    @property
    def sampling_rate(self) -> float | None:
        """Hz."""
        return self._rate

    def read(self, timeout: float) -> Samples | None:
        """Return what has come, waiting up to `timeout` seconds for it; a stream has no end that is known."""
        samples, times = self._inlet.pull_chunk(timeout=timeout, max_samples=max(1, round(self._rate)), min_samples=1)
        if not len(times):
            return Samples(np.empty(0), None)
        signal = np.asarray(samples, dtype=np.float64)[:, self._channel]
        signal = np.where(np.isfinite(signal), signal, np.nan)
        if self._unit.kind in ("conductance", "resistance"):
            signal, _ = to_microsiemens(signal, self._unit)
        return Samples(signal, np.asarray(times, dtype=np.float64), came=True)

    def rest(self) -> Samples:
        """Return nothing: samples come whole."""
        return Samples(np.empty(0), None)

    def close(self) -> None:
        """Close the inlet."""
        self._inlet.close_stream()

    def _stated_unit(self, info: Any) -> str:
        units = info.get_channel_units() or []
        return str(units[self._channel] or "") if self._channel < len(units) else ""

    def _refuse_other_units(self, name: str) -> None:
        if self._unit.kind not in ("", "conductance", "resistance", "z-scores"):
            self.close()
            raise RecordingError(
                f"LSL stream {name!r} is in {self._unit.text}, not in microsiemens; name another channel, or the unit "
                f"with --unit: {self._unit.text} to decompose them as they are, uS if they are microsiemens"
            )

    def _find(self, pylsl: ModuleType, timeout: float) -> Any:
        prop, _, value = self._what.rpartition("=")
        found = pylsl.resolve_byprop(prop or "name", value, timeout=timeout)
        names = sorted(f"{info.name()!r} (source_id {info.source_id()!r})" for info in found)
        if not found:
            raise RecordingError(f"no LSL stream with {prop or 'name'} {value!r} was found within {timeout:g} s")
        if len(found) > 1:
            raise RecordingError(
                f"{len(found)} LSL streams have {prop or 'name'} {value!r}: {', '.join(names)}; choose one by another "
                "property, such as source_id=..."
            )
        return found[0]

    def _find_channel(self, info: Any, channel: str | None) -> int:
        count = info.channel_count()
        labels = info.get_channel_labels() or []
        labels = [str(label) if label is not None else "" for label in labels]
        if channel is None and count == 1:
            return 0
        if channel is not None and channel in labels:
            return labels.index(channel)
        if channel is not None and channel.isdigit() and 1 <= int(channel) <= count:
            return int(channel) - 1
        self.close()
        shown = ", ".join(map(repr, labels)) or "without labels"
        said = "say which" if channel is None else f"none is {channel!r}"
        raise RecordingError(
            f"LSL stream {info.name()!r} has {count} channels ({shown}): {said}, by label or number from 1"
        )


def _pylsl() -> ModuleType:
    try:
        return import_module("pylsl")
    except (ImportError, RuntimeError, OSError):  # it raises RuntimeError where it finds no liblsl
        raise MissingExtraError("pylsl with liblsl", "lsl", "reading from the Lab Streaming Layer") from None
