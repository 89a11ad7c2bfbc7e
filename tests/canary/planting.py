"""The secrets that are planted, where each goes in, and the few places where one is meant to come out."""

import re
import secrets
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import httpx2

from tests.canary.nose import Hit, Nose

_LETTERS: Final = string.ascii_letters + string.digits


def make_secret(length: int = 28) -> str:
    """Letters and digits in both cases: legal in a key, a path, a host and a word of a prompt."""
    return "k" + "".join(secrets.choice(_LETTERS) for _ in range(length - 1))


@dataclass
class Planted:
    """The texts of one run, by name; those that Moorage itself makes are added when they are seen."""

    texts: dict[str, str]

    @classmethod
    def make(cls, client_pem: str) -> "Planted":
        """Make all that can be typed or configured."""
        names = (
            "api key", "typed key", "base path", "typed path", "query", "password", "wrong password", "standard key",
            "metrics token", "database password", "prompt",
        )  # fmt: skip
        texts = {name: make_secret() for name in names}
        texts |= {name: f"{make_secret(20).lower()}.test" for name in ("host", "typed host")}
        key = re.search(r"PRIVATE KEY-----\s+(\S+)\s+(\S+)", client_pem)
        assert key is not None
        texts["private key"] = key[2]
        return cls(texts)

    def __getitem__(self, name: str) -> str:
        return self.texts[name]

    def add(self, name: str, text: str) -> None:
        """Add one that Moorage made; every one gets a name of its own."""
        if text not in self.texts.values():
            self.texts[f"{name} {len(self.texts)}"] = text

    def fields(self, base_url: str, client_pem: str) -> Mapping[str, Any]:
        """Give what goes into which field of any body."""
        return {
            "base_url": base_url,
            "api_key": self["api key"],
            "password": self["wrong password"],
            "tls": {"ca_pem": "", "client_pem": client_pem, "pin": ""},
            "text": f"A question with {self['prompt']} in it",
        }

    def refused_fields(self, client_pem: str) -> Mapping[str, Any]:
        """Give the same with an address that is refused as a whole."""
        refused = f"https://{self['typed host']}/{self['typed path']}?token={self['query']}"
        return {**self.fields(refused, client_pem), "api_key": self["typed key"]}


_SESSION_VIEWS: Final = (
    r"(GET|POST) /api/session|POST /api/(session/(team|proof(/code)?)|sign-in(/(code|recovery-code))?|sign-up"
    r"|invitations/accept|profile/password|second-factors/(app/confirmation|passkeys))|PATCH /api/profile"
)
# Secret (without its number) → places where it is meant to be, as a pattern, and why. A prompt is no secret of the
# deployment; it has no place outside its conversation.
MEANT: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "link": ((r"^POST /api/team/invitations .*body", "the answer that gives the link, once"),),
    "session": (
        (
            r"^POST /api/(sign-(in(/recovery-code)?|up)|session/\S+|profile/password|invitations/accept) .*headers",
            "the cookie, handed to the browser it is for",
        ),
        (r"^POST /api/second-factors/(app/confirmation|passkeys) .*headers", "the same, after a factor was added"),
    ),
    "csrf": ((f"^({_SESSION_VIEWS}) .*body", "what only our own pages can read"),),
    "step": ((r"^POST /api/sign-in .*headers", "the cookie of a sign-in under way"),),
    "app secret": ((r"^POST /api/second-factors/app .*body", "once, to who sets the app up"),),
    "recovery code": (
        (r"^POST /api/second-factors/(app/confirmation|recovery-codes) .*body", "once, to who they are for"),
    ),
    "prompt": (
        (
            r"^(GET|POST|PATCH|PUT) /api/(conversations|replies|searches|shared-\w+)\b.* as (olga|adam|mia|eve).* body",
            "what somebody wrote, to themselves",
        ),
        (r"^(database|table (message|conversation|search_entry)\b)", "what somebody wrote, where it is kept"),
    ),
}


@dataclass
class Ear:
    """Keeps all that was heard, and judges it at the end, when every secret is known."""

    planted: Planted
    heard: list[tuple[str, bytes]] = field(default_factory=list)

    def hear(self, place: str, data: bytes | str) -> None:
        """Keep something.

        Each start records the operator's exceptions, which name a host: not where it was typed, and said so (P11).
        """
        heard = data.encode("utf-8", "replace") if isinstance(data, str) else data
        self.heard.append((place, heard.replace(b'"host":"%s"' % self.planted["host"].encode(), b"")))

    def hear_answer(self, place: str, answer: httpx2.Response) -> None:
        """Keep an answer: its status line and headers, and its body."""
        coding = answer.headers.get("content-encoding", "identity")
        assert coding in {"identity", "gzip", "deflate"}, f"{place}: teach tests/canary to read {coding}"
        lines = [f"{answer.status_code} {answer.reason_phrase}".encode()]
        lines += [name + b": " + value for name, value in answer.headers.raw]
        self.hear(f"{place} headers", b"\r\n".join(lines))
        self.hear(f"{place} body", answer.content)
        self._learn(answer)

    def _learn(self, answer: httpx2.Response) -> None:
        for name, value in answer.cookies.items():
            if "moorage" in name and value.strip('"'):
                self.planted.add(name.rpartition("moorage_")[2], value)
        for token in re.findall(r'"csrf_token":\s*"([^"]+)"', answer.text):
            self.planted.add("csrf", token)
        for token in re.findall(r'"path":\s*"/invite#([^"]+)"', answer.text):
            self.planted.add("link", token)
        for secret in re.findall(r'"secret":\s*"([A-Z2-7]{16,})"', answer.text):
            self.planted.add("app secret", secret)
        for codes in re.findall(r'"(?:recovery_)?codes":\s*\[([^\]]*)\]', answer.text):
            for code in re.findall(r'"([^"]+)"', codes):
                self.planted.add("recovery code", code)

    def hits(self) -> list[str]:
        """Tell every secret that was found where it is not meant to be."""
        return self.sniff()[0]

    def sniff(self) -> tuple[list[str], set[str]]:
        """Tell every secret that was found where it is not meant to be, and name those found where they are."""
        forms: dict[tuple[str, str], str] = {}
        meant: set[str] = set()
        for hit in Nose(self.planted.texts).sniff(*self.heard):
            if is_meant(hit):
                meant.add(_kind(hit.secret))
            else:
                # The first form says enough.
                forms.setdefault((hit.secret, hit.place), str(hit))
        return sorted(forms.values()), meant


def is_meant(hit: Hit) -> bool:
    """True where MEANT says so."""
    return any(re.search(pattern, hit.place) for pattern, _ in MEANT.get(_kind(hit.secret), ()))


def _kind(secret: str) -> str:
    return re.sub(r" \d+$", "", secret)


def hear_tables(ear: Ear, tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> None:
    """Keep every cell of every table."""
    for table, rows in tables.items():
        for row in rows:
            for column, value in row.items():
                data = value if isinstance(value, bytes) else repr(value).encode()
                ear.hear(f"table {table}.{column}", data)
