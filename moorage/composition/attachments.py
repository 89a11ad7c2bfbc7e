"""Settings → what may be attached, and the way in for it."""

from moorage.chat.attachments import MIB, AttachmentLimits
from moorage.chat.reading import FileReader
from moorage.chat.uploads import Uploads
from moorage.reports.desk import Reports
from moorage.settings import Settings
from moorage.storage.database import Database


def build_uploads(settings: Settings, database: Database, reports: Reports) -> Uploads:
    """Make the way in for files, with the operator's limits."""
    limits = AttachmentLimits(
        each_bytes=settings.attachment_mib * MIB,
        per_message=settings.attachments_per_message,
        person_bytes=settings.attachments_person_mib * MIB,
        team_bytes=settings.attachments_team_mib * MIB,
    )
    return Uploads(database, reports, limits, FileReader())
