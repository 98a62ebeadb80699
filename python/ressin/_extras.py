"""Optional dependencies: imported where they are used, and named with their extra where they are missing."""

import importlib
from typing import Any

from ressin.errors import MissingExtraError


def require(module: str, extra: str, purpose: str) -> Any:
    """Import an optional module or say which extra brings it.

    Parameters
    ----------
    module
        Name to import, such as ``"pyarrow.parquet"``.
    extra
        The extra of ressin that installs it, such as ``"data"``.
    purpose
        What the caller is about to do; the message begins with it.

    Returns
    -------
    module
        The imported module.

    Raises
    ------
    MissingExtraError
        When the distribution is not installed. A module that is installed but fails inside (another
        import of its own is missing, for instance) raises its own error, unchanged.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        root = module.split(".")[0]
        if error.name is None or error.name.split(".")[0] != root:
            raise
        raise MissingExtraError(root, extra, purpose) from error
