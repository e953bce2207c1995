"""Secrets, addresses and the services behind channels."""

import email
import socketserver
import threading

import pytest
from sqlalchemy import select

from notifications.conftest import ACTOR, KEY
from vedette.core.encryption import SecretBox
from vedette.core.errors import ForbiddenError, InvalidInputError, StoreError
from vedette.notifications.channel import (
    apprise_target,
    check_secret,
    hosts_of,
    resolve_secret,
)
from vedette.notifications.guard import Guard, check_url
from vedette.notifications.model import Message
from vedette.notifications.outbox import CHANNEL
from vedette.notifications.picture import draw_series
from vedette.notifications.send import DeliveryError, Sender
from vedette.store.catalog.alarm_models import NotificationChannelRow

PUBLIC = lambda _: ["93.184.215.14"]  # noqa: E731


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1",
        "0.0.0.0", "224.0.0.1", "::1", "fe80::1", "fc00::1", "::ffff:127.0.0.1", "::",
        "64:ff9b::7f00:1", "2002:7f00:1::", "255.255.255.255",
    ],
)  # fmt: skip
def test_what_is_not_public_is_refused(address):
    with pytest.raises(ForbiddenError, match="not a public address"):
        Guard("", lambda _: [address]).check("innocent.example")


def test_one_address_of_many_is_enough_to_refuse():
    with pytest.raises(ForbiddenError):
        Guard("", lambda _: ["93.184.215.14", "127.0.0.1"]).check("two.example")


def test_what_an_operator_allows_is_allowed():
    inside = lambda _: ["10.1.2.3"]  # noqa: E731
    assert Guard("10.1.0.0/16", inside).check("a").address == "10.1.2.3"
    assert Guard("*.corp.example", inside).check("hook.corp.example").host == "hook.corp.example"
    assert Guard("hook.example", inside).check("HOOK.example.").host == "hook.example"
    assert Guard("*", inside).check("anything")
    with pytest.raises(ForbiddenError):
        Guard("*.corp.example", inside).check("corp.example.evil.net")


def test_a_name_without_an_address_is_refused():
    def nothing(_):
        raise OSError

    with pytest.raises(InvalidInputError, match="no address"):
        Guard("", nothing).check("nowhere.invalid")


@pytest.mark.parametrize(
    "url",
    ["", "ftp://x/", "file:///etc/passwd", "https://", "https://u:p@x/", "https://x y/",
     "//x", "https://x:99999/", "javascript:alert(1)", "https://x/" + "a" * 3000],
)  # fmt: skip
def test_wrong_urls_are_refused(url):
    with pytest.raises(InvalidInputError):
        check_url(url)


def test_the_call_goes_to_the_address_that_was_checked(receiver, notice):
    """A name that leads elsewhere at the second look-up does not lead the call there."""
    answers = iter([["127.0.0.1"]])
    guard = Guard("127.0.0.1", lambda _: next(answers))
    port = receiver.url.split(":")[2].split("/")[0]
    channel = CHANNEL.validate_python({"type": "webhook", "url": f"http://rebind.test:{port}/h"})
    Sender(guard).send(channel, KEY, Message("d", "acme", "g", [notice()]))
    assert receiver.requests[0][0]["Host"] == f"rebind.test:{port}"


def test_a_webhook_into_the_own_network_is_not_called(receiver, notice):
    channel = CHANNEL.validate_python({"type": "webhook", "url": receiver.url})
    with pytest.raises(DeliveryError, match="not a public address") as caught:
        Sender(Guard("")).send(channel, KEY, Message("d", "acme", "g", [notice()]))
    assert not caught.value.retryable
    assert receiver.requests == []


def test_secrets_never_come_out(post, receiver):
    post.webhook(receiver)
    shown = repr(post.service.channel("acme", "hook")) + repr(post.service.channels("acme"))
    records = "".join(str(one.record) for one in post.catalog.audit.list("acme").items)
    assert KEY not in shown + records
    with post.catalog.read() as session:
        row = NotificationChannelRow
        stored = session.execute(select(row.secret, row.settings)).all()
    assert KEY not in str(stored)
    assert post.service.channel("acme", "hook").has_secret


