"""Many independent pieces of work: in this process, or on a Dask cluster; the results are the same."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Any, TypeVar

from ressin._extras import require
from ressin._progress import Count
from ressin.errors import RessinError

Work = TypeVar("Work")
Result = TypeVar("Result")
LOCAL_WORKERS = 2


class Executor:
    """Runs a function over a list of tasks; a context manager, because a cluster has to be closed.

    Parameters
    ----------
    scheduler
        None: this process. ``"local"`` or ``"local:N"``: a cluster of N (2) worker processes on this machine. Otherwise
        the address of a Dask scheduler whose workers see the same files under the same paths.

    Raises
    ------
    MissingExtraError
        When a cluster is wanted and dask.distributed is not installed.
    RessinError
        When the scheduler does not answer.
    """

    def __init__(self, scheduler: str | None = None) -> None:
        self.scheduler = scheduler
        self.client: Any = None
        self._cluster: Any = None

    def __enter__(self) -> "Executor":
        if self.scheduler is None:
            return self
        distributed = require("distributed", "scale", "preparing on a cluster")
        name, _, count = self.scheduler.partition(":")
        if name == "local":
            if count and not (count.isdecimal() and int(count) > 0):
                raise RessinError(f"scheduler {self.scheduler!r}: 'local:N' needs a number of workers N >= 1")
            workers = int(count) if count else LOCAL_WORKERS
            self._cluster = distributed.LocalCluster(
                n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None
            )
            self.client = distributed.Client(self._cluster)
            return self
        try:
            self.client = distributed.Client(self.scheduler, timeout="20s")
        except (OSError, ValueError) as error:
            raise RessinError(f"no Dask scheduler answers at {self.scheduler!r} ({error})") from error
        return self

    def __exit__(self, *_: object) -> None:
        if self.client is not None:
            self.client.close()
        if self._cluster is not None:
            self._cluster.close()

    def map(
        self,
        function: Callable[[Work], Result],
        tasks: Sequence[Work],
        *,
        threads: int = 1,
        count: Count | None = None,
    ) -> list[Result]:
        """Apply a function to every task.

        Parameters
        ----------
        function
            A function of a module, without side effects but the file that its task names.
        tasks
            The tasks.
        threads
            How many at a time, in this process; a cluster has its own number.
        count
            Called with (done, total) as tasks finish.

        Returns
        -------
        results
            In the order of the tasks, whatever the order in which they finished.
        """
        if self.client is not None:
            return self._map_cluster(function, tasks, count)
        results: dict[int, Result] = {}
        if threads <= 1:
            for place, task in enumerate(tasks):
                results[place] = function(task)
                _tell(count, len(results), len(tasks))
            return [results[place] for place in range(len(tasks))]
        pool = ThreadPoolExecutor(threads)
        try:
            futures = {pool.submit(function, task): place for place, task in enumerate(tasks)}
            for future in as_completed(futures):
                results[futures[future]] = future.result()
                _tell(count, len(results), len(tasks))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
        return [results[place] for place in range(len(tasks))]

    def _map_cluster(
        self, function: Callable[[Work], Result], tasks: Sequence[Work], count: Count | None
    ) -> list[Result]:
        """Hand the tasks to the scheduler, which gives a dead worker's tasks to another one."""
        distributed = require("distributed", "scale", "preparing on a cluster")
        futures = self.client.map(function, tasks, pure=False)
        places = {future.key: place for place, future in enumerate(futures)}
        results: dict[int, Result] = {}
        for future in distributed.as_completed(futures):
            results[places[future.key]] = future.result()
            _tell(count, len(results), len(tasks))
        return [results[place] for place in range(len(tasks))]


def _tell(count: Count | None, done: int, total: int) -> None:
    if count is not None:
        count(done, total)
