"""Sending one message to one channel; whatever goes wrong is one kind of error."""

from __future__ import annotations

import hashlib
import hmac
import logging
from typing import TYPE_CHECKING, Any

import apprise
import httpx
import orjson
from apprise.attachment.memory import AttachMemory

from vedette.core.errors import VedetteError
from vedette.core.time import utc_now
from vedette.notifications.call import TIMEOUT_SECONDS, Answer, Caller
from vedette.notifications.channel import (
    Channel,
    EmailChannel,
    PagerDutyChannel,
    WebhookChannel,
    apprise_target,
    hosts_of,
)
from vedette.notifications.text import body_of, title_of

if TYPE_CHECKING:
    from vedette.notifications.documents import Document
    from vedette.notifications.guard import Guard
    from vedette.notifications.model import Message, Notice

PAGERDUTY = {"us": "https://events.pagerduty.com", "eu": "https://events.eu.pagerduty.com"}
SIGNATURE, TIMESTAMP, DELIVERY = "Vedette-Signature", "Vedette-Timestamp", "Vedette-Delivery"
_TOO_MANY, _SERVER_ERROR, _REQUEST_TIMEOUT = 429, 500, 408
_PAGERDUTY_SEVERITY = {"critical": "critical", "error": "error", "warning": "warning"}
# The libraries write addresses, which can hold secrets, to their logs.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
logging.getLogger("httpx").setLevel(logging.WARNING)


