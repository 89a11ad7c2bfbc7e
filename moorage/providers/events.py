"""Splits an event stream into payloads: on CR, LF and CRLF only, however the network cuts it.

Not `str.splitlines` and not a client's line iterator: both also split at U+2028, U+2029 and U+0085, which are
ordinary characters inside JSON strings.
"""

from typing import Final

MAX_LINE_BYTES: Final = 256 * 1024
MAX_EVENT_BYTES: Final = 1024 * 1024
_BOM: Final = b"\xef\xbb\xbf"


class EventSplitter:
    """Feed it what arrives, get the payloads that became complete, in order.

    After `is_overlong` or `error` is set the stream is over for this splitter: what follows is dropped.
    """

    def __init__(self) -> None:
        self.is_overlong = False
        self.error: bytes | None = None
        """Payload of an `event: error`."""
        self.stray_lines = 0
        """Lines that are neither fields, comments nor bare JSON: a sign that this is no event stream."""
        self._pending = bytearray()
        self._data: bytes | None = None
        self._more_data: list[bytes] = []
        self._event_bytes = 0
        self._names_error = False
        self._after_cr = False
        self._at_start = True

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes of any length, cut anywhere."""
        if self._at_start:
            data = self._skip_bom(data)
        if self._after_cr and data:
            data = data.removeprefix(b"\n")
            self._after_cr = False
        if b"\r" in data:
            self._after_cr = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if b"\n" not in data:
            self._pending += data
            self.is_overlong |= len(self._pending) > MAX_LINE_BYTES
            return []
        block = bytes(self._pending) + data if self._pending else data
        lines = block.split(b"\n")
        self._pending = bytearray(lines.pop())
        if len(block) > MAX_LINE_BYTES:
            self._cut_at_overlong(lines)
        return self._read_lines(lines)

    def finish(self) -> list[bytes]:
        """Give what a missing line end or blank line at the end of the stream had held back."""
        head = [bytes(self._pending)] if self._pending else []
        self._pending.clear()
        return self._read_lines([*head, b""])

    def _skip_bom(self, data: bytes) -> bytes:
        data = bytes(self._pending) + data
        self._pending.clear()
        if len(data) < len(_BOM) and _BOM.startswith(data):
            self._pending += data
            return b""
        self._at_start = False
        return data.removeprefix(_BOM)

    def _cut_at_overlong(self, lines: list[bytes]) -> None:
        for position, line in enumerate(lines):
            if len(line) > MAX_LINE_BYTES:
                del lines[position:]
                self.is_overlong = True
                return
        self.is_overlong |= len(self._pending) > MAX_LINE_BYTES

    def _read_lines(self, lines: list[bytes]) -> list[bytes]:
        payloads: list[bytes] = []
        if self.error is not None:
            return payloads
        data = self._data
        for line in lines:
            if not line:
                if data is not None:
                    payload = self._join_rest(data) if self._more_data else data
                    if self._names_error:
                        self.error = payload
                        return payloads
                    payloads.append(payload)
                    data = None
                self._names_error = False
                continue
            if line.startswith(b"data:"):
                value = line[6:] if line[5:6] == b" " else line[5:]
            elif line.startswith(b"{"):
                # An error object without `data:` in front, as some proxies write when their backend dies.
                value = line
            else:
                self._read_rare_line(line)
                continue
            if data is None:
                data = value
            elif self._add_rest(data, value):
                return payloads
        self._data = data
        return payloads

    def _add_rest(self, first: bytes, value: bytes) -> bool:
        """Keep a further line of an event's data; True if the event is too large by now."""
        self._event_bytes = (self._event_bytes or len(first)) + 1 + len(value)
        self._more_data.append(value)
        self.is_overlong |= self._event_bytes > MAX_EVENT_BYTES
        return self.is_overlong

    def _join_rest(self, first: bytes) -> bytes:
        payload = b"\n".join([first, *self._more_data])
        self._more_data.clear()
        self._event_bytes = 0
        return payload

    def _read_rare_line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name == b"event":
            self._names_error = value.strip() == b"error"
        elif name not in {b"", b"id", b"retry", b"data"}:
            self.stray_lines += 1
