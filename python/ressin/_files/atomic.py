"""Files that are either written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from ressin._files.interrupted import check_interrupted
from ressin.errors import OutputError, shown

PART = ".part."
MAX_NAME_BYTES = 255  # of a file's name, on the usual file systems


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary name in the folder of `path` to write to, and move it to `path` when the block ends well.

    The temporary name ends like `path`, so that a writer that chooses its format by the suffix chooses the same one.
    When the block raises, the temporary file is removed and the file that was at `path` is untouched. What killed
    processes left of theirs on the way to `path` before this one first wrote to the folder is removed.

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
    KeyboardInterrupt
        After a Ctrl-C that something else has caught: nothing is written any more.
    """
    check_interrupted()
    try:
        target = Path(os.path.realpath(path))
    except ValueError as error:  # a null character
        raise OutputError(f"cannot write {os.fspath(path)!r}: {error}") from None
    _check_target(Path(path), target)
    temporary = target.with_name(temporary_name(target.name))
    _remove_ended(_found_first(target.parent).pop(_ending(target.name), []))
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


def temporary_name(name: str) -> str:
    """Name what is to be renamed to `name`: a dot, the process id and the end of `name`, of 255 bytes at most.

    Two processes never share it, a listing does not show it, and its suffix is that of `name`.
    """
    start = f".{os.getpid()}{PART}"
    kept = os.fsencode(name)[-(MAX_NAME_BYTES - len(start)) :]
    if len(kept) == len(os.fsencode(name)):
        return start + name
    # Two files of one folder and process whose long names end alike are told apart by the digest.
    digest = hashlib.blake2b(os.fsencode(name), digest_size=8).hexdigest()
    return f"{start}{digest}{Path(name).suffix}"


def remove_leftovers_of(paths: Iterable[Path]) -> int:
    """Remove the temporary files that killed processes left beside these files; return how many there were.

    Only those that were to be renamed to one of `paths`, and whose process no longer runs on this machine.
    """
    folders: dict[Path, set[str]] = {}
    for path in paths:
        target = Path(os.path.realpath(path))
        folders.setdefault(target.parent, set()).add(_ending(target.name))
    return sum(
        _remove_ended(there)
        for folder, names in folders.items()
        for name, there in _temporaries(folder).items()
        if name in names
    )


def _ending(name: str) -> str:
    """Return what the temporary names of a file have in common."""
    return temporary_name(name).partition(PART)[2]


def _temporaries(folder: Path) -> dict[str, list[Path]]:
    """Return the temporary files of a folder, of processes that run or not, by what their names have in common."""
    found: dict[str, list[Path]] = {}
    with suppress(OSError):  # a folder that is not there, or that must not be listed
        for entry in folder.iterdir():
            start, part, name = entry.name.partition(PART)
            if part and start[:1] == "." and start[1:].isdecimal():
                found.setdefault(name, []).append(entry)
    return found


@lru_cache(maxsize=256)
def _found_first(folder: Path) -> dict[str, list[Path]]:
    """Return the temporary files that a folder had when this process first wrote to it.

    To list a folder anew for every file takes a time that grows with the square of their number.
    """
    return _temporaries(folder)


def _remove_ended(temporaries: Iterable[Path]) -> int:
    """Remove the files of processes that have ended, and count them."""
    count = 0
    for path in temporaries:
        if _runs(int(path.name[1:].partition(PART)[0])):
            continue
        with suppress(OSError):  # in use, on Windows; or another run was faster
            path.unlink()
            count += 1
    return count


def _runs(process: int) -> bool:
    """Whether a process runs; on Windows, where a file in use cannot be removed, it need not be known."""
    if os.name == "nt":
        return process == os.getpid()
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's
        return True
    return True


def _check_target(path: Path, target: Path) -> None:
    """Refuse a target that a rename would destroy or that cannot take a file."""
    if not target.parent.is_dir():
        raise OutputError(f"cannot write {path}: the folder {target.parent} does not exist")
    if len(os.fsencode(target.name)) > MAX_NAME_BYTES:
        raise OutputError(f"cannot write {shown(str(path))}: the name has more than {MAX_NAME_BYTES} bytes")
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


__all__ = ["remove_leftovers_of", "replacing", "temporary_name"]
