"""A model list in pages, as Anthropic and Google give it: followed to its end, which is bounded."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Final, NamedTuple

from moorage.egress.door import Outbound
from moorage.errors import EndpointFailure
from moorage.providers.discovery import MAX_MODELS
from moorage.providers.failures import read_json
from moorage.providers.protocol import DiscoveredModel
from moorage.providers.speaking import GOOD, Speaker

_MAX_PAGES: Final = 20


class ListPage(NamedTuple):
    """What one answer of a list held, and what to ask for the next one with."""

    entries: list[Mapping[str, object]]
    after: str | None


class Listing(Speaker):
    """A provider whose list of models comes in pages."""

    @abstractmethod
    def _ask_for_page(self, after: str | None) -> Outbound:
        """Write the request for a page; None: for the first."""

    @abstractmethod
    def _read_page(self, document: Mapping[str, object]) -> ListPage | None:
        """Read one page; None if the document is none."""

    @abstractmethod
    def _read_model(self, entry: Mapping[str, object]) -> DiscoveredModel | None:
        """Read one entry; None if it can't hold a conversation."""

    async def list_models(self) -> list[DiscoveredModel]:
        """Ask for all models, in their order, without duplicates, 5000 at most. Raises EndpointFailure."""
        found: dict[str, DiscoveredModel] = {}
        after: str | None = None
        for _ in range(_MAX_PAGES):
            page = await self._fetch_page(after)
            for entry in page.entries:
                model = self._read_model(entry)
                if model is not None and not self._veil.hides(model.id):
                    shown = replace(model, name=model.id) if self._veil.hides(model.name) else model
                    found.setdefault(model.id, shown)
            after = page.after
            if after is None or len(found) >= MAX_MODELS:
                break
        return list(found.values())[:MAX_MODELS]

    async def _fetch_page(self, after: str | None) -> ListPage:
        answer = await self._line.fetch(self._ask_for_page(after))
        if answer.status not in GOOD:
            raise self._name_failure(answer.status, answer.headers, answer.body, "")
        document = read_json(answer.body)
        page = self._read_page(document) if isinstance(document, Mapping) else None
        if page is None:
            raise EndpointFailure("not_api")
        return page
