"""Reader of files in a packed archive (tar.gz) into memory; nothing is unpacked to disk.

Headers are read independently. Those that would change the meaning of the next one (long names,
extended attributes, sparse files) are skipped with their contents, and so are links and devices.
"""

import tarfile
from collections.abc import Mapping

from search.data.files import inflate

MAX_MEMBERS = 1000
_BLOCK = 512
_FILES = (tarfile.REGTYPE, tarfile.AREGTYPE)


def read_members(packed: bytes, wanted: Mapping[str, str]) -> dict[str, bytes]:
    """Contents of the files whose paths in the archive are keys of ``wanted``, by its values.

    Raises:
        ValueError: it is no such archive, damaged, truncated, or too large.
    """
    content = inflate(packed, gzip=True)
    found: dict[str, bytes] = {}
    start = 0
    for _ in range(MAX_MEMBERS):
        header = content[start:start + _BLOCK]
        if not any(header):         # an archive ends in zeros
            return found
        member = _member(header)
        start += _BLOCK
        if member.islnk() or member.issym() or member.isdir() or member.isdev():
            continue                # whatever size they claim, they have no content
        if not 0 <= member.size <= len(content) - start:
            raise ValueError(f"it ends within {member.name}")
        name = wanted.get(member.name.removeprefix("./"))
        if member.type in _FILES and name is not None:
            found[name] = content[start:start + member.size]
        start += -(-member.size // _BLOCK) * _BLOCK
    raise ValueError(f"it has more than {MAX_MEMBERS:,} members")


def _member(header: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(header, "utf-8", "replace")
    except tarfile.TarError as error:
        raise ValueError(str(error)) from None
