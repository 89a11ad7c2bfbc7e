"""What must not count again once a database went back in time."""

from sqlalchemy import select

from moorage.accounts.tables import InvitationRow
from moorage.backups.afterwards import GoingBack, go_back
from tests.support.running import PASSWORD, Harbour, link_of


async def test_an_invitation_that_was_open_then_lets_nobody_in(harbour: Harbour) -> None:
    olga = await harbour.olga()
    mia = await harbour.invited_by(olga, "Mia", "member")
    # Withdrawn or used since the backup, for all that the database knows.
    admin = link_of(await olga.post("/api/team/invitations", {"role": "admin", "note": ""}))
    database = harbour.built.parts.database
    await go_back(GoingBack(database, None))
    account = {"name": "Eve", "email": "eve@example.com", "password": PASSWORD}
    answer = await harbour.somebody().call("POST", "/api/invitations/accept", {"token": admin, **account})
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "invitation_gone")
    async with database.read() as tx:
        [kept] = (await tx.execute(select(InvitationRow.used_by))).all()
    assert str(kept.used_by) == mia.session["me"]["id"]
