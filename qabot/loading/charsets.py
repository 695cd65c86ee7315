"""The bytes of a page as text. Pure."""

from __future__ import annotations

import codecs
import re

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_DECLARED = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]{2,40})", re.I)
_DECLARED_XML = re.compile(rb"<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w.:-]{2,40})", re.I)
_CHARSET = re.compile(
    r"utf-?8|utf-?16(?:-?[bl]e)?|us-ascii|ascii|iso-?8859-?\d{1,2}|latin-?\d|(?:windows|cp)-?125\d"
    r"|koi8-[ru]|gb2312|gbk|gb18030|big5(?:-hkscs)?|euc-(?:jp|kr)|shift_jis|iso-2022-jp|macintosh"
    r"|tis-620",
    re.I,
)
_READ_FOR_CHARSET = 4_096


def decode(data: bytes, charset: str = "") -> str:
    """A page as text: by its byte order mark, the ``charset`` it came with, or what it declares.

    Else it is UTF-8 where it can be, or Windows-1252. What is broken becomes U+FFFD.
    """
    for mark, name in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(name, "replace")
    start = data[:_READ_FOR_CHARSET]
    declared = _DECLARED_XML.match(start) or _DECLARED.search(start)
    for name in (charset, declared[1].decode("ascii", "replace") if declared else ""):
        if _CHARSET.fullmatch(name):
            is_latin = re.fullmatch(r"iso-?8859-?1|latin-?1|us-ascii|ascii", name, re.I)
            return _decoded(data, "windows-1252" if is_latin else name)
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("windows-1252", "replace")


def _decoded(data: bytes, name: str) -> str:
    try:
        return data.decode(name, "replace")
    except LookupError:  # a name of the right form that Python does not have
        return data.decode("utf-8", "replace")