def test_a_secret_stays_until_another_comes(post, receiver, notice):
    post.webhook(receiver)
    channel = CHANNEL.validate_python({"type": "webhook", "url": receiver.url, "per_minute": 5})
    post.service.put_channel(ACTOR, "acme", "hook", channel)
    post.service.test_channel("acme", "hook")
    assert "Vedette-Signature" in receiver.requests[0][0]


def test_a_secret_of_another_key_is_said_not_used(post, receiver):
    post.webhook(receiver)
    post.dispatcher._secrets = SecretBox(b"another")
    result = post.service.test_channel("acme", "hook")
    assert "another key" in result.error.reason
    with pytest.raises(StoreError):
        SecretBox(b"one").open_text(SecretBox(b"two").seal("x"))


def test_the_key_file_is_made_once_and_private(tmp_path):
    sealed = SecretBox.open("", tmp_path).seal("x")
    assert SecretBox.open("", tmp_path).open_text(sealed) == "x"
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert SecretBox.open("text", tmp_path).open_text(SecretBox(b"text").seal("y")) == "y"


def test_references_read_only_what_is_meant_for_channels():
    environment = {"VEDETTE_SECRET_HOOK": "value", "AWS_SECRET_ACCESS_KEY": "no"}
    assert resolve_secret("${env:VEDETTE_SECRET_HOOK}", environment) == "value"
    assert resolve_secret("plain", environment) == "plain"
    with pytest.raises(InvalidInputError, match="may not read"):
        resolve_secret("${env:AWS_SECRET_ACCESS_KEY}", environment)
    with pytest.raises(InvalidInputError, match="is not set"):
        resolve_secret("${env:VEDETTE_SECRET_OTHER}", environment)


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("slack", "https://example.com/services/x"), ("slack", ""), ("slack", "json://127.0.0.1"),
        ("pagerduty", "short"), ("apprise", "nonsense"), ("apprise", "json://127.0.0.1:8123/"),
        ("apprise", "jsons://x"), ("apprise", "form://x"), ("apprise", "syslog://"),
        ("apprise", "xml://10.0.0.1"), ("apprise", "apprise://x/y"), ("apprise", "JSON://x"),
    ],
)  # fmt: skip
def test_wrong_or_dangerous_secrets_are_refused(kind, secret):
    with pytest.raises(InvalidInputError) as caught:
        check_secret(CHANNEL.validate_python({"type": kind}), secret)
    assert not secret or secret not in f"{caught.value.message} {caught.value.remedy}"


def test_the_services_of_channels():
    slack = "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"
    assert hosts_of(apprise_target(CHANNEL.validate_python({"type": "slack"}), slack)) == []
    ntfy = apprise_target(CHANNEL.validate_python({"type": "apprise"}), "ntfys://ntfy.example/t")
    assert hosts_of(ntfy) == ["ntfy.example"]
    mail = CHANNEL.validate_python(
        {"type": "email", "host": "smtp.example", "sender": "a@b.example", "to": ["c@d.example"]}
    )
    assert hosts_of(apprise_target(mail, "")) == ["smtp.example"]


def test_a_self_hosted_service_inside_is_not_called(notice):
    channel = CHANNEL.validate_python({"type": "apprise"})
    with pytest.raises(DeliveryError, match="not a public address"):
        Sender(Guard("", lambda _: ["10.0.0.7"])).send(
            channel, "gotify://inside.example/token123456789", Message("d", "a", "g", [notice()])
        )


def test_pagerduty_is_told_to_trigger_and_resolve_the_same_incident(notice, monkeypatch):
    import orjson

    sent = []
    monkeypatch.setattr(Sender, "_post", lambda _, url, body, h: sent.append((url, body)))
    channel = CHANNEL.validate_python({"type": "pagerduty", "region": "eu"})
    sender, key = Sender(Guard("", PUBLIC)), "0123456789abcdef0123456789abcdef"
    for one in (notice(), notice("resolved"), notice(series={"service": "cart"})):
        sender.send(channel, key, Message("d", "a", "g", [one], url="https://v.example"))
    events = [orjson.loads(body) for _, body in sent]
    assert {url for url, _ in sent} == {"https://events.eu.pagerduty.com/v2/enqueue"}
    assert [one["event_action"] for one in events] == ["trigger", "resolve", "trigger"]
    assert events[0]["dedup_key"] == events[1]["dedup_key"] != events[2]["dedup_key"]
    assert events[0]["payload"]["severity"] == "critical"


