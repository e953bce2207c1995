"""Edges that training runs, the registry and predictions know: data, run, model, endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import and_, or_, select

from vedette.lineage.graph import Edge, Node
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.catalog.registry_models import ModelVersionRow, RegisteredModelRow
from vedette.store.catalog.tracking_models import (
    DatasetRow,
    LoggedModelRow,
    RunInputRow,
    RunModelRow,
    RunRow,
)

_Rows = Any
"""A Select of some columns."""
CHUNK = 500
"""Names bound in one statement, below SQLite's limit of variables."""
PREDICTION_DAYS = 30
VERSIONS = 20
"""Newest versions of a model by which the model as a whole is looked at."""
_SERVED = f"""
SELECT Model AS model, Version AS version, Endpoint AS endpoint, count() AS served,
    max(Timestamp) AS last_seen
FROM @predictions
WHERE Timestamp >= now() - INTERVAL {PREDICTION_DAYS} DAY AND {{where}}
GROUP BY model, version, endpoint
LIMIT {{{{limit:UInt32}}}}
"""
_BY_MODEL = _SERVED.format(where="Model IN {names:Array(String)}")
_BY_ENDPOINT = _SERVED.format(where="Endpoint IN {names:Array(String)}")


class TrainingEdges:
    """What training runs read and made, and what was registered of it.

    A model as a whole is made of its newest versions. It is somewhere to begin: from its parts
    nothing leads to it, which would double every version.
    """

    kinds = frozenset({"dataset", "run", "logged_model", "model"})

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def edges(
        self, account: str, nodes: Sequence[Node], *, down: bool, limit: int
    ) -> Iterable[Edge]:
        """See ``EdgeSource``."""
        by_kind: dict[str, list[Node]] = {}
        for node in nodes:
            by_kind.setdefault(node.kind, []).append(node)
        statements = (_down if down else _up)(account, by_kind)
        with self._catalog.read() as session:
            for statement, make in statements:
                for row in session.execute(statement.limit(limit)):
                    yield from make(row)

    def describe(self, account: str, nodes: Sequence[Node]) -> Mapping[Node, Mapping[str, Any]]:
        """See ``EdgeSource``."""
        found: dict[Node, Mapping[str, Any]] = {}
        with self._catalog.read() as session:
            for names in _chunks([n.name for n in nodes if n.kind == "run"]):
                runs = select(RunRow).where(RunRow.account == account, RunRow.id.in_(names))
                for run in session.scalars(runs):
                    found[Node("run", run.id)] = {
                        "label": run.name, "status": run.status, "experiment": run.experiment_id,
                        "started": run.start_ms,
                    }  # fmt: skip
            for names in _chunks([n.name for n in nodes if n.kind == "logged_model"]):
                logged = select(LoggedModelRow).where(
                    LoggedModelRow.account == account, LoggedModelRow.id.in_(names)
                )
                for one in session.scalars(logged):
                    found[Node("logged_model", one.id)] = {"label": one.name, "status": one.status}
            for names in _chunks(sorted({n.name for n in nodes if n.kind == "model"})):
                versions = _versions(account).where(RegisteredModelRow.name.in_(names))
                for version, name in session.execute(versions):
                    found[Node("model", name, str(version.version))] = {
                        "label": f"{name} v{version.version}", "stage": version.stage,
                        "status": version.stage_status,
                    }  # fmt: skip
        return found


def _versions(account: str) -> _Rows:
    return (
        select(ModelVersionRow, RegisteredModelRow.name)
        .join(RegisteredModelRow, RegisteredModelRow.id == ModelVersionRow.model_id)
        .where(ModelVersionRow.account == account)
    )


def _inputs(account: str) -> _Rows:
    return (
        select(DatasetRow.lineage_name, DatasetRow.name, DatasetRow.digest, RunInputRow.run_id)
        .join(RunInputRow, RunInputRow.dataset_id == DatasetRow.id)
        .where(DatasetRow.account == account)
    )


def _outputs(account: str) -> _Rows:
    return select(LoggedModelRow.source_run_id, LoggedModelRow.id).where(
        LoggedModelRow.account == account, LoggedModelRow.source_run_id.is_not(None)
    )


def _down(account: str, by_kind: Mapping[str, Sequence[Node]]) -> Iterable[tuple[_Rows, Any]]:
    plain = [node.name for node in by_kind.get("dataset", ()) if not node.version]
    for names in _chunks(plain):
        known = or_(DatasetRow.lineage_name.in_(names), DatasetRow.name.in_(names))
        yield _inputs(account).where(known), _version_edges
    versions = [node for node in by_kind.get("dataset", ()) if node.version]
    for some in _node_chunks(versions):
        yield _inputs(account).where(_digests(some)), _read_edges
    for names in _chunks([node.name for node in by_kind.get("run", ())]):
        yield _outputs(account).where(LoggedModelRow.source_run_id.in_(names)), _logged_edges
        direct = _versions(account).where(
            ModelVersionRow.run_id.in_(names), ModelVersionRow.logged_model_id.is_(None)
        )
        yield direct, _version_of_run
    for names in _chunks([node.name for node in by_kind.get("logged_model", ())]):
        yield (
            _versions(account).where(ModelVersionRow.logged_model_id.in_(names)),
            _version_of_logged,
        )
        reads = select(RunModelRow).where(
            RunModelRow.model_id.in_(names), RunModelRow.direction == "input"
        )
        yield reads, _model_read


