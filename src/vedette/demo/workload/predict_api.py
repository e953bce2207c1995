"""The service ``predict-api``: features from the store, the model's answer, a record of it."""

from __future__ import annotations

import itertools
import logging
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import uvicorn
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse
from opentelemetry import metrics, trace
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.trace import Status, StatusCode
from pydantic import BaseModel
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

import vedette
from vedette.core.errors import UnavailableError
from vedette.demo.workload import model as models
from vedette.demo.workload import service
from vedette.demo.workload.feature_store import FEATURES, features, open_store
from vedette.demo.workload.message_queue import PREDICTIONS, MessageQueue
from vedette.demo.workload.page import App
from vedette.demo.workload.page import render as page_of
from vedette.demo.workload.served_model import ServedModel

if TYPE_CHECKING:
    from sqlalchemy import Engine

SERVICE = "predict-api"
ADDRESS_FILE = Path("predict-api.url")
_EXPLAINED_EVERY = 20
"""One answer in so many is explained: it costs some dozens of answers of the estimator."""
_answers = itertools.count()
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.predict_api")
_meter = metrics.get_meter("vedette.demo.predict_api")
_predictions = _meter.create_counter(
    "vedette.model.predictions", "{prediction}", "Predictions made"
)
_scores = _meter.create_histogram(
    "vedette.model.prediction.score",
    "1",
    "Predicted probability of a delay",
    explicit_bucket_boundaries_advisory=[step / 20 for step in range(1, 20)],
)
_duration = _meter.create_histogram(
    "vedette.model.prediction.duration",
    "s",
    "Time in the estimator",
    explicit_bucket_boundaries_advisory=service.SECONDS,
)


class FlightKey(BaseModel):
    """Which flight."""

    flight_date: str
    carrier: str
    flight: int
    origin: str


class Prediction(BaseModel):
    """The answer."""

    probability: float
    late: bool
    model_version: int
    prediction_id: str


def find_features(engine: Engine, key: FlightKey) -> dict[str, Any]:
    """Return the features of a flight; raises 404 where the schedule has none."""
    statement = select(features).where(
        *(features.c[name] == value for name, value in key.model_dump().items())
    )
    with engine.connect() as connection:
        row = connection.execute(statement).mappings().one_or_none()
    if row is None:
        _log.warning("no flight %s %d from %s", key.carrier, key.flight, key.origin)
        raise HTTPException(404, "no such flight in the schedule")
    return dict(row)


def make_app(engine: Engine, served: ServedModel) -> FastAPI:
    """Put the API together."""
    app = FastAPI(title="Will my flight be late?")
    queue = MessageQueue(engine, PREDICTIONS)

    @app.get("/healthz")
    def health() -> dict[str, int | None]:
        if served.version is None:
            raise HTTPException(503, "no model is trained yet")
        return {"model_version": served.version}

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def page() -> str:
        return page_of(App.read(), vedette.__version__)

    @app.get("/v1/flights")
    def flights(limit: Annotated[int, Query(ge=1, le=2000)] = 1000) -> list[dict[str, Any]]:
        columns = [
            features.c[name] for name in ("flight_date", "carrier", "flight", "origin", "hour")
        ]
        newest = select(func.max(features.c.day_number)).scalar_subquery()
        statement = select(*columns).where(features.c.day_number == newest).limit(limit)
        with engine.connect() as connection:
            return [dict(row) for row in connection.execute(statement).mappings()]

    @app.post("/v1/predictions")
    def predict(key: FlightKey) -> Prediction:
        row = find_features(engine, key)
        probability, version, prediction_id = _predict(served, row)
        body = {**key.model_dump(), "model_version": version, "probability": probability}
        queue.send({**body, "prediction_id": prediction_id, "made_at": time.time()})
        return Prediction(
            probability=probability,
            late=probability >= models.LATE,
            model_version=version,
            prediction_id=prediction_id,
        )

    app.add_exception_handler(UnavailableError, _not_ready)
    app.add_exception_handler(SQLAlchemyError, _store_failed)
    app.add_exception_handler(ValueError, _model_failed)
    FastAPIInstrumentor.instrument_app(
        app, excluded_urls="healthz", exclude_spans=["send", "receive"]
    )
    return app


def _predict(served: ServedModel, row: dict[str, Any]) -> tuple[float, int, str]:
    labels = {"vedette.model.name": models.NAME, "vedette.model.version": str(served.version)}
    started = time.perf_counter()
    with _tracer.start_as_current_span("predict", attributes=labels) as span:
        probability, version = served.predict(row)
        span.set_attribute("vedette.model.prediction.score", probability)
        taken = time.perf_counter() - started
        explained = None
        if next(_answers) % _EXPLAINED_EVERY == 0:
            with _tracer.start_as_current_span("explain", attributes=labels):
                explained = served.explain(row, version)
        [prediction_id] = vedette.log_predictions(
            models.NAME,
            models.outcome(late=probability >= models.LATE),
            {name: row[name] for name in FEATURES},
            version=version,
            endpoint=SERVICE,
            scores=models.scores(probability),
            attributions=explained,
            latency_ms=1e3 * taken,
        )
    _duration.record(taken, labels)
    _scores.record(probability, labels)
    late = probability >= models.LATE
    _predictions.add(1, {**labels, "vedette.model.prediction.class": "late" if late else "on_time"})
    return probability, version, prediction_id


# Handlers make the answer, so nothing propagates to the instrumentation: the span is told here.


def _not_ready(_request: Request, error: Exception) -> JSONResponse:
    return JSONResponse({"detail": str(error)}, 503, {"Retry-After": "5"})


def _store_failed(_request: Request, error: Exception) -> JSONResponse:
    _record(error, "the feature store failed")
    return JSONResponse({"detail": "the feature store does not answer"}, 503)


def _model_failed(_request: Request, error: Exception) -> JSONResponse:
    _record(error, "the model failed")
    return JSONResponse({"detail": "the model failed"}, 500)


def _record(error: Exception, message: str) -> None:
    span = trace.get_current_span()
    span.record_exception(error)
    span.set_status(Status(StatusCode.ERROR, str(error)))
    _log.error("%s: %s", message, error, exc_info=error)


def main(_arguments: list[str]) -> None:
    """Run the service; its address is written to ``ADDRESS_FILE``."""
    stopping = service.start(SERVICE)
    served = ServedModel()
    threading.Thread(target=served.follow, args=(stopping,), daemon=True).start()
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        make_app(open_store(), served), log_config=None, access_log=False, log_level="warning"
    )
    server = uvicorn.Server(config)
    threading.Thread(target=_stop, args=(server, stopping), daemon=True).start()
    part = ADDRESS_FILE.with_suffix(".part")
    part.write_text(f"http://127.0.0.1:{listener.getsockname()[1]}", encoding="utf-8")
    part.replace(ADDRESS_FILE)
    server.run(sockets=[listener])


def _stop(server: uvicorn.Server, stopping: threading.Event) -> None:
    stopping.wait()
    server.should_exit = True
