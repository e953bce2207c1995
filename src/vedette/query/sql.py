"""Read-only SQL for those allowed: one SELECT over the account's fact tables, and nothing else.

The text is parsed, checked and written anew from its tree, so that what runs is what was checked.
"""

from __future__ import annotations

import logging

from sqlglot import ErrorLevel, exp
from sqlglot import parse as parse_sql

from vedette.core.errors import ForbiddenError, InvalidInputError, QuerySyntaxError
from vedette.query.scope import GUARDED, TABLES, UnscopedStatementError, scoped

MAX_LENGTH = 32_768
DIALECT = "clickhouse"
_CTE_PREFIX = "vedette_cte_"
"""Stands before every name that a WITH clause gives, so that none of them is ever a real table."""
_READABLE = TABLES - GUARDED
_UNSAFE_IN_NAMES = frozenset("@'\"`\\")

# Compared in lower case without underscores: functions that leave the account's rows for files,
# dictionaries, tables, the network, models, or what the server tells of itself and others.
_FORBIDDEN_PREFIXES = (
    "ai", "authenticateduser", "dict", "filesystem", "getsetting", "joinget", "naivebayes", "pgget",
    "pgtable", "region", "transaction", "zookeeper",
)  # fmt: skip
_FORBIDDEN_FUNCTIONS = frozenset(
    {
        "addresstoline", "addresstolinewithinlines", "addresstosymbol", "authuser", "buildid",
        "catboostevaluate", "connectionid", "currentdatabase", "currenthandler", "currentprofiles",
        "currentqueryid", "currentrequesturl", "currentroles", "currentschemas", "currentuser",
        "database", "defaultprofiles", "defaultroles", "demangle", "displayname",
        "enabledprofiles", "enabledroles", "evalmlmethod", "file", "fqdn", "fullhostname",
        "generateserialid", "getclienthttpheader", "getmacro", "getmaxtablenamelengthfordatabase",
        "getmergetreesetting", "getoskernelversion", "getserverport", "getserversetting",
        "globalvariable", "hascolumnintable", "hasthreadfuzzer", "hostname", "initialqueryid",
        "initialquerystarttime", "ismergetreepartcoveredby", "logtrace", "mergetreepartinfo",
        "partitionid", "queryid", "schema", "serveruuid", "sessionuser", "shardcount",
        "shardnum", "showcertificate", "sleep", "sleepeachrow", "structuretocapnprotoschema",
        "structuretoprotobufschema", "tcpport", "throwif", "tid", "timeseriesthrowduplicateseriesif",
        "uptime", "user",
    }
)  # fmt: skip
# The operators as functions take the name of a table as their second argument.
_IN_FUNCTIONS = frozenset(
    f"{reach}{form}{end}"
    for reach in ("", "global")
    for form in ("in", "notin", "nullin", "notnullin")
    for end in ("", "ignoreset")
)
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
    try:
        compiled = _compile(_parse(text))
        scoped(compiled)
    except RecursionError as error:
        raise QuerySyntaxError(
            "the SQL is nested too deeply", field="sql", remedy="nest it less"
        ) from error
    except UnscopedStatementError as error:
        raise InvalidInputError(
            "the SQL names a table where only FROM and JOIN may", field="sql", remedy="rename it"
        ) from error
    return compiled


def _compile(statement: exp.Expression) -> str:
    _check_clauses(statement)
    _check_functions(statement)
    for identifier in statement.find_all(exp.Identifier):
        _check_name(identifier)
    given = _rename_ctes(statement)
    for table in list(statement.find_all(exp.Table)):
        _scope_table(table, given)
    return statement.sql(dialect=DIALECT, comments=False)


def _parse(text: str) -> exp.Expression:
    try:
        statements = [
            s for s in parse_sql(text, dialect=DIALECT, error_level=ErrorLevel.RAISE) if s
        ]
    except Exception as error:
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
        start = column - len(details[0].get("highlight") or " ")
        position = sum(len(part) + 1 for part in text.split("\n")[: line - 1]) + max(start, 0)
    reason = details[0].get("description") or "it does not parse"
    if reason.startswith("Required keyword"):
        reason = "something is missing here"
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
        if isinstance(node, exp.Final | exp.TableSample | exp.PreWhere):
            raise InvalidInputError(
                "FINAL, SAMPLE and PREWHERE are not supported here", field="sql", remedy="use WHERE"
            )
        if isinstance(node, exp.In) and _is_in_name(node):
            raise InvalidInputError(
                "IN needs a list or a subquery, not a name",
                field="sql",
                remedy="write IN (SELECT ...), or = for one value",
            )
        if isinstance(node, exp.Placeholder | exp.Parameter):
            raise InvalidInputError(
                "parameters are not supported here", field="sql", remedy="write the value itself"
            )


def _check_functions(statement: exp.Expression) -> None:
    for node in statement.find_all(exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        plain = name.replace("_", "")
        if (
            plain in _FORBIDDEN_FUNCTIONS
            or plain in _IN_FUNCTIONS
            or plain.startswith(_FORBIDDEN_PREFIXES)
            or name.startswith("__")
        ):
            raise ForbiddenError(
                f"the function {name} is not allowed", field="sql", remedy="leave it out"
            )


def _is_in_name(node: exp.In) -> bool:
    """Tell whether the right side of IN is a lone name: the engine may read a table by it."""
    if node.args.get("field"):
        return True
    items = node.expressions
    if len(items) != 1:
        return False
    item = items[0].unnest()
    while isinstance(item, exp.Tuple) and len(item.expressions) == 1:
        item = item.expressions[0].unnest()
    return isinstance(item, exp.Column | exp.Identifier | exp.Dot | exp.Table | exp.Star)


def _check_name(identifier: exp.Identifier) -> None:
    """Refuse names that would mislead whoever reads the statement as text; quote table names."""
    name = identifier.name
    if _UNSAFE_IN_NAMES & set(name):
        raise InvalidInputError(
            f"the name {name[:80]!r} holds a quote, a backslash or @",
            field="sql",
            remedy="choose another alias",
        )
    if name.lower() in TABLES:
        identifier.set("quoted", True)  # noqa: FBT003 - the tree's own interface


def _rename_ctes(statement: exp.Expression) -> frozenset[str]:
    """Put the prefix before the names that WITH clauses give to queries, and return the names.

    Without it a name could stand for a real table outside of the clause's own reach.
    """
    given = set()
    for cte in statement.find_all(exp.CTE):
        if cte.args.get("scalar"):
            continue
        name = cte.alias
        if name.lower() in TABLES:
            raise InvalidInputError(
                f"{name} is a table; a WITH clause cannot take its name",
                field="sql",
                remedy="choose another name",
            )
        given.add(name)
        cte.args["alias"].set("this", exp.to_identifier(f"{_CTE_PREFIX}{name}", quoted=True))
    return frozenset(given)


def _scope_table(table: exp.Table, given: frozenset[str]) -> None:
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
    if name not in _READABLE and name not in given:
        raise InvalidInputError(
            f"there is no table {name}",
            field="sql",
            remedy=f"use one of {', '.join(sorted(_READABLE))}",
        )
    if not table.alias:
        table.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    if name in given:
        table.set("this", exp.to_identifier(f"{_CTE_PREFIX}{name}", quoted=True))
    else:
        table.set("this", exp.to_identifier(f"@{name}", quoted=False))
