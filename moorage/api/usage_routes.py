"""The rows of routes.py about statistics, their exports, and prices."""

from typing import Final

from moorage.api import limits, usage, usage_exports, usage_prices
from moorage.api.route import Route
from moorage.api.schemas.usage import PeopleUsageView, PriceDone, UsageView

USAGE_ROUTES: Final = (
    Route("GET", "/api/usage", usage.get_usage, UsageView),
    Route("GET", "/api/usage/people", usage.get_people, PeopleUsageView),
    Route(
        "POST",
        "/api/usage/exports",
        usage_exports.export_usage,
        None,
        limit=limits.EXPORT,
        files=tuple(usage_exports.MEDIA_TYPES.values()),
    ),
    Route("PUT", "/api/usage/prices/{connection_id}", usage_prices.set_price, PriceDone),
    Route("PUT", "/api/usage/standard-prices", usage_prices.set_standard_price, PriceDone),
)
