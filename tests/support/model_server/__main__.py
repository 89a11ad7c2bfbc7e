"""Runs the model server as a process of its own, for benchmarks and end-to-end tests; ends on SIGTERM or SIGINT."""

import argparse
import asyncio
import contextlib
import signal
import ssl
import sys
from pathlib import Path

import uvloop

from tests.support.model_server.server import ModelServer, describe


async def _run(arguments: argparse.Namespace) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(arguments.cert, arguments.key)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    server = ModelServer(
        context,
        name=arguments.name,
        port=arguments.port,
        key=arguments.require_key,
        listing=arguments.listing,
        models=arguments.models.split(","),
    )
    async with server:
        sys.stdout.write(describe(server) + "\n")
        sys.stdout.flush()
        await stopped.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--name", default="localhost")
    parser.add_argument("--cert", type=Path, required=True)
    parser.add_argument("--key", type=Path, required=True)
    parser.add_argument("--require-key", default=None)
    parser.add_argument("--listing", default="models")
    parser.add_argument("--models", default="steady,echo")
    with contextlib.suppress(KeyboardInterrupt):
        uvloop.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