@pytest.mark.parametrize(
    ("kind", "secret"),
    [
        ("slack", "https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ"),
        (
            "teams",
            "https://prod-04.westus.logic.azure.com:443/workflows/643e69f83c8944438d68119179a10a64"
            "/triggers/manual/paths/invoke?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun"
            "&sv=1.0&sig=KODuebWbDGYFr0z0eu",
        ),
    ],
)
def test_chats_are_told_what_fires_why_and_where_to_look(notice, monkeypatch, kind, secret):
    import requests

    sent = []

    def send(_adapter, request, **_):
        sent.append(request)
        answer = requests.Response()
        answer.status_code, answer._content, answer.request = 200, b"ok", request
        return answer

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    one = notice()
    message = Message("d", "a", "g", [one], url="https://v.example")
    Sender(Guard("", PUBLIC)).send(CHANNEL.validate_python({"type": kind}), secret, message)
    (request,) = sent
    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    for told in (one.alarm, one.reason, "checkout", "https://v.example"):
        assert told in body.replace("\\/", "/")
    assert request.url.startswith(secret.partition("?")[0].replace(":443", "")[:30])


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        def say(text):
            self.wfile.write(f"{text}\r\n".encode())

        say("220 test")
        while line := self.rfile.readline().decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "DATA":
                say("354 go on")
                lines = []
                while (data := self.rfile.readline()) != b".\r\n":
                    lines.append(data)
                self.server.messages.append(email.message_from_bytes(b"".join(lines)))
                say("250 kept")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")


def test_an_e_mail_has_text_and_the_picture(notice):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Smtp) as server:
        server.messages, server.daemon_threads = [], True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        channel = CHANNEL.validate_python(
            {"type": "email", "host": "127.0.0.1", "port": server.server_address[1],
             "security": "none", "sender": "vedette@shop.example", "to": ["ann@shop.example"]}
        )  # fmt: skip
        picture = draw_series("temp", [0, 60], [1.0, 2.0])
        message = Message("d", "a", "g", [notice()], "https://v.example", picture)
        Sender(Guard("127.0.0.1")).send(channel, "", message)
        server.shutdown()
        thread.join()
    (found,) = server.messages
    assert found["To"].endswith("ann@shop.example") or "ann@shop.example" in found["To"]
    parts = {part.get_content_type(): part for part in found.walk()}
    assert parts["image/png"].get_payload(decode=True) == picture
    text = parts.get("text/plain") or parts["text/html"]
    assert "service=checkout" in text.get_payload(decode=True).decode()


def test_a_picture_of_odd_series():
    png = b"\x89PNG"
    assert draw_series("x" * 300, [0], [None]).startswith(png)
    assert draw_series("a", [0, 60], [5.0, 5.0], threshold=5.0).startswith(png)
    assert draw_series("a", [0, 60], [0.0, None], threshold=-1e300).startswith(png)
    band = [(1.0, 3.0), None, (float("-inf"), 4.0)]
    assert draw_series("a", [0, 60, 120], [1.0, 9.0, None], breaching=[False, True, None],
                       band=band).startswith(png)  # fmt: skip


def test_no_addresses_are_written_to_the_log(receiver, notice, caplog):
    caplog.set_level("INFO")
    channel = CHANNEL.validate_python({"type": "webhook", "url": f"{receiver.url}/sesame"})
    Sender(Guard("127.0.0.1")).send(channel, KEY, Message("d", "acme", "g", [notice()]))
    with pytest.raises(DeliveryError):
        Sender(Guard("127.0.0.1"), timeout=0.5).send(
            CHANNEL.validate_python({"type": "apprise"}),
            "gotify://127.0.0.1:9/sesame123456789",
            Message("d", "acme", "g", [notice()]),
        )
    assert len(receiver.requests) == 1
    assert "sesame" not in caplog.text