def _up(account: str, by_kind: Mapping[str, Sequence[Node]]) -> Iterable[tuple[_Rows, Any]]:
    for names in _chunks([node.name for node in by_kind.get("model", ()) if not node.version]):
        newest = ModelVersionRow.version > RegisteredModelRow.last_version - VERSIONS
        yield (
            _versions(account).where(RegisteredModelRow.name.in_(names), newest),
            _version_of_model,
        )
    for some in _node_chunks([node for node in by_kind.get("model", ()) if node.version]):
        wanted = or_(*(
            and_(RegisteredModelRow.name == node.name, ModelVersionRow.version == int(node.version))
            for node in some
            if node.version.isdigit()
        ))  # fmt: skip
        yield _versions(account).where(wanted), _version_edges_up
    for names in _chunks([node.name for node in by_kind.get("logged_model", ())]):
        yield _outputs(account).where(LoggedModelRow.id.in_(names)), _logged_edges
    for names in _chunks([node.name for node in by_kind.get("run", ())]):
        yield _inputs(account).where(RunInputRow.run_id.in_(names)), _read_edges
    for some in _node_chunks([node for node in by_kind.get("dataset", ()) if node.version]):
        yield _inputs(account).where(_digests(some)), _version_edges


def _digests(nodes: Sequence[Node]) -> Any:  # noqa: ANN401 - a condition
    return or_(*(and_(DatasetRow.name == n.name, DatasetRow.digest == n.version) for n in nodes))


def _version_edges(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    version = Node("dataset", row.name, row.digest)
    for name in {row.name, row.lineage_name} - {""}:
        yield Edge(Node("dataset", name), version, "DerivedFrom")


def _read_edges(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    yield Edge(Node("dataset", row.name, row.digest), Node("run", row.run_id), "ContributedTo")


def _logged_edges(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    yield Edge(Node("run", row.source_run_id), Node("logged_model", row.id), "Produced")


def _model_read(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    one = row[0]
    yield Edge(Node("logged_model", one.model_id), Node("run", one.run_id), "ContributedTo")


def _version_of_run(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    version, name = row
    yield Edge(Node("run", version.run_id), Node("model", name, str(version.version)), "Produced")


def _version_of_logged(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    version, name = row
    made = Node("model", name, str(version.version))
    yield Edge(Node("logged_model", version.logged_model_id), made, "Produced")


def _version_edges_up(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    version, _ = row
    if version.logged_model_id:
        yield from _version_of_logged(row)
    elif version.run_id:
        yield from _version_of_run(row)


def _version_of_model(row: Any) -> Iterable[Edge]:  # noqa: ANN401 - a row
    version, name = row
    yield Edge(Node("model", name, str(version.version)), Node("model", name), "ContributedTo")


def _chunks(names: Sequence[str]) -> Iterable[Sequence[str]]:
    return (names[start : start + CHUNK] for start in range(0, len(names), CHUNK))


def _node_chunks(nodes: Sequence[Node]) -> Iterable[Sequence[Node]]:
    # Two values and a branch of the condition each: SQLite allows a depth of 1,000.
    return (nodes[start : start + 200] for start in range(0, len(nodes), 200))


class ServingEdges:
    """Which versions were asked where, as their predictions of the last 30 days tell."""

    kinds = frozenset({"model", "endpoint", "predictions"})

    def __init__(self, runner: QueryRunner) -> None:
        self._runner = runner

    def edges(
        self, account: str, nodes: Sequence[Node], *, down: bool, limit: int
    ) -> Iterable[Edge]:
        """See ``EdgeSource``."""
        endpoints = {node.name for node in nodes if node.kind == "endpoint"}
        if endpoints:
            for row in self._rows(account, _BY_ENDPOINT, endpoints, limit):
                version, endpoint, made = _serving(row)
                yield (
                    Edge(endpoint, made, "Produced")
                    if down
                    else Edge(version, endpoint, "AssociatedWith")
                )
        kind = "model" if down else "predictions"
        wanted = {node for node in nodes if node.kind == kind}
        if wanted:
            for row in self._rows(account, _BY_MODEL, {node.name for node in wanted}, limit):
                version, endpoint, made = _serving(row)
                if down:
                    target = endpoint if endpoint.name else made
                    relation = "AssociatedWith" if endpoint.name else "Produced"
                    for model in wanted & {version, Node("model", version.name)}:
                        yield Edge(model, target, relation)
                else:
                    yield Edge(endpoint if endpoint.name else version, made, "Produced")

    def describe(self, account: str, nodes: Sequence[Node]) -> Mapping[Node, Mapping[str, Any]]:
        """See ``EdgeSource``."""
        found: dict[Node, dict[str, Any]] = {}
        names = {node.name for node in nodes if node.kind in {"model", "predictions"}}
        if names:
            for row in self._rows(account, _BY_MODEL, names, 10_000):
                version, _, made = _serving(row)
                for node in (version, made):
                    about = found.setdefault(node, {"predictions": 0, "serving": True})
                    about["predictions"] += int(row["served"])
                    about["last_seen"] = max(about.get("last_seen", ""), row["last_seen"])
        return found

    def _rows(self, account: str, sql: str, names: set[str], limit: int) -> list[dict[str, Any]]:
        params = {"names": sorted(names), "limit": min(limit, 10_000)}
        return self._runner.run(account, sql, params).records()


def _serving(row: Mapping[str, Any]) -> tuple[Node, Node, Node]:
    return (
        Node("model", row["model"], row["version"]),
        Node("endpoint", row["endpoint"]),
        Node("predictions", row["model"]),
    )
