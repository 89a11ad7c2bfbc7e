"""P14 across processes: whoever suspends a team need not be the process that writes its answers."""

import asyncio
import os
import sys
import time

from moorage.chat.replies import JUDGE_EVERY_S
from tests.process.people import HALF, SignUp, connect, follow, text_of, wait_until_stored
from tests.support.codebase import ROOT
from tests.support.model_server import ModelServer
from tests.support.running import Person
from tests.support.serving import Serving

WITHIN_S = 5.0


async def _command(deployment: Serving, *arguments: str) -> str:
    """Run a command beside the server, as an operator would."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MOORAGE_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "moorage",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        cwd=ROOT,
        env={**kept, "MOORAGE_DATA": str(deployment.data)},
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return out.decode()


async def _ends_within(person: Person, exchange: object, seconds: float) -> tuple[str, str, str]:
    """Follow an answer that only its judge can end; gives state, problem and text."""
    async with asyncio.timeout(seconds + 1):
        events = await follow(person, exchange)
    receipt = events[-1].data["receipt"]
    return receipt["state"], (receipt["problem"] or {"code": ""})["code"], text_of(events)


async def test_a_suspension_by_another_process_ends_a_running_answer_within_seconds(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Hold on", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    team_id = olga.session["team"]["id"]
    said = await _command(deployment, "team", "set", team_id, "--standing", "suspended")
    suspended_at = time.monotonic()
    assert "suspended" in said
    again = {"client_id": team_id, "text": "And now?", "model_ref": refs["steady"]}
    path = f"/api/conversations/{exchange['conversation_id']}/messages"
    refused = await olga.call("POST", path, {**again, "parent_id": None})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "access_suspended")
    assert await _ends_within(olga, exchange, WITHIN_S) == ("interrupted", "access_suspended", HALF)
    assert time.monotonic() - suspended_at < WITHIN_S
    async with asyncio.timeout(WITHIN_S):
        while model_server.counts.open_connections > 1:
            await asyncio.sleep(0.05)
    await _command(deployment, "team", "set", team_id, "--standing", "active")
    assert (await olga.wait_for(await olga.ask("Back?", refs["steady"])))["state"] == "done"


async def test_a_member_removed_by_another_process_gets_not_one_word_more(
    deployment: Serving, model_server: ModelServer, sign_up: SignUp
) -> None:
    await deployment.start()
    olga = await sign_up(deployment)
    refs = await connect(olga, model_server, "held")
    exchange = await olga.ask("Hold on", refs["held"])
    await wait_until_stored(olga, exchange, HALF)
    execute = "import sqlite3,sys; sqlite3.connect(sys.argv[1], isolation_level=None).execute(sys.argv[2])"
    database = str(deployment.data / "moorage.db")
    removing = await asyncio.create_subprocess_exec(sys.executable, "-c", execute, database, "DELETE FROM membership")
    assert await removing.wait() == 0
    assert (await olga.call("GET", "/api/team")).status_code == 401
    wanted = "SELECT state FROM reply WHERE state != 'running'"
    async with asyncio.timeout(WITHIN_S):
        while not deployment.query(wanted):
            await asyncio.sleep(JUDGE_EVERY_S / 10)
    assert deployment.query(wanted) == [("stopped",)]
