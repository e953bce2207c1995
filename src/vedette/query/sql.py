"""Read-only SQL for those allowed: one SELECT over the account's fact tables, and nothing else.

The text is parsed, checked and written anew from its tree, so that what runs is what was checked.
"""

from __future__ import annotations

import logging

from sqlglot import ErrorLevel, exp
from sqlglot import parse as parse_sql
from sqlglot.errors import SqlglotError

from vedette.core.errors import ForbiddenError, InvalidInputError, QuerySyntaxError
from vedette.query.scope import TABLES

MAX_LENGTH = 32_768
DIALECT = "clickhouse"
_FORBIDDEN_PREFIXES = ("dict", "join_get", "joinget", "get_setting", "getsetting")
_FORBIDDEN_FUNCTIONS = frozenset(
    {
        "addresstoline", "addresstolinewithinlines", "addresstosymbol", "catboostevaluate",
        "currentuser", "demangle", "displayname", "evalmlmethod", "file", "filesystemavailable",
        "filesystemcapacity", "filesystemunreserved", "fqdn", "getmacro", "getmergetreesetting",
        "getoskernelversion", "getserversetting", "getserverport", "hostname", "initialqueryid",
        "queryid", "serveruuid", "showcertificate", "sleep", "sleepeachrow", "tcpport", "throwif",
        "user", "serverUUID".lower(), "connectionid", "getclienthttpheader", "structuretoprotobufschema",
    }
)  # fmt: skip
# Statements of other kinds are refused below; the parser need not warn of them.
logging.getLogger("sqlglot").setLevel(logging.ERROR)
_READS = (exp.Select, exp.SetOperation, exp.Subquery)


def compile_sql(text: str) -> str:
    """Return the statement over ``@table`` names that a user's SQL stands for.

    Raises:
        QuerySyntaxError: it does not parse.
        InvalidInputError: it is not one SELECT, or reads what is not a fact table.
        ForbiddenError: it calls a function that reaches outside the account's rows.

    """
    if len(text) > MAX_LENGTH:
        raise InvalidInputError(
            f"the statement is longer than {MAX_LENGTH} characters",
            field="sql",
            remedy="shorten it",
        )
    statement = _parse(text)
    _check_clauses(statement)
    _check_functions(statement)
    for table in list(statement.find_all(exp.Table)):
        _scope_table(table, statement)
    for column in statement.find_all(exp.Column):
        if column.table in TABLES:
            column.args["table"].set("quoted", True)  # noqa: FBT003 - the tree's own interface
    return statement.sql(dialect=DIALECT, comments=False)


def _parse(text: str) -> exp.Expression:
    try:
        statements = [
            s for s in parse_sql(text, dialect=DIALECT, error_level=ErrorLevel.RAISE) if s
        ]
    except (SqlglotError, RecursionError) as error:
        raise _syntax_error(text, error) from error
    if len(statements) != 1 or not isinstance(statements[0], _READS):
        raise InvalidInputError(
            "only one SELECT can be run", field="sql", remedy="send a single SELECT statement"
        )
    return statements[0]


def _syntax_error(text: str, error: Exception) -> QuerySyntaxError:
    details = getattr(error, "errors", None) or [{}]
    line, column = details[0].get("line"), details[0].get("col")
    position = None
    if line and column:
        position = sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + column - 1
    reason = details[0].get("description") or "it does not parse"
    return QuerySyntaxError(f"the SQL is wrong: {reason}", field="sql", position=position)


def _check_clauses(statement: exp.Expression) -> None:
    for node in statement.walk():
        if isinstance(node, exp.Select | exp.SetOperation):
            for clause in ("settings", "format", "into"):
                if node.args.get(clause):
                    raise ForbiddenError(
                        f"{clause.upper()} is not allowed here", field="sql", remedy="leave it out"
                    )
        if isinstance(node, exp.DDL | exp.DML | exp.Command) and not isinstance(node, _READS):
            raise ForbiddenError("only SELECT is allowed", field="sql", remedy="send a SELECT")
        if isinstance(node, exp.In) and node.args.get("field"):
            raise InvalidInputError(
                "IN needs a list or a subquery", field="sql", remedy="write IN (SELECT ...)"
            )
        if isinstance(node, exp.Placeholder | exp.Parameter):
            raise InvalidInputError(
                "parameters are not supported here", field="sql", remedy="write the value itself"
            )


def _check_functions(statement: exp.Expression) -> None:
    for node in statement.find_all(exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        plain = name.replace("_", "")
        if plain in _FORBIDDEN_FUNCTIONS or name.startswith(_FORBIDDEN_PREFIXES):
            raise ForbiddenError(
                f"the function {name} is not allowed", field="sql", remedy="leave it out"
            )


def _scope_table(table: exp.Table, statement: exp.Expression) -> None:
    """Put ``@name AS name`` where a fact table stands; leave the statement's own CTEs."""
    name = table.name
    if not isinstance(table.this, exp.Identifier):
        raise ForbiddenError(
            "table functions are not allowed", field="sql", remedy="read a fact table"
        )
    if table.db or table.catalog:
        raise ForbiddenError(
            f"{table.sql(dialect=DIALECT)} names a database",
            field="sql",
            remedy="name the table alone, such as otel_logs",
        )
    if name in {cte.alias for cte in statement.find_all(exp.CTE)}:
        if name in TABLES:
            raise InvalidInputError(
                f"{name} is a table; a WITH clause cannot take its name",
                field="sql",
                remedy="choose another name",
            )
        return
    if name not in TABLES:
        raise InvalidInputError(
            f"there is no table {name}",
            field="sql",
            remedy=f"use one of {', '.join(sorted(TABLES))}",
        )
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    table.set("this", exp.to_identifier(f"@{name}", quoted=False))
