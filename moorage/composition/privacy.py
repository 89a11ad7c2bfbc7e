"""Settings → exports, retention and erasures of this process."""

from pathlib import Path

from moorage.api.sentences import Language, sentence
from moorage.connections.undertakings import Undertakings
from moorage.privacy.archive import Archive
from moorage.privacy.desk import PrivacyDesk
from moorage.privacy.erasing import Erasures
from moorage.privacy.exporting import Exports
from moorage.privacy.retention import Retention
from moorage.privacy.runner import Runner
from moorage.reports.desk import Reports
from moorage.settings import Settings
from moorage.storage.database import Database


def build_privacy(
    settings: Settings, database: Database, worker: str, reports: Reports, undertakings: Undertakings
) -> PrivacyDesk:
    """Make them; nothing runs before its start. `worker` names this process and no other."""
    archive = build_archive(settings)
    exports, erasures = Exports(database, archive, worker, _tell), build_erasures(settings, database, worker)
    runner = Runner(database, archive, exports, erasures, Retention(database), worker, reports)
    return PrivacyDesk(database, archive, erasures, runner, undertakings, settings.operator)


def build_archive(settings: Settings) -> Archive:
    """Give where exports lie until they are fetched."""
    return Archive(settings.data / "exports")


def build_erasures(settings: Settings, database: Database, worker: str) -> Erasures:
    """Make what erases, with its ledger beside the database."""
    return Erasures(database, erasures_file(settings), worker)


def erasures_file(settings: Settings) -> Path:
    """Give where the ledger of erasures lies."""
    return settings.erasures_file or settings.data / "erasures"


def _tell(code: str, language: str) -> str:
    spoken: Language = "de" if language == "de" else "en"
    return sentence(code, {}, spoken)
