"""Calls about reviews of traces by people: questions, queues and their items."""

from __future__ import annotations

from typing import Any

from vedette.models.review.items import MAX_AT_ONCE, STATUSES, ReviewItem, ReviewItems
from vedette.models.review.label_schemas import MAX_PAGE, TYPES, LabelSchema, LabelSchemas
from vedette.models.review.queues import TYPES as QUEUE_TYPES
from vedette.models.review.queues import ReviewQueue, ReviewQueues
from vedette.receivers.mlflow.calls import Call, Context, reads
from vedette.receivers.mlflow.common import page_size, without_none
from vedette.receivers.mlflow.schema import (
    BOOL,
    DOUBLE,
    INT64,
    STRING,
    Arguments,
    enum,
    message,
    optional,
    repeated,
    required,
)

INPUT = message(
    "LabelSchemaInput",
    pass_fail=optional(
        message("InputPassFail", positive_label=required(STRING), negative_label=required(STRING))
    ),
    categorical=optional(
        message(
            "InputCategorical",
            options=optional(repeated(STRING)),
            multi_select=optional(BOOL, default=False),
        )
    ),
    numeric=optional(
        message("InputNumeric", min_value=optional(DOUBLE), max_value=optional(DOUBLE))
    ),
    text=optional(message("InputText", max_length=optional(INT64))),
)
STATUS = enum("ReviewStatus", *STATUSES)


