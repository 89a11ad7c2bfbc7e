"""Prices of models over HTTP; `connections/prices.py` judges and records."""

from decimal import Decimal
from uuid import UUID

from fastapi import Request

from moorage.api.parts import PartsDep
from moorage.api.schemas.usage import PriceDone, PriceGiven, PriceSet, PriceView, StandardPriceSet
from moorage.api.signed_in import SignedIn
from moorage.connections.acting import Caller
from moorage.usage.costs import Price, decimal_of


async def set_price(request: Request, parts: PartsDep, who: SignedIn, connection_id: UUID, wish: PriceSet) -> PriceDone:
    """Set the price of a model of a connection, or take it away."""
    price = _price(wish.price)
    await parts.prices.set_own(Caller(who, request.state.request_id), connection_id, wish.model_id, price)
    return PriceDone(price=price_view(price))


async def set_standard_price(request: Request, parts: PartsDep, who: SignedIn, wish: StandardPriceSet) -> PriceDone:
    """Set the price of a standard model, or take it away."""
    price = _price(wish.price)
    await parts.prices.set_standard(Caller(who, request.state.request_id), wish.provider, wish.model_id, price)
    return PriceDone(price=price_view(price))


def price_view(price: Price | None) -> PriceView | None:
    """Give a price as exact decimals."""
    if price is None:
        return None
    return PriceView(
        currency=price.currency,
        per_million_in=decimal_of(price.per_million_in),
        per_million_out=decimal_of(price.per_million_out),
    )


def _price(given: PriceGiven | None) -> Price | None:
    if given is None:
        return None
    return Price(given.currency, Decimal(given.per_million_in), Decimal(given.per_million_out))
