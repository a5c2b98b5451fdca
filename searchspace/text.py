"""Text from anybody, on its way to a person.

Names, notes, labels, error messages, files' names and what a database holds may be a stranger's. A
control character among them would move a terminal's cursor, fill the clipboard or turn round what
stands beside it, and no XML may hold one. Each language has its own way to say that a text is only
text; what has a library for it (Jinja2, JSON, SQLAlchemy, rich) leaves it to that.
"""

import html
import re
import unicodedata

_MARKDOWN = re.compile(r"[\\`*_\[\]{}<>#|~!]|&(?=[#\w])")


def printable(text: str, keep: str = "") -> str:
    r"""Text without control characters, in whose places stands ``�``; those in ``keep`` stay.

    They are Unicode's categories C and the separators of lines: escapes of a terminal, marks of a
    direction, halves of surrogates, what is assigned to nothing.

    >>> printable("a\x1b[1mb\u202ec\n", keep="\n")
    'a�[1mb�c\n'
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in keep or unicodedata.category(c) == "Zs"
                   else "\N{REPLACEMENT CHARACTER}" for c in text)


def markup(text: str) -> str:
    """Text as it stands in XML or HTML, between tags or in an attribute.

    >>> markup("<b title='x'>&")
    '&lt;b title=&#x27;x&#x27;&gt;&amp;'
    """
    return html.escape(printable(text))


def markdown(text: str) -> str:
    r"""Text as it stands within a line of Markdown.

    >>> markdown("[x](y) <b> *")
    '\\[x\\](y) \\<b\\> \\*'
    """
    return _MARKDOWN.sub(r"\\\g<0>", printable(text))