def create_label_schema(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST label-schemas/create``."""
    made = LabelSchemas(context.caller).create(
        given["experiment_id"],
        given["name"],
        given["type"],
        given["input"],
        instruction=given["instruction"],
        enable_comment=given["enable_comment"],
    )
    return {"label_schema": _schema(made)}


def get_label_schema(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET label-schemas/get``."""
    return {"label_schema": _schema(LabelSchemas(context.caller).get(given["schema_id"]))}


def get_label_schema_by_name(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET label-schemas/get-by-name``."""
    found = LabelSchemas(context.caller).named(given["experiment_id"], given["name"])
    return {"label_schema": _schema(found)}


def list_label_schemas(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET label-schemas/list``."""
    found, token = LabelSchemas(context.caller).list(
        given["experiment_id"], page_size(given["max_results"], 100, MAX_PAGE), given["page_token"]
    )
    return without_none(
        {"label_schemas": [_schema(one) for one in found], "next_page_token": token}
    )


def update_label_schema(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``PATCH label-schemas/update``."""
    changed = LabelSchemas(context.caller).update(
        given["schema_id"],
        name=given["name"],
        instruction=given["instruction"],
        enable_comment=given["enable_comment"],
        input_=given["input"],
    )
    return {"label_schema": _schema(changed)}


def delete_label_schema(context: Context, given: Arguments) -> None:
    """``DELETE label-schemas/delete``."""
    LabelSchemas(context.caller).delete(given["schema_id"])


def create_review_queue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST review-queues/create``."""
    made = ReviewQueues(context.caller).create(
        given["experiment_id"],
        given["name"],
        given["queue_type"],
        given["users"],
        given["schema_ids"],
    )
    return {"review_queue": _queue(made)}


def get_or_create_user_queue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST review-queues/get-or-create-user``."""
    queues = ReviewQueues(context.caller)
    return {"review_queue": _queue(queues.of_user(given["experiment_id"], given["user"]))}


def get_review_queue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET review-queues/get``."""
    return {"review_queue": _queue(ReviewQueues(context.caller).get(given["queue_id"]))}


def get_review_queue_by_name(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET review-queues/get-by-name``."""
    found = ReviewQueues(context.caller).named(given["experiment_id"], given["name"])
    return {"review_queue": _queue(found)}


def list_review_queues(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET review-queues/list``."""
    found, token = ReviewQueues(context.caller).list(
        given["experiment_id"],
        page_size(given["max_results"], MAX_PAGE, MAX_PAGE),
        given["page_token"],
        user=given["user"],
        item_id=given["item_id"],
    )
    return without_none({"review_queues": [_queue(one) for one in found], "next_page_token": token})


def update_review_queue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST review-queues/update``; an empty list that is meant is told by a flag beside it."""
    changed = ReviewQueues(context.caller).update(
        given["queue_id"],
        name=given["name"],
        owner=given["new_owner"],
        users=given["users"] if given["update_users"] else None,
        schema_ids=given["schema_ids"] if given["update_schema_ids"] else None,
    )
    return {"review_queue": _queue(changed)}


def delete_review_queue(context: Context, given: Arguments) -> None:
    """``POST review-queues/delete``."""
    ReviewQueues(context.caller).delete(given["queue_id"])


def add_items_to_review_queue(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST review-queues/items/add``."""
    added = ReviewItems(context.caller).add(given["queue_id"], given["item_ids"])
    return {"items": [_item(one) for one in added]}


def remove_items_from_review_queue(context: Context, given: Arguments) -> None:
    """``POST review-queues/items/remove``."""
    ReviewItems(context.caller).remove(given["queue_id"], given["item_ids"])


def list_review_queue_items(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``GET review-queues/items/list``."""
    found, token = ReviewItems(context.caller).list(
        given["queue_id"],
        page_size(given["max_results"], MAX_AT_ONCE, MAX_AT_ONCE),
        given["page_token"],
        status=given["status"],
    )
    return without_none({"items": [_item(one) for one in found], "next_page_token": token})


def set_review_queue_item_status(context: Context, given: Arguments) -> Any:  # noqa: ANN401 - JSON
    """``POST review-queues/items/set-status``."""
    changed = ReviewItems(context.caller).set_status(
        given["queue_id"], given["item_id"], given["status"], given["completed_by"]
    )
    return {"item": _item(changed)}


def _schema(one: LabelSchema) -> dict[str, Any]:
    return without_none(
        {
            "schema_id": one.id,
            "experiment_id": one.experiment_id,
            "name": one.name,
            "type": one.type,
            "instruction": one.instruction,
            "enable_comment": one.enable_comment,
            "input": dict(one.input),
            "created_by": one.created_by,
            "created_at": one.created_ms,
            "last_updated_at": one.updated_ms,
            "is_default": one.is_default,
        }
    )


def _queue(one: ReviewQueue) -> dict[str, Any]:
    return {
        "queue_id": one.id,
        "experiment_id": one.experiment_id,
        "name": one.name,
        "queue_type": one.type,
        "created_by": one.created_by,
        "creation_time_ms": one.created_ms,
        "last_update_time_ms": one.updated_ms,
        "users": list(one.users),
        "schema_ids": list(one.schema_ids),
    }


def _item(one: ReviewItem) -> dict[str, Any]:
    return without_none(
        {
            "queue_id": one.queue_id,
            "item_type": "TRACE",
            "item_id": one.item_id,
            "status": one.status,
            "completed_by": one.completed_by,
            "completed_time_ms": one.completed_ms,
            "creation_time_ms": one.created_ms,
            "last_update_time_ms": one.updated_ms,
        }
    )


_SCHEMA = {"schema_id": required(STRING)}
_QUEUE = {"queue_id": required(STRING)}
_OF = {"experiment_id": required(STRING)}
_NAMED = {**_OF, "name": required(STRING)}
_PAGE = {"max_results": optional(INT64), "page_token": optional(STRING)}
_TEXTS = repeated(STRING)
_SCHEMA_CALLS = (
    Call(
        "POST",
        "3.0/label-schemas/create",
        {
            **_NAMED,
            "type": required(enum("LabelSchemaType", *TYPES)),
            "input": required(INPUT),
            "instruction": optional(STRING),
            "enable_comment": optional(BOOL, default=False),
        },
        create_label_schema,
    ),
    reads("GET", "3.0/label-schemas/get", _SCHEMA, get_label_schema),
    reads("GET", "3.0/label-schemas/get-by-name", _NAMED, get_label_schema_by_name),
    reads("GET", "3.0/label-schemas/list", {**_OF, **_PAGE}, list_label_schemas),
    Call(
        "PATCH",
        "3.0/label-schemas/update",
        {
            **_SCHEMA,
            "name": optional(STRING),
            "instruction": optional(STRING),
            "enable_comment": optional(BOOL),
            "input": optional(INPUT),
        },
        update_label_schema,
    ),
    Call("DELETE", "3.0/label-schemas/delete", _SCHEMA, delete_label_schema),
)
_ITEMS = {**_QUEUE, "item_ids": optional(_TEXTS)}
_QUEUE_CALLS = (
    Call(
        "POST",
        "3.0/review-queues/create",
        {
            **_NAMED,
            "queue_type": required(enum("ReviewQueueType", *QUEUE_TYPES)),
            "users": optional(_TEXTS),
            "schema_ids": optional(_TEXTS),
        },
        create_review_queue,
    ),
    Call(
        "POST",
        "3.0/review-queues/get-or-create-user",
        {**_OF, "user": required(STRING)},
        get_or_create_user_queue,
    ),
    reads("GET", "3.0/review-queues/get", _QUEUE, get_review_queue),
    reads("GET", "3.0/review-queues/get-by-name", _NAMED, get_review_queue_by_name),
    reads(
        "GET",
        "3.0/review-queues/list",
        {**_OF, **_PAGE, "user": optional(STRING), "item_id": optional(STRING)},
        list_review_queues,
    ),
    Call(
        "POST",
        "3.0/review-queues/update",
        {
            **_QUEUE,
            "name": optional(STRING),
            "new_owner": optional(STRING),
            "users": optional(_TEXTS),
            "update_users": optional(BOOL, default=False),
            "schema_ids": optional(_TEXTS),
            "update_schema_ids": optional(BOOL, default=False),
        },
        update_review_queue,
    ),
    Call("POST", "3.0/review-queues/delete", _QUEUE, delete_review_queue),
    Call("POST", "3.0/review-queues/items/add", _ITEMS, add_items_to_review_queue),
    Call("POST", "3.0/review-queues/items/remove", _ITEMS, remove_items_from_review_queue),
    reads(
        "GET",
        "3.0/review-queues/items/list",
        {**_QUEUE, **_PAGE, "status": optional(STATUS)},
        list_review_queue_items,
    ),
    Call(
        "POST",
        "3.0/review-queues/items/set-status",
        {
            **_QUEUE,
            "item_id": required(STRING),
            "status": required(STATUS),
            "completed_by": optional(STRING),
        },
        set_review_queue_item_status,
    ),
)
CALLS = (*_SCHEMA_CALLS, *_QUEUE_CALLS)
