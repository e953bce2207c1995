"""Notification channels, routes, on-call schedules and escalation policies as code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from vedette.core.errors import InvalidInputError
from vedette.manifests import Existing
from vedette.manifests.definitions import SpecKind
from vedette.manifests.model import checked, dumped, no_labels
from vedette.notifications.channel import MAX_SECRET, Channel, check_secret
from vedette.notifications.oncall.policy import EscalationSpec
from vedette.notifications.oncall.schedule import OnCallSpec
from vedette.notifications.outbox import CHANNEL
from vedette.notifications.routing import RouteSpec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vedette.manifests import Document
    from vedette.notifications.oncall.service import OnCallService
    from vedette.notifications.service import NotificationService
    from vedette.store.catalog import Actor

SECRET = "secret"  # noqa: S105 - the name of a member


class PlacedRoute(RouteSpec):
    """A route with its place in the order."""

    position: int = Field(default=100, ge=0, le=100_000)


class ChannelKind:
    """``kind: NotificationChannel``; ``spec.secret`` is best a reference, ``${env:VEDETTE_SECRET_X}``."""

    name = "NotificationChannel"
    order = 10
    spec: Any = Channel

    def __init__(self, notifications: NotificationService) -> None:
        self._notifications = notifications

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        """See ``Kind.normal``; a secret is shown by a fingerprint."""
        no_labels(labels)
        channel, secret = _channel(spec)
        if secret is not None:
            check_secret(channel, secret)
        mark = self._notifications.fingerprint(secret) if secret else None
        if secret is None:
            # Without one the secret that is there stays, so it is no difference.
            mark = self._notifications.stored_fingerprint(account, name)
        return {**dumped(channel), "type": channel.type, **({SECRET: mark} if mark else {})}

    def existing(self, account: str) -> Sequence[Existing]:
        """See ``Kind.existing``."""
        found = []
        for one in self._notifications.channels(account):
            mark = self._notifications.stored_fingerprint(account, one.name)
            spec = {**dumped(one.channel), "type": one.channel.type}
            found.append(Existing(one.name, {}, spec | ({SECRET: mark} if mark else {}), one.owner))
        return found

    def put(self, actor: Actor, account: str, document: Document, owner: str) -> None:
        """See ``Kind.put``."""
        channel, secret = _channel(document.spec)
        self._notifications.put_channel(actor, account, document.name, channel, secret, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._notifications.delete_channel(actor, account, name)


class ScheduleKind(SpecKind[OnCallSpec]):
    """``kind: OnCallSchedule``; overrides are no part of it, as people make them from day to day."""

    name = "OnCallSchedule"
    order = 12
    spec = OnCallSpec

    def __init__(self, oncall: OnCallService) -> None:
        self._oncall = oncall

    def kept(self, account: str) -> Iterable[tuple[str, OnCallSpec, str]]:
        """See ``SpecKind``."""
        return [(one.name, one.spec, one.owner) for one in self._oncall.schedules(account)]

    def store(self, actor: Actor, account: str, name: str, spec: OnCallSpec, owner: str) -> None:
        """See ``SpecKind``."""
        self._oncall.put_schedule(actor, account, name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._oncall.delete_schedule(actor, account, name)


class PolicyKind(SpecKind[EscalationSpec]):
    """``kind: EscalationPolicy``."""

    name = "EscalationPolicy"
    order = 15
    spec = EscalationSpec

    def __init__(self, oncall: OnCallService) -> None:
        self._oncall = oncall

    def kept(self, account: str) -> Iterable[tuple[str, EscalationSpec, str]]:
        """See ``SpecKind``."""
        return [(one.name, one.spec, one.owner) for one in self._oncall.policies(account)]

    def store(
        self, actor: Actor, account: str, name: str, spec: EscalationSpec, owner: str
    ) -> None:
        """See ``SpecKind``."""
        self._oncall.put_policy(actor, account, name, spec, owner=owner)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._oncall.delete_policy(actor, account, name)


class RouteKind(SpecKind[PlacedRoute]):
    """``kind: NotificationRoute``."""

    name = "NotificationRoute"
    order = 20
    spec = PlacedRoute

    def __init__(self, notifications: NotificationService) -> None:
        self._notifications = notifications

    def kept(self, account: str) -> Iterable[tuple[str, PlacedRoute, str]]:
        """See ``SpecKind``."""
        for one in self._notifications.routes(account):
            yield one.name, PlacedRoute(**one.spec.model_dump(), position=one.position), one.owner

    def store(self, actor: Actor, account: str, name: str, spec: PlacedRoute, owner: str) -> None:
        """See ``SpecKind``."""
        route = RouteSpec.model_validate(spec.model_dump(exclude={"position"}))
        self._notifications.put_route(
            actor, account, name, route, position=spec.position, owner=owner
        )

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """See ``Kind.delete``."""
        self._notifications.delete_route(actor, account, name)


def _channel(spec: Mapping[str, Any]) -> tuple[Channel, str | None]:
    settings = {key: value for key, value in spec.items() if key != SECRET}
    secret = spec.get(SECRET)
    if secret is not None and (not isinstance(secret, str) or len(secret) > MAX_SECRET):
        raise InvalidInputError("the secret is no text", field="spec.secret", remedy="write a text")
    return checked(lambda: CHANNEL.validate_python(settings)), secret
