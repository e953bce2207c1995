"""Deleting uploaded references; their rows are facts, and who deleted them is audited."""

from __future__ import annotations

from vedette.core.errors import NotFoundError
from vedette.core.identity import ResourceId, check_account_name
from vedette.models.production.overview import references
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.warehouse import Warehouse

SOURCE = "vedette.models"
_KEY = "SELECT toString(cityHash64({model:String}, {version:String}, {name:String})) AS hash"


def remove_reference(
    catalog: Catalog, warehouse: Warehouse, runner: QueryRunner, actor: Actor, account: str, model: str,
    version: str, name: str,
) -> None:  # fmt: skip
    """Delete the rows of a reference.

    Raises:
        NotFoundError: there is none.

    """
    if not any(
        row["version"] == version and row["name"] == name
        for row in references(runner, account, model)
    ):
        raise NotFoundError(
            f"{model!r} {version!r} has no reference {name!r}",
            field="name",
            remedy="list the references",
        )
    request = {"model": model, "version": version, "name": name}
    with catalog.change(
        actor, "DeleteModelReference", account=account, request=request, source=SOURCE,
        resources=[ResourceId(account, "model", model)],
    ):  # fmt: skip
        cluster = warehouse.cluster
        on_cluster = f"ON CLUSTER '{cluster}'" if cluster else ""
        # A DELETE takes no parameters over every transport: the texts are told by their hash.
        key = int(runner.run(account, _KEY, request).scalar())
        warehouse.execute(
            f"DELETE FROM prediction_references{'_local' if cluster else ''} "
            f"{on_cluster} WHERE Account = '{check_account_name(account)}' "
            f"AND cityHash64(CAST(Model, 'String'), CAST(Version, 'String'), CAST(Reference, 'String')) = {key}"
        )
