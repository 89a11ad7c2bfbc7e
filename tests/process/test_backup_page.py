"""docs/backup.md is what somebody types on a bad day: its commands are executed, its options are those there are."""

import asyncio
import re
from pathlib import Path
from typing import cast

from typer.core import TyperGroup
from typer.main import get_command

from moorage.__main__ import main
from tests.process.backing_up import PASSPHRASE, backups, deployment, names_in
from tests.process.people import SignUp
from tests.support.serving import ROOT, Serving

__all__ = ["backups", "deployment"]


async def test_what_the_page_tells_to_type_works(
    deployment: Serving, backups: Path, sign_up: SignUp, tmp_path: Path
) -> None:
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    commands = [
        line.removeprefix("moorage ").split()
        for block in re.findall(r"```sh\n(.*?)```", page.partition("## From SQLite")[0], re.DOTALL)
        for line in block.splitlines()
    ]
    assert [one[:2] for one in commands] == [
        ["backup", "--to"], ["backup", "--to"], ["backup", "verify"], ["restore", commands[3][1]]
    ]  # fmt: skip
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    await deployment.start()
    await sign_up(deployment)
    for command in commands:
        if command[0] == "restore":
            assert await deployment.stop() == 0
        made = names_in(backups)
        given = [_here(word, backups, made[0] if made else "") for word in command]
        if "--with-keys" in given:
            given += ["--passphrase-file", str(tmp_path / "passphrase")]
        code, said = await deployment.run(*given)
        if command[0] == "restore":
            assert (code, "--replace" in said) == (2, True), said
            code, said = await deployment.run(*given, "--replace")
        assert code == 0, said
        await asyncio.sleep(1)  # the second is the name


def _here(word: str, backups: Path, made: str) -> str:
    return re.sub(r"moorage-\d+-\d+\.backup", made, word).replace("/var/backups/moorage", str(backups))


def test_the_page_names_every_option_and_no_other() -> None:
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    group = cast("TyperGroup", get_command(main))
    backup, db = (cast("TyperGroup", group.commands[name]) for name in ("backup", "db"))
    commands = [backup, backup.commands["verify"], group.commands["restore"], db.commands["copy"]]
    taken = {option for one in commands for parameter in one.params for option in parameter.opts if option[:2] == "--"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", page)) == taken - {"--language"}
