"""Bringing an MLflow server's content over, by the REST API that both have.

Runs keep their ids, and what is there already is left as it is, so that an import can be repeated and
one that was cut off goes on. Points of metrics that come twice are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import httpx

from vedette.cli.client import ServerError

PAGE = 500
POINTS = 1000
TEXTS = 100
_TIMEOUT = httpx.Timeout(120.0, connect=10.0)
Answer = dict[str, Any]
Progress = Callable[[str], None]


class MlflowApi:
    """One server that speaks MLflow's REST API."""

    def __init__(self, url: str, token: str = "") -> None:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(
            base_url=f"{url.rstrip('/')}/api/2.0", headers=headers, timeout=_TIMEOUT
        )

    def call(self, method: str, path: str, *, allow: str = "", **body: Any) -> Answer | None:  # noqa: ANN401 - JSON
        """Call the API; an error with the code ``allow`` is None, others are raised."""
        url = f"/mlflow/{path}"
        reads = method == "GET"
        response = self._http.request(
            method, url, params=body if reads else None, json=None if reads else body
        )
        if response.is_success:
            answer: Answer = response.json() if response.content else {}
            return answer
        try:
            error = response.json()
        except ValueError:
            error = {}
        if allow and error.get("error_code") == allow:
            return None
        raise ServerError(
            f"{path}: {response.status_code} {error.get('message', response.text[:200])}"
        )

    def pages(self, method: str, path: str, member: str, **body: Any) -> Iterator[Answer]:  # noqa: ANN401 - JSON
        """Yield the items of all pages of a search."""
        token = None
        while True:
            more: Answer = {"page_token": token} if token else {}
            answer = self.call(method, path, **body, **more) or {}
            yield from answer.get(member, ())
            token = answer.get("next_page_token")
            if not token:
                return

    def download(self, path: str) -> Iterator[bytes]:
        """Yield a proxied artifact in pieces."""
        with self._http.stream("GET", f"/mlflow-artifacts/artifacts/{path}") as response:
            response.raise_for_status()
            yield from response.iter_bytes(1 << 20)

    def upload(self, path: str, content: Iterator[bytes]) -> None:
        """Store a proxied artifact."""
        response = self._http.put(f"/mlflow-artifacts/artifacts/{path}", content=content)
        response.raise_for_status()

    def artifacts(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files below a proxied folder."""
        response = self._http.get("/mlflow-artifacts/artifacts", params={"path": folder})
        response.raise_for_status()
        for item in response.json().get("files", ()):
            path = f"{folder}/{item['path'].rpartition('/')[2]}"
            if item["is_dir"]:
                yield from self.artifacts(path)
            else:
                yield path


class MlflowImport:
    """One import.

    Args:
        source: the server that is read.
        target: Vedette.
        progress: gets a line about each thing that was done.
        with_artifacts: whether files that the source proxies come too.

    """

    def __init__(
        self, source: MlflowApi, target: MlflowApi, progress: Progress, *, with_artifacts: bool
    ) -> None:
        self._source = source
        self._target = target
        self._progress = progress
        self._with_artifacts = with_artifacts
        self.counts = {
            "experiments": 0,
            "runs": 0,
            "points": 0,
            "models": 0,
            "versions": 0,
            "files": 0,
        }

    def run(self) -> dict[str, int]:
        """Bring everything over; returns how many of each came."""
        for experiment in self._source.pages(
            "POST", "experiments/search", "experiments", max_results=PAGE, view_type="ACTIVE_ONLY"
        ):
            self._experiment(experiment)
        for model in self._source.pages(
            "GET", "registered-models/search", "registered_models", max_results=100
        ):
            self._model(model)
        return self.counts

    def _experiment(self, experiment: Answer) -> None:
        name = experiment["name"]
        found = self._target.call(
            "GET", "experiments/get-by-name", allow="RESOURCE_DOES_NOT_EXIST", experiment_name=name
        )
        if found is None:
            made = self._target.call(
                "POST", "experiments/create", name=name, tags=experiment.get("tags", [])
            )
            identity = (made or {})["experiment_id"]
            self.counts["experiments"] += 1
        else:
            identity = found["experiment"]["experiment_id"]
        self._progress(f"experiment {name}")
        for run in self._source.pages(
            "POST", "runs/search", "runs", experiment_ids=[experiment["experiment_id"]],
            max_results=PAGE, order_by=["attributes.start_time ASC"],
        ):  # fmt: skip
            self._run(identity, run)

    def _run(self, experiment_id: str, run: Answer) -> None:
        info, data = run["info"], run.get("data", {})
        run_id = info["run_id"]
        there = self._target.call("GET", "runs/get", allow="RESOURCE_DOES_NOT_EXIST", run_id=run_id)
        status = (there or {}).get("run", {}).get("info", {}).get("status")
        if there is not None and status == info["status"] != "RUNNING":
            return  # it was ended last, so it is whole
        if there is None:
            self._target.call(
                "POST", "runs/create", run_id=run_id, experiment_id=experiment_id,
                run_name=info.get("run_name", ""), user_id=info.get("user_id", ""),
                start_time=info.get("start_time", 0),
            )  # fmt: skip
        for texts, member in ((data.get("params", []), "params"), (data.get("tags", []), "tags")):
            for start in range(0, len(texts), TEXTS):
                part = {member: texts[start : start + TEXTS]}
                self._target.call("POST", "runs/log-batch", run_id=run_id, **part)
        inputs = run.get("inputs", {}).get("dataset_inputs", [])
        if inputs:
            self._target.call("POST", "runs/log-inputs", run_id=run_id, datasets=inputs)
        for metric in data.get("metrics", []):
            self._history(run_id, metric["key"])
        if self._with_artifacts:
            self._files(info.get("artifact_uri", ""), run_id)
        ended = {"end_time": info["end_time"]} if info.get("end_time") else {}
        self._target.call("POST", "runs/update", run_id=run_id, status=info["status"], **ended)
        self.counts["runs"] += 1
        self._progress(f"run {info.get('run_name') or run_id}")

    def _history(self, run_id: str, key: str) -> None:
        waiting: list[Answer] = []
        for point in self._source.pages(
            "GET", "metrics/get-history", "metrics", run_id=run_id, metric_key=key,
            max_results=25_000,
        ):  # fmt: skip
            waiting.append({"step": 0, **point})
            if len(waiting) == POINTS:
                self._points(run_id, waiting)
                waiting = []
        self._points(run_id, waiting)

    def _points(self, run_id: str, points: list[Answer]) -> None:
        if points:
            self._target.call("POST", "runs/log-batch", run_id=run_id, metrics=points)
            self.counts["points"] += len(points)

    def _files(self, uri: str, run_id: str) -> None:
        if not uri.startswith("mlflow-artifacts:/"):
            return
        own = self._target.call("GET", "runs/get", run_id=run_id) or {}
        there = uri.removeprefix("mlflow-artifacts:").lstrip("/")
        here = own["run"]["info"]["artifact_uri"].removeprefix("mlflow-artifacts:").lstrip("/")
        for path in self._source.artifacts(there):
            self._target.upload(f"{here}{path.removeprefix(there)}", self._source.download(path))
            self.counts["files"] += 1

    def _model(self, model: Answer) -> None:
        name = model["name"]
        made = self._target.call(
            "POST", "registered-models/create", allow="RESOURCE_ALREADY_EXISTS", name=name,
            description=model.get("description", ""), tags=model.get("tags", []),
        )  # fmt: skip
        self.counts["models"] += made is not None
        quoted = name.replace("'", "''")
        versions = self._source.pages(
            "GET", "model-versions/search", "model_versions", filter=f"name = '{quoted}'",
            max_results=1000,
        )  # fmt: skip
        for version in sorted(versions, key=lambda item: int(item["version"])):
            self._version(name, version)
        for alias in model.get("aliases", []):
            number = self._number_here(name, alias["version"])
            if number:
                self._target.call(
                    "POST",
                    "registered-models/alias",
                    name=name,
                    alias=alias["alias"],
                    version=number,
                )
        self._progress(f"model {name}")

    def _version(self, name: str, version: Answer) -> None:
        if self._number_here(name, version["version"]):
            return
        tags = [*version.get("tags", []), {"key": _ORIGIN, "value": version["version"]}]
        self._target.call(
            "POST", "model-versions/create", name=name, source=version["source"],
            run_id=version.get("run_id", ""), description=version.get("description", ""), tags=tags,
        )  # fmt: skip
        self.counts["versions"] += 1

    def _number_here(self, name: str, theirs: str) -> str | None:
        """Return the number of a version here by its number there, which a tag tells."""
        quoted = name.replace("'", "''")
        found = self._target.call(
            "GET", "model-versions/search",
            filter=f"name = '{quoted}' AND tags.`{_ORIGIN}` = '{theirs}'", max_results=1,
        )  # fmt: skip
        versions = (found or {}).get("model_versions", [])
        return versions[0]["version"] if versions else None


_ORIGIN = "vedette.import.version"
