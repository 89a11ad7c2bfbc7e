"""The rows of routes.py about exports of data, retention, erasure, recipients and undertakings."""

from typing import Final

from moorage.api import erasures, limits, privacy
from moorage.api.route import Route
from moorage.api.schemas.base import Done
from moorage.api.schemas.privacy import (
    ErasureBegun,
    ErasurePlan,
    ExportView,
    PeopleHere,
    PrivacyView,
    ReceiptList,
    RecipientList,
    RetentionDue,
    RetentionView,
)

_OF: Final = "/api/team/privacy"
_ONE: Final = f"{_OF}/exports/{{export_id}}"
_PERSON: Final = f"{_OF}/people/{{user_id}}/erasure"
_SIGNED: Final = f"{_OF}/undertakings/{{connection_id}}"
_RECORDS: Final = tuple(privacy.RECORD_TYPES.values())

PRIVACY_ROUTES: Final = (
    Route("GET", _OF, privacy.get_privacy, PrivacyView),
    Route("POST", f"{_OF}/exports", privacy.export_own, ExportView, limit=limits.EXPORT),
    Route("POST", f"{_OF}/team-exports", privacy.export_team, ExportView, limit=limits.EXPORT),
    Route("GET", _ONE, privacy.get_export, ExportView),
    Route("DELETE", _ONE, privacy.delete_export, Done),
    Route("POST", f"{_ONE}/file", privacy.fetch_export, None, limit=limits.EXPORT, files=(privacy.ZIP,)),
    Route("PUT", f"{_OF}/retention", privacy.set_retention, RetentionView),
    Route("POST", f"{_OF}/retention/preview", privacy.foresee_retention, RetentionDue),
    Route("POST", f"{_OF}/records", privacy.export_record, None, limit=limits.EXPORT, files=_RECORDS),
    Route("GET", f"{_OF}/recipients", erasures.list_recipients, RecipientList),
    Route("PUT", _SIGNED, erasures.record_undertaking, RecipientList),
    Route("DELETE", _SIGNED, erasures.remove_undertaking, RecipientList),
    Route("PUT", f"{_OF}/standard-undertakings", erasures.set_standard_undertaking, RecipientList),
    Route("POST", f"{_OF}/own-hardware/{{connection_id}}", erasures.confirm_own_hardware, RecipientList),
    Route("PUT", f"{_OF}/clearing", erasures.set_clearing, RecipientList),
    Route("GET", f"{_OF}/people", erasures.list_people, PeopleHere),
    Route("GET", _PERSON, erasures.plan_person, ErasurePlan),
    Route("POST", _PERSON, erasures.erase_person, ErasureBegun),
    Route("GET", f"{_OF}/erasure", erasures.plan_team, ErasurePlan),
    Route("POST", f"{_OF}/erasure", erasures.erase_team, ErasureBegun),
    Route("GET", f"{_OF}/receipts", erasures.list_receipts, ReceiptList),
)
