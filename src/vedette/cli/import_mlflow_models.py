"""Logged models and the registry of an MLflow server."""

from __future__ import annotations

from vedette.cli.mlflow_api import Answer, MlflowError
from vedette.cli.mlflow_transfer import Transfer

_PAGE = 50
_NOT_FOUND = 404
_PROMPT = "mlflow.prompt.is_prompt"
_ORIGIN = "vedette.import.version"
"""The tag that tells which number a version had there."""


class LoggedModelsImport:
    """The logged models of one experiment; servers before MLflow 3 have none."""

    def __init__(self, transfer: Transfer, theirs: str, here: str) -> None:
        self._transfer = transfer
        self._source, self._target = transfer.source, transfer.target
        self._theirs, self._here = theirs, here
        self._made: list[Answer] = []

    def create(self) -> None:
        """Create those that are not whole here yet, so that runs can name them."""
        try:
            for model in self._source.pages(
                "POST", "logged-models/search", "models",
                experiment_ids=[self._theirs], max_results=_PAGE,
            ):  # fmt: skip
                with self._transfer.told(f"logged model {model['info']['model_id']}"):
                    self._create(model)
        except MlflowError as error:
            if error.status != _NOT_FOUND:
                raise

    def _create(self, model: Answer) -> None:
        info, data = model["info"], model.get("data", {})
        identity = info["model_id"]
        found = self._target.call(
            "GET", f"logged-models/{identity}", allow="RESOURCE_DOES_NOT_EXIST"
        )
        if found is None:
            given = {
                name: info[name]
                for name in ("name", "model_type", "source_run_id", "tags")
                if info.get(name)
            }
            found = self._target.call(
                "POST", "logged-models", model_id=identity, experiment_id=self._here,
                params=data.get("params", []), **given,
            )  # fmt: skip
        here = (found or {})["model"]["info"]
        if here["status"] != info["status"] or info["status"] == "LOGGED_MODEL_PENDING":
            self._made.append(model | {"here": here["artifact_uri"]})

    def finish(self) -> None:
        """Bring their files and metrics over, and end them as they ended there."""
        for model in self._made:
            info = model["info"]
            what = f"logged model {info.get('name') or info['model_id']}"
            self._transfer.files(info.get("artifact_uri", ""), model["here"], what)
            for metric in model.get("data", {}).get("metrics", []):
                with self._transfer.told(f"metric {metric['key']} of {what}"):
                    self._target.call(
                        "POST", "runs/log-batch", run_id=metric["run_id"], metrics=[metric]
                    )
            if info["status"] != "LOGGED_MODEL_PENDING":
                with self._transfer.told(what):
                    path = f"logged-models/{info['model_id']}"
                    self._target.call("PATCH", path, status=info["status"])
            self._transfer.counts["logged models"] += 1
            self._transfer.progress(what)


class RegistryImport:
    """Registered models and prompts with their versions, aliases and stages."""

    def __init__(self, transfer: Transfer) -> None:
        self._transfer = transfer
        self._source, self._target = transfer.source, transfer.target

    def run(self) -> None:
        """Bring all of them over."""
        for only in ("", f"tags.`{_PROMPT}` = 'true'"):
            for model in self._source.pages(
                "GET", "registered-models/search", "registered_models", max_results=100,
                **({"filter": only} if only else {}),
            ):  # fmt: skip
                with self._transfer.told(f"model {model['name']}"):
                    self._model(model, only)

    def _model(self, model: Answer, only: str) -> None:
        name = model["name"]
        made = self._target.call(
            "POST", "registered-models/create", allow="RESOURCE_ALREADY_EXISTS", name=name,
            description=model.get("description", ""), tags=model.get("tags", []),
        )  # fmt: skip
        self._transfer.counts["models"] += made is not None
        versions = self._source.pages(
            "GET", "model-versions/search", "model_versions", max_results=1000,
            filter=" AND ".join(filter(None, (f"name = {_quoted(name)}", only))),
        )  # fmt: skip
        numbers: dict[str, str] = {}
        for version in sorted(versions, key=lambda item: int(item["version"])):
            with self._transfer.told(f"version {version['version']} of {name}"):
                numbers[version["version"]] = self._version(name, version)
        for alias in model.get("aliases", []):
            if number := numbers.get(alias["version"]):
                self._target.call(
                    "POST", "registered-models/alias",
                    name=name, alias=alias["alias"], version=number,
                )  # fmt: skip
        self._transfer.progress(f"model {name}")

    def _version(self, name: str, version: Answer) -> str:
        """Bring a version over and return its number here."""
        here = self._there_already(name, version["version"])
        if here is None:
            tags = [*version.get("tags", []), {"key": _ORIGIN, "value": version["version"]}]
            made = self._target.call(
                "POST", "model-versions/create", name=name, source=self._source_of(version),
                run_id=version.get("run_id", ""), description=version.get("description", ""),
                tags=tags, **({"model_id": version["model_id"]} if version.get("model_id") else {}),
            )  # fmt: skip
            here = (made or {})["model_version"]
            self._transfer.counts["versions"] += 1
        stage = version.get("current_stage") or "None"
        if stage != "None" and here.get("current_stage") == "None":
            what = f"the stage {stage} of version {version['version']} of {name}"
            with self._transfer.told(what, forbidden=True):  # its rules may want an approval
                self._target.call(
                    "POST", "model-versions/transition-stage",
                    name=name, version=here["version"], stage=stage,
                )  # fmt: skip
        return str(here["version"])

    def _source_of(self, version: Answer) -> str:
        """Return where a version's files are here: the folders of experiments have other numbers."""
        source = str(version["source"])
        run_id, model_id = version.get("run_id"), version.get("model_id")
        if source.startswith("mlflow-artifacts:") and run_id and f"/{run_id}/artifacts" in source:
            found = self._target.call(
                "GET", "runs/get", allow="RESOURCE_DOES_NOT_EXIST", run_id=run_id
            )
            root = found and found["run"]["info"]["artifact_uri"]
            return f"{root}{source.partition(f'/{run_id}/artifacts')[2]}" if root else source
        marker = f"/models/{model_id}/artifacts"
        if source.startswith("mlflow-artifacts:") and model_id and marker in source:
            return f"models:/{model_id}"
        return source

    def _there_already(self, name: str, theirs: str) -> Answer | None:
        found = self._target.call(
            "GET", "model-versions/search", max_results=1,
            filter=f"name = {_quoted(name)} AND tags.`{_ORIGIN}` = '{theirs}'",
        )  # fmt: skip
        versions: list[Answer] = (found or {}).get("model_versions", [])
        return versions[0] if versions else None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
