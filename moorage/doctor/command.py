"""`moorage doctor`: options, files and the key in, an exit code out. Never a traceback, never a key.

Exit codes: docs/doctor.md. What keeps doctor itself from working is one line on stderr and exit code 1; a command line
that can't be read ends with 64, as for every command of Moorage.
"""

import asyncio
import getpass
import io
import os
import sys
from collections.abc import Callable, Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvloop

from moorage.api.sentences import Language, sentence
from moorage.connections.credentials import MAX_KEY_CHARS, read_key
from moorage.connections.places import Entered
from moorage.connections.spelling import read_model_id
from moorage.connections.stages import DEADLINE_S
from moorage.connections.trusting import read_client_pem, read_trust
from moorage.doctor.endpoint import Wish
from moorage.doctor.rows import Manner, tell_checks, tell_walk
from moorage.doctor.terminal import language_of
from moorage.egress.trust import Trust
from moorage.errors import Invalid, MoorageError
from moorage.settings import SettingsError, read_settings
from moorage.telemetry import configure_logging, describe_place
from moorage.vault.certificates import MAX_PEM_CHARS
from moorage.vault.secret import Secret

EXIT_BROKEN: Final = 1

_OPTION_OF: Final = {
    "tls.ca_pem": "--ca",
    "tls.client_pem": "--client-certificate",
    "tls.pin": "--pin",
    "api_key": "--key-stdin",
    "model_id": "--model",
}


class AuthStyle(StrEnum):
    """How the key is sent."""

    AUTO = "auto"
    BEARER = "bearer"
    API_KEY = "api_key"


def doctor(  # noqa: PLR0913 - a command's parameters are its options
    url: Annotated[
        str | None, typer.Argument(help="Base URL of an endpoint. Without one the deployment itself is checked.")
    ] = None,
    *,
    model: Annotated[str | None, typer.Option(metavar="ID", help="Model to ask for a word.")] = None,
    key_stdin: Annotated[bool, typer.Option("--key-stdin", help="Read the key from standard input.")] = False,
    auth_style: Annotated[AuthStyle, typer.Option(help="How the key is sent.")] = AuthStyle.AUTO,
    ca: Annotated[Path | None, typer.Option(metavar="FILE", help="The only authorities to believe, PEM.")] = None,
    client_certificate: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate to show to the server, with its key, PEM.")
    ] = None,
    pin: Annotated[str | None, typer.Option(metavar="SHA256", help="The only public key to believe.")] = None,
    timeout: Annotated[float, typer.Option(min=1, max=600, metavar="SECONDS", help="For all stages.")] = DEADLINE_S,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of rows.")] = False,
    show_addresses: Annotated[
        bool, typer.Option("--show-addresses", help="Also tell the address, and those behind its name.")
    ] = False,
    language: Annotated[Language | None, typer.Option(help="Default: from LC_ALL, LC_MESSAGES, LANG.")] = None,
) -> None:
    """Walk the way to an endpoint as the wizard's test does, or check this deployment. Changes nothing."""
    wants_endpoint = {
        "--model": model is not None,
        "--key-stdin": key_stdin,
        "--auth-style": auth_style is not AuthStyle.AUTO,
        "--ca": ca is not None,
        "--client-certificate": client_certificate is not None,
        "--pin": pin is not None,
        "--timeout": timeout != DEADLINE_S,
        "--show-addresses": show_addresses,
    }
    given = [option for option, is_given in wants_endpoint.items() if is_given]
    if url is None and given:
        raise typer.BadParameter(f"{', '.join(given)}: only together with a URL.")
    manner = Manner(language or language_of(os.environ), as_json=as_json, show_addresses=show_addresses)

    def work() -> int:
        if url is None:
            return _run(tell_checks(manner))
        settings = read_settings()
        trust = _read_trust(ca, client_certificate, pin)
        model_id = None if model is None else read_model_id(model, "model_id")
        key = _read_key(manner) if key_stdin else None
        entered = Entered(url, key, auth_style.value, trust)
        return _run(tell_walk(settings, Wish(entered, model_id, timeout), manner))

    raise typer.Exit(_code_of(work, manner))


def _run(work: Coroutine[Any, Any, int]) -> int:
    # What the door logs for operators is what doctor tells them; a log line would stand between the rows.
    configure_logging(style="console", level="critical")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def _code_of(work: Callable[[], int], manner: Manner) -> int:
    """Do it and give the exit code; say in one line what kept doctor from working. Ctrl+C gives 130, as anywhere."""
    try:
        return work()
    except BrokenPipeError:
        raise  # nobody reads any more; the command ends without a word
    except SettingsError as error:
        return _complain(str(error))
    except MoorageError as error:
        option = _OPTION_OF.get(error.field or "")
        told = sentence(error.code, error.params, manner.language)
        return _complain(f"{option}: {told}" if option else told)
    except Exception as error:  # noqa: BLE001 - a traceback would show the values of variables
        params = {"kind": type(error).__name__, "where": describe_place(error)}
        return _complain(sentence("doctor.broke", params, manner.language))


def _complain(reason: str) -> int:
    typer.echo(reason, err=True)
    return EXIT_BROKEN


def _read_trust(ca: Path | None, client_certificate: Path | None, pin: str | None) -> Trust:
    if pin is not None and not pin.strip():
        raise Invalid("pin_invalid", field="tls.pin")
    authorities = "" if ca is None else _read_file(ca, "tls.ca_pem")
    client = None if client_certificate is None else read_client_pem(_read_file(client_certificate, "tls.client_pem"))
    return read_trust(authorities, client, pin or "")


def _read_file(path: Path, field: str) -> str:
    """Read a file of certificates. An empty one is refused: it would silently mean that the option was not given."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_PEM_CHARS + 1).decode("utf-8")
    except (OSError, UnicodeError):
        content = ""
    if not content.strip():
        raise Invalid("doctor.file_unreadable", field=field)
    return content


def _ask_for_key(prompt: str) -> str:
    try:
        return getpass.getpass(prompt)
    except EOFError:
        return ""


def _read_key(manner: Manner) -> Secret:
    """Read the key from what is piped in, or ask for it without showing what is typed."""
    if sys.stdin is None:
        text = ""
    elif sys.stdin.isatty():
        text = _ask_for_key(sentence("doctor.key_prompt", {}, manner.language) + " ")
    else:
        text = sys.stdin.buffer.read(2 * MAX_KEY_CHARS).decode("utf-8", "replace")
    key = read_key(text)
    if key is None:
        raise Invalid("doctor.no_key", field="api_key")
    return key
