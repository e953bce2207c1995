"""Bringing an MLflow server's content over, by the REST API that both have.

Runs and logged models keep their ids, and what is there already is left as it is, so that an import
can be repeated and one that was cut off goes on. Points of metrics that come twice are one.
"""

from __future__ import annotations

from vedette.cli.import_mlflow_models import LoggedModelsImport, RegistryImport
from vedette.cli.mlflow_api import Answer, MlflowError
from vedette.cli.mlflow_transfer import Transfer

PAGE = 500
POINTS = 1000
TEXTS = 100


def import_mlflow(transfer: Transfer) -> None:
    """Bring everything over; ``transfer`` says how many of each came, and what did not."""
    for experiment in transfer.source.pages(
        "POST", "experiments/search", "experiments", max_results=PAGE, view_type="ACTIVE_ONLY"
    ):
        with transfer.told(f"experiment {experiment['name']}"):
            _Experiment(transfer, experiment).run()
    RegistryImport(transfer).run()


class _Experiment:
    """One experiment with its runs and logged models."""

    def __init__(self, transfer: Transfer, experiment: Answer) -> None:
        self._transfer = transfer
        self._source, self._target = transfer.source, transfer.target
        self._theirs = experiment

    def run(self) -> None:
        """Bring it over: models before the runs that name them, what runs say of models after both."""
        here, theirs = self._experiment(), self._theirs["experiment_id"]
        models = LoggedModelsImport(self._transfer, theirs, here)
        models.create()
        for run in self._source.pages(
            "POST", "runs/search", "runs", experiment_ids=[theirs],
            max_results=PAGE, order_by=["attributes.start_time ASC"],
        ):  # fmt: skip
            with self._transfer.told(f"run {run['info']['run_id']}"):
                self._run(here, run)
        models.finish()

    def _experiment(self) -> str:
        name = self._theirs["name"]
        found = self._target.call(
            "GET", "experiments/get-by-name", allow="RESOURCE_DOES_NOT_EXIST", experiment_name=name
        )
        self._transfer.progress(f"experiment {name}")
        if found is not None:
            return str(found["experiment"]["experiment_id"])
        tags = self._theirs.get("tags", [])
        made = self._target.call("POST", "experiments/create", name=name, tags=tags) or {}
        self._transfer.counts["experiments"] += 1
        return str(made["experiment_id"])

    def _run(self, experiment_id: str, run: Answer) -> None:
        info, data = run["info"], run.get("data", {})
        run_id = info["run_id"]
        found = self._target.call("GET", "runs/get", allow="RESOURCE_DOES_NOT_EXIST", run_id=run_id)
        if found is None:
            found = self._target.call(
                "POST", "runs/create", run_id=run_id, experiment_id=experiment_id,
                run_name=info.get("run_name", ""), user_id=info.get("user_id", ""),
                start_time=info.get("start_time", 0),
            )  # fmt: skip
        elif found["run"]["info"]["status"] == info["status"] != "RUNNING":
            return  # it was ended last, so it is whole
        what = f"run {info.get('run_name') or run_id}"
        self._texts(run_id, what, data)
        for metric in data.get("metrics", []):
            with self._transfer.told(f"metric {metric['key']} of {what}"):
                self._history(run_id, metric["key"])
        self._links(run_id, what, run)
        here = (found or {})["run"]["info"]["artifact_uri"]
        self._transfer.files(info.get("artifact_uri", ""), here, what)
        ended = {"end_time": info["end_time"]} if info.get("end_time") else {}
        self._target.call("POST", "runs/update", run_id=run_id, status=info["status"], **ended)
        self._transfer.counts["runs"] += 1
        self._transfer.progress(what)

    def _texts(self, run_id: str, what: str, data: Answer) -> None:
        for member in ("params", "tags"):
            texts = data.get(member, [])
            for start in range(0, len(texts), TEXTS):
                self._some(run_id, what, member, texts[start : start + TEXTS])

    def _some(self, run_id: str, what: str, member: str, texts: list[Answer]) -> None:
        """Bring some parameters or tags over; where they are refused together, one by one."""

        def log(some: list[Answer]) -> None:
            part: Answer = {member: some}
            self._target.call("POST", "runs/log-batch", run_id=run_id, **part)

        try:
            log(texts)
        except MlflowError as error:
            if not error.is_refusal:
                raise
            for text in texts:
                with self._transfer.told(f"one of the {member} of {what}, {text['key']!r}"):
                    log([text])

    def _links(self, run_id: str, what: str, run: Answer) -> None:
        """Tell which datasets and models a run read, and which models it made."""
        inputs = run.get("inputs", {})
        datasets = inputs.get("dataset_inputs", [])
        if datasets:
            with self._transfer.told(f"datasets of {what}"):
                self._target.call("POST", "runs/log-inputs", run_id=run_id, datasets=datasets)
        for path, models in (
            ("runs/log-inputs", inputs.get("model_inputs", [])),
            ("runs/outputs", run.get("outputs", {}).get("model_outputs", [])),
        ):
            for model in models:
                with self._transfer.told(f"a model of {what}"):
                    self._target.call("POST", path, run_id=run_id, models=[model])

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
            self._transfer.counts["points"] += len(points)
