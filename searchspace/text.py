"""Escaping of untrusted text for terminals, XML and Markdown.

Names, notes, labels, error messages, file names and contents of a database may be untrusted. Their
control characters could move a terminal's cursor, fill the clipboard or reverse adjacent text, and
are invalid in XML. Formats with a library for escaping (Jinja2, JSON, SQLAlchemy, rich) use that.
"""

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"[\\`*_\[\]{}<>#|~!]|&(?=[#\w])")


def printable(text: str, keep: str = "") -> str:
    r"""Text with control characters replaced by ``�``, except for those in ``keep``.

    They are Unicode's categories C and the line separators: terminal escapes, directional marks,
    surrogates, unassigned code points.

    >>> printable("a\x1b[1mb\u202ec\n", keep="\n")
    'a�[1mb�c\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep or unicodedata.category(c) == "Zs"
                   else "\N{REPLACEMENT CHARACTER}" for c in text)


def counted(number: int, noun: str) -> str:
    """A number of things in words.

    >>> counted(1, "network"), counted(2_000, "network"), counted(2, "study"), counted(0, "class")
    ('1 network', '2,000 networks', '2 studies', '0 classes')
    """
    if number == 1:
        return f"1 {noun}"
    many = f"{noun[:-1]}ie" if noun.endswith("y") else f"{noun}e" if noun.endswith("s") else noun
    return f"{number:,} {many}s"


def writable(text: str) -> str:
    r"""Text for the cells and paragraphs of a file: without control characters but line breaks and
    tabs, and with surrogates, which no file can hold, spelled out.

    >>> writable("a\x1b[1mb\ud800\n")
    'a�[1mb\\ud800\n'
    """
    return printable(text.encode(errors="backslashreplace").decode(), "\n\t")


def markup(text: str) -> str:
    """Text escaped for XML or HTML, between tags or in an attribute.

    >>> markup("<b title='x'>&")
    '&lt;b title=&#x27;x&#x27;&gt;&amp;'
    """
    return html.escape(printable(text))


def markdown(text: str) -> str:
    r"""Text escaped for a line of Markdown.

    >>> markdown("[x](y) <b> *")
    '\\[x\\](y) \\<b\\> \\*'
    """
    return _MARKDOWN.sub(r"\\\g<0>", printable(text))
