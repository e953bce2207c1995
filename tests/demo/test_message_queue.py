from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from vedette.demo.workload.feature_store import open_store
from vedette.demo.workload.message_queue import MessageQueue


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    return open_store()


def test_messages_come_in_order_and_stay_until_acknowledged(engine: Engine) -> None:
    queue, other = MessageQueue(engine, "a"), MessageQueue(engine, "b")
    for number in range(5):
        queue.send({"number": number})
    other.send({"number": 99})
    first = queue.receive(3)
    assert [message.body["number"] for message in first] == [0, 1, 2]
    assert queue.receive(3) == first
    with engine.begin() as connection:
        queue.acknowledge(connection, first)
    assert [message.body["number"] for message in queue.receive(3)] == [3, 4]
    assert [message.body["number"] for message in other.receive(3)] == [99]


def test_a_transaction_that_fails_acknowledges_nothing(engine: Engine) -> None:
    queue = MessageQueue(engine, "a")
    queue.send({"number": 1})
    with pytest.raises(RuntimeError), engine.begin() as connection:
        queue.acknowledge(connection, queue.receive(1))
        raise RuntimeError
    assert len(queue.receive(1)) == 1


def test_a_store_that_stays_locked_is_an_error_that_shows_no_data(engine: Engine) -> None:
    queue = MessageQueue(engine, "a")
    with engine.connect() as holder:
        holder.exec_driver_sql("BEGIN IMMEDIATE")
        with pytest.raises(OperationalError, match="database is locked") as caught:
            queue.send({"passenger": "Ada"})
    assert "Ada" not in str(caught.value)
