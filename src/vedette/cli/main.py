"""The commands, put together."""

from __future__ import annotations

import sys

import httpx
import typer

from vedette import __version__
from vedette.cli import (
    accounts,
    agent,
    alarms,
    apply,
    audit,
    backup,
    dashboards,
    data,
    datasets,
    demo,
    doctor,
    imports,
    incidents,
    infra,
    keys,
    kpi,
    logs,
    metric_filters,
    metrics,
    models,
    oncall,
    openapi,
    pipelines,
    query,
    runs,
    service_accounts,
    sessions,
    sign_in,
    slo,
    synthetic,
    tags,
    traces,
    up,
)
from vedette.cli.client import show_error
from vedette.core.errors import VedetteError

app = typer.Typer(
    name="vedette",
    help="Vedette: the open lookout for data and ML.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
up.register(app)
demo.register(app)
query.register(app)
logs.register(app)
traces.register(app)
metrics.register(app)
data.register(app)
app.add_typer(datasets.app, name="data")
app.add_typer(metric_filters.app, name="metric-filters")
app.add_typer(alarms.app, name="alarms")
app.add_typer(incidents.app, name="incidents")
app.add_typer(infra.app, name="infra")
app.add_typer(slo.app, name="slo")
app.add_typer(kpi.app, name="kpi")
app.add_typer(synthetic.app, name="synthetic")
app.add_typer(oncall.app, name="oncall")
app.add_typer(dashboards.app, name="dashboards")
apply.register(app)
app.add_typer(keys.app, name="keys")
app.add_typer(service_accounts.app, name="service-accounts")
app.add_typer(sessions.app, name="sessions")
app.add_typer(accounts.app, name="accounts")
app.add_typer(tags.app, name="tags")
app.add_typer(pipelines.app, name="pipelines")
app.add_typer(audit.app, name="audit")
app.add_typer(imports.app, name="import")
app.add_typer(models.models, name="models")
app.add_typer(models.approvals, name="approvals")
app.add_typer(runs.runs, name="runs")
app.add_typer(runs.prices, name="prices")
sign_in.register(app)
agent.register(app)
doctor.register(app)
backup.register(app)
openapi.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; our errors are one message with a remedy, not a traceback."""
    try:
        app()
    except (VedetteError, httpx.HTTPError) as error:
        show_error(error)
        sys.exit(1)
