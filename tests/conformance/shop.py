"""A small web shop for the instrumentation tests: nothing in it knows of Vedette.

Run by ``opentelemetry-instrument``: serves FastAPI, calls itself with requests, keeps its orders
with SQLAlchemy, logs with logging; ends when its input ends.
"""

from __future__ import annotations

import logging
import socket
import sys
import threading

import requests
import uvicorn
from fastapi import FastAPI, HTTPException
from opentelemetry.instrumentation.sqlalchemy import SQLAlchemyInstrumentor
from sqlalchemy import create_engine, text
from sqlalchemy.pool import StaticPool

log = logging.getLogger("shop")
app = FastAPI()
engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)


@app.get("/orders/{number}")
def order(number: int) -> dict[str, int]:
    """Return an order; the fifth is missing."""
    with engine.connect() as connection:
        row = connection.execute(
            text("SELECT price FROM orders WHERE number = :number"), {"number": number}
        ).first()
    if row is None:
        log.error("order %d is missing", number)
        raise HTTPException(404, "no such order")
    log.warning("order %d was looked at", number)
    return {"price": row[0]}


def main() -> None:
    """Serve, send three requests to itself, and stop."""
    # opentelemetry-instrument leaves SQLAlchemy 2.1 out, for its check of versions; it works there.
    instrumentor = SQLAlchemyInstrumentor()
    if not instrumentor.is_instrumented_by_opentelemetry:
        instrumentor.instrument(engine=engine, skip_dep_check=True)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE orders (number INTEGER, price INTEGER)"))
        connection.execute(text("INSERT INTO orders VALUES (1, 10), (2, 20)"))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    base = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with requests.Session() as session:
        statuses = [session.get(f"{base}/orders/{n}", timeout=30).status_code for n in (1, 2, 5)]
    server.should_exit = True
    thread.join()
    sys.exit(0 if statuses == [200, 200, 404] else f"unexpected: {statuses}")


if __name__ == "__main__":
    main()
