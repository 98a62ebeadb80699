"""Which files a run before this one has finished: same file, same options, same version."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from ressin._core import __version__
from ressin.cli.decompose.outputs import Target
from ressin.io.source import archive_of

if TYPE_CHECKING:
    from ressin.cli.decompose.work import Options


def run_key(target: Target, options: Options) -> str:
    """Return a digest of all that a file's results depend on: its size and time of change, options, version."""
    file = archive_of(target.source) or target.source
    try:
        about = os.stat(file)
        state = [str(target.source), about.st_size, about.st_mtime_ns]
    except OSError:
        state = [str(target.source)]
    settings = {**options.settings, "n_threads": None}
    asked = {**asdict(options), "settings": settings, "state": state, "version": __version__}
    return hashlib.blake2b(json.dumps(asked, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()


def is_done(target: Target, key: str) -> bool:
    """Whether the results of a target stand there and are those of the same run."""
    first_part = target.evidence.name.replace("_evidence.json", "_part1_evidence.json")
    return key in (_key_in(target.evidence), _key_in(target.evidence.with_name(first_part)))


def _key_in(evidence: Path) -> str | None:
    try:
        content = json.loads(evidence.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    run = content.get("run") if isinstance(content, dict) else None
    return run if isinstance(run, str) else None
