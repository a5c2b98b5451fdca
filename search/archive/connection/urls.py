"""Database URLs without their secrets, and with them for a connection.

Secrets of a URL are its password, and all query values whose names are not known to be harmless.
Wherever it is stored, shown, pickled or put into a process's arguments, they are replaced by
``***`` or removed. They are held by the process that was given them and passed to the workers that
it starts in their environment; `whole` puts them back for a connection.
"""

import os
import re
from urllib.parse import unquote, unquote_plus

from sqlalchemy.exc import ArgumentError

VARIABLE = "SEARCHSPACE_STORAGE"    # the environment's: whole URLs, one a line
MASK = "***"
# Query parameters that may be shown; all others are treated as secrets.
_HARMLESS = frozenset({
    # libpq
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
    "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr",
    "keepalives", "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname",
    "load_balance_hosts", "max_protocol_version", "min_protocol_version", "options", "port",
    "require_auth", "requirepeer", "ssl_max_protocol_version", "ssl_min_protocol_version",
    "sslcert", "sslcertmode", "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation",
    "sslrootcert", "sslsni", "target_session_attrs", "tcp_user_timeout", "user",
    # SQLite and its driver
    "cache", "cached_statements", "check_same_thread", "immutable", "isolation_level", "mode",
    "nolock", "psow", "timeout", "uri", "vfs"})
_SECRET = frozenset({"passfile", "password", "service", "sslpassword"})
_FORM = re.compile(
    r"(?P<scheme>[\w+]+)://"
    r"(?:(?P<user>[^:/?@]*)(?P<login>:(?P<password>[^/?@]*))?@)?"
    r"(?P<server>(?:\[[\w.:%]*\]|[\w.-]*)(?::[0-9]+)?)(?P<path>/[^?]*)?(?:\?(?P<query>.*))?")
_SHORTEST = 4       # least length of a secret that is masked in a database's messages

_given: dict[str, str] = {}     # whole URLs by what `bare` leaves of them


def scrub(url: str) -> str:
    """A URL with ``***`` for each of its secrets; of a malformed one at most the scheme is shown.
    Text that does not look like a URL is unchanged.

    >>> scrub("postgresql+psycopg://me:secret@host/db?sslmode=require&sslpassword=too")
    'postgresql+psycopg://me:***@host/db?sslmode=require&sslpassword=***'
    >>> scrub("postgresql+psycopg://me:sec@ret@host:notaport/db")
    'postgresql+psycopg://***'
    """
    return _written(url, MASK)


def bare(url: str) -> str:
    """A URL without its secrets, which libpq can complete from its own sources.

    >>> bare("postgresql+psycopg://me:secret@host/db?passfile=mine&sslmode=require")
    'postgresql+psycopg://me@host/db?sslmode=require'
    """
    return _written(url, "")


def keep(url: str) -> str:
    """`scrub` a URL, and remember its secrets in this process."""
    if _secrets(url):
        _given[bare(url)] = url
    return scrub(url)


def whole(url: str) -> str:
    """The URL to connect with: with the secrets that this process was given for it, or without.

    Raises:
        sqlalchemy.exc.ArgumentError: it cannot be read.
    """
    if _read(url) is None:
        raise ArgumentError(
            "write postgresql+psycopg://USER:PASSWORD@HOST:PORT/DATABASE or sqlite:///FILE, and "
            "in a password %40 for @, %2F for /, %3F for ?, %25 for %")
    return url if _secrets(url) else _known().get(bare(url), bare(url))


def environment(*urls: str) -> dict[str, str]:
    """Environment variables that pass the secrets of these URLs to a process, by default all that
    this one knows. Only the process's user can read them."""
    known = _known()
    wanted = [known[key] for key in (map(bare, urls) if urls else known) if key in known]
    return {VARIABLE: "\n".join(wanted)} if wanted else {}


def hidden(text: str) -> str:
    """A database's message, with the secrets that this process knows masked."""
    spelled = {form for url in _known().values() for secret in _secrets(url)
               for form in (secret, unquote(secret), unquote_plus(secret))}
    for form in sorted(spelled, key=len, reverse=True):
        if len(form) >= _SHORTEST:
            text = text.replace(form, MASK)
    return text


def called(url: str) -> str:
    """A database's name, human-readable: the path of an SQLite file, else the URL."""
    file = url.partition("?")[0].removeprefix("sqlite:///")
    return unquote(file) if url.startswith("sqlite:///") else scrub(url)


def _known() -> dict[str, str]:
    lines = os.environ.get(VARIABLE, "").split("\n")
    return {bare(url): url for url in lines if _secrets(url)} | _given


def _read(url: str) -> re.Match[str] | None:
    """The parts of an unambiguous URL, else None. What SQLAlchemy takes for the end of a password
    may be in the middle of it, as in ``u:se@cret@host`` or ``host:1/db?password=a@b``."""
    found = _FORM.fullmatch(url)
    if found is None:
        return None
    user, server, path, query = (found[name] or "" for name in ("user", "server", "path", "query"))
    if found["scheme"].startswith("sqlite") and found["user"] is None and not server:
        return found        # the path is a file's
    odd = ":" in unquote(user) or re.search("[@=]", unquote(path)) or "@" in query or \
        "\n" in url or re.search("[\0\ud800-\udfff]", unquote(url))
    return None if odd else found


def _written(url: str, mask: str) -> str:
    found = _read(url)
    if found is None:
        scheme = re.match(r"[\w+.-]+://", url)
        like_one = "://" in url or re.search(r":.*@|=", url, re.DOTALL)
        return f"{scheme[0] if scheme else ''}{MASK}" if like_one else url
    user, login, query = found["user"], found["login"] or "", found["query"]
    if found["password"]:
        login = mask and f":{mask}"
    text = f"{found['scheme']}://" + (f"{user}{login}@" if user is not None else "")
    text += found["server"] + (found["path"] or "")
    pairs = [pair if _harmless(pair) else _masked(pair, mask) for pair in _pairs(query)]
    return "?".join(filter(None, (text, "&".join(filter(None, pairs)))))


def _masked(pair: str, mask: str) -> str:
    name = _name(pair)
    return f"{name}={mask}" if mask and name in _SECRET else mask


def _secrets(url: str) -> list[str]:
    """The secrets as written in the URL; ``***`` is not one."""
    found = _read(url)
    if found is None:
        return []
    queried = (pair.partition("=")[2] if "=" in pair else pair
               for pair in _pairs(found["query"]) if not _harmless(pair))
    return [secret for secret in (found["password"], *queried) if secret and secret != MASK]


def _pairs(query: str | None) -> list[str]:
    return query.split("&") if query else []


def _harmless(pair: str) -> bool:
    return _name(pair) in _HARMLESS


def _name(pair: str) -> str:
    return unquote_plus(pair.partition("=")[0])