class DeliveryError(Exception):
    """A message was not delivered.

    Attributes:
        reason: why, without secrets.
        retryable: whether trying again can help.
        retry_after: seconds that the other side asked to wait, or None.

    """

    def __init__(
        self, reason: str, *, retryable: bool = True, retry_after: float | None = None
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.retryable = retryable
        self.retry_after = retry_after


def sign(secret: str, timestamp: str, delivery: str, body: bytes) -> str:
    """Return the signature of a webhook's request: ``v1=`` and HMAC-SHA256 in hexadecimal.

    It is of ``timestamp.delivery.body``, so that neither can be changed or sent again later.
    """
    text = b".".join((timestamp.encode(), delivery.encode(), body))
    return "v1=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()


class Sender:
    """Sends messages. Thread-safe."""

    def __init__(self, guard: Guard, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._guard = guard
        self._caller = Caller(guard, timeout=timeout)
        self._timeout = timeout

    def send(self, channel: Channel, secret: str, message: Message) -> None:
        """Send a message.

        Raises:
            DeliveryError: it did not get there.

        """
        try:
            if isinstance(channel, WebhookChannel):
                self._webhook(channel, secret, message)
            elif isinstance(channel, PagerDutyChannel):
                self._pagerduty(channel, secret, message)
            else:
                self._apprise(channel, secret, message)
        except VedetteError as error:
            raise DeliveryError(error.message, retryable=False) from error

    def send_document(self, channel: Channel, secret: str, document: Document) -> None:
        """Send a document: a page by e-mail, JSON to a webhook, its short form to the others.

        Raises:
            DeliveryError: it did not get there, or the channel takes no documents.

        """
        if isinstance(channel, PagerDutyChannel):
            raise DeliveryError("PagerDuty takes no reports", retryable=False)
        try:
            if isinstance(channel, WebhookChannel):
                members = ("id", "account", "title", "text", "html", "link")
                facts = {name: getattr(document, name) for name in members}
                self._signed(channel.url, secret, document.id, {"kind": "report", **facts})
            else:
                self._apprise_document(channel, secret, document)
        except VedetteError as error:
            raise DeliveryError(error.message, retryable=False) from error

    def _apprise_document(self, channel: Channel, secret: str, document: Document) -> None:
        sending = self._apprise_target(channel, secret)
        page: Any = AttachMemory
        email = isinstance(channel, EmailChannel)
        text = f"{document.text}\n\n{document.link}".strip()
        done = sending.notify(
            title=document.title,
            body=document.html if email else text,
            body_format="html" if email else "markdown",
            attach=[page(content=document.html, name="report.html", mimetype="text/html")]
            if email
            else None,
        )
        if not done:
            raise DeliveryError(f"{channel.type} did not take the report")

    def _webhook(self, channel: WebhookChannel, secret: str, message: Message) -> None:
        body = orjson.dumps(
            {**message.facts(), "title": title_of(message), "text": body_of(message)}
        )
        self._signed_body(channel.url, secret, message.id, body)

    def _signed(self, url: str, secret: str, delivery: str, facts: dict[str, Any]) -> None:
        self._signed_body(url, secret, delivery, orjson.dumps({"version": "1", **facts}))

    def _signed_body(self, url: str, secret: str, delivery: str, body: bytes) -> None:
        timestamp = str(int(utc_now().timestamp()))
        headers = {TIMESTAMP: timestamp, DELIVERY: delivery}
        if secret:
            headers[SIGNATURE] = sign(secret, timestamp, delivery, body)
        self._post(url, body, headers)

    def _pagerduty(self, channel: PagerDutyChannel, secret: str, message: Message) -> None:
        url = f"{PAGERDUTY[channel.region]}/v2/enqueue"
        for notice in message.notices:
            self._post(url, orjson.dumps(_pagerduty_event(secret, message, notice)), {})

    def _apprise(self, channel: Channel, secret: str, message: Message) -> None:
        sending = self._apprise_target(channel, secret)
        attach = None
        if message.image and (isinstance(channel, EmailChannel) or sending[0].attachment_support):
            picture: Any = AttachMemory
            attach = [picture(content=message.image, name="metric.png", mimetype="image/png")]
        kinds = {"firing": "failure", "resolved": "success", "test": "info"}
        done = sending.notify(
            title=title_of(message), body=body_of(message), body_format="markdown",
            notify_type=kinds[message.status], attach=attach,
        )  # fmt: skip
        if not done:
            raise DeliveryError(f"{channel.type} did not take the message")

    def _apprise_target(self, channel: Channel, secret: str) -> Any:  # noqa: ANN401 - the library has no types
        target = apprise_target(channel, secret)
        for host in hosts_of(target):
            self._guard.check(host)
        target.socket_connect_timeout = target.socket_read_timeout = self._timeout
        sending = apprise.Apprise()
        sending.add(target)
        return sending

    def _post(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        try:
            _check(self._caller.post(url, body, headers))
        except httpx.HTTPError as error:
            raise DeliveryError(f"the call failed: {type(error).__name__}") from error


def _check(answer: Answer) -> None:
    if answer.ok:
        return
    retryable = answer.status in {_TOO_MANY, _REQUEST_TIMEOUT} or answer.status >= _SERVER_ERROR
    wait = answer.headers.get("retry-after", "")
    raise DeliveryError(
        f"the other side answered {answer.status}",
        retryable=retryable,
        retry_after=float(wait) if wait.isdigit() else None,
    )


def _pagerduty_event(key: str, message: Message, notice: Notice) -> dict[str, Any]:
    series = hashlib.sha256(orjson.dumps(dict(notice.series), option=orjson.OPT_SORT_KEYS))
    event: dict[str, Any] = {
        "routing_key": key,
        "event_action": "resolve" if notice.status == "resolved" else "trigger",
        "dedup_key": f"{notice.alarm_id}/{series.hexdigest()[:16]}",
    }
    if notice.status == "resolved":
        return event
    link = message.link(notice)
    links = [{"href": link, "text": "Alarm"}] if link else []
    if notice.runbook:
        links.append({"href": notice.runbook, "text": "Runbook"})
    return event | {
        "payload": {
            "summary": f"{notice.alarm}: {notice.reason}"[:1024],
            "source": notice.series.get("service") or notice.alarm,
            "severity": _PAGERDUTY_SEVERITY.get(notice.severity, "info"),
            "custom_details": {"series": dict(notice.series), "watched": notice.summary},
        },
        "links": links,
    }
