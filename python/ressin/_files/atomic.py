"""Files that are either written whole or not at all."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ressin.errors import OutputError


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name in the folder of `path` to write to, and move it to `path` when the block ends well.

    The temporary name ends like `path`, so that a writer that chooses its format by the suffix chooses the same one.
    When the block raises, the temporary file is removed and the file that was at `path` is untouched.

    Parameters
    ----------
    path
        Where the file shall be in the end. Its folder must exist; a symbolic link is followed.

    Yields
    ------
    Path
        The name to write to. It does not exist yet and its folder is the one of `path`.

    Raises
    ------
    OutputError
        If the folder is missing or cannot be written, if `path` is a folder or a device, or if writing fails (for
        instance because the disk is full).
    """
    target = Path(os.path.realpath(path))
    _check_target(Path(path), target)
    # The name starts with a dot and the process id: two processes never share it, and a listing does not show it.
    temporary = target.with_name(f".{os.getpid()}.part.{target.name}")
    try:
        yield temporary
        os.replace(temporary, target)
    except OutputError:  # which says all of this already
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise OutputError(f"cannot write {path}: {reason}") from error
    finally:
        temporary.unlink(missing_ok=True)


def _check_target(path: Path, target: Path) -> None:
    """Refuse a target that a rename would destroy or that cannot take a file."""
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {path}: the folder {target.parent} does not exist")
    try:
        mode = target.stat().st_mode
    except FileNotFoundError:
        mode = None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from error
    if mode is not None and stat.S_ISDIR(mode):
        raise OutputError(f"cannot write {path}: it is a folder; give the name of a file in it")
    if mode is not None and not stat.S_ISREG(mode):
        raise OutputError(f"cannot write {path}: it is not a regular file, and moving a result there would replace it")
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise OutputError(f"cannot write {path}: no permission to write in the folder {target.parent}")


__all__ = ["replacing"]
