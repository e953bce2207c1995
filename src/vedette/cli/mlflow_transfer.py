"""What the parts of an import share: both servers, what came, and what was refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from vedette.cli.mlflow_api import MlflowApi, MlflowError, proxied_path

_FORBIDDEN = 403
Progress = Callable[[str], None]
COUNTED = ("experiments", "runs", "points", "logged models", "models", "versions", "files")


@dataclass
class Transfer:
    """One import.

    Attributes:
        source: the server that is read.
        target: Vedette.
        progress: gets a line about each thing that was done.
        with_artifacts: whether files that the source hands out come too.
        counts: how many of each came.
        problems: what could not come, and why.

    """

    source: MlflowApi
    target: MlflowApi
    progress: Progress
    with_artifacts: bool
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    problems: list[str] = field(default_factory=list)

    @contextmanager
    def told(self, what: str, *, forbidden: bool = False) -> Iterator[None]:
        """Go on after what is refused, and would be again, and tell of it at the end.

        Whatever else goes wrong ends the import, so that it can be repeated; so does what the key
        may not do, unless that is expected (``forbidden``).
        """
        try:
            yield
        except MlflowError as error:
            if not error.is_refusal and not (forbidden and error.status == _FORBIDDEN):
                raise
            self.problems.append(f"{what}: {error}")

    def files(self, theirs: str, ours: str, what: str) -> None:
        """Bring the files below an artifact URI over."""
        if not self.with_artifacts:
            return
        there, here = proxied_path(theirs), proxied_path(ours)
        if there is None or here is None:
            if theirs:
                self.problems.append(f"files of {what}: they stay at {theirs}")
            return
        with self.told(f"files of {what}"):
            for path in self.source.artifacts(there):
                with self.told(f"a file of {what}"):
                    upload = f"{here}{path.removeprefix(there)}"
                    self.target.upload(upload, self.source.download(path))
                    self.counts["files"] += 1
