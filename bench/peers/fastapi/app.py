"""The same resource as an ordinary FastAPI service: async SQLAlchemy session, pydantic models, uvicorn with uvloop and httptools.

GET /api/v1/properties/{id}  the row of properties_by_id.sql as a model
GET /rendered/{id}           the text of properties_document.sql as it is: what the framework alone costs
"""

import os
import re
from datetime import datetime, timezone
from pathlib import Path
from typing import List, Optional

from fastapi import Depends, FastAPI, HTTPException, Response
from pydantic import BaseModel
from sqlalchemy import JSON, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import sessionmaker

SQL = Path(__file__).resolve().parents[3] / "libs/properties/sql"


def statement(name, *parameters):
    """The product's own statement with named parameters."""
    lines = (SQL / f"{name}.sql").read_text().splitlines()
    sql = "\n".join(line for line in lines if not line.startswith("--"))
    return text(re.sub(r"\$(\d)::(\w+)", lambda match: f"CAST(:{parameters[int(match[1]) - 1]} AS {match[2]})", sql))


BY_ID = statement("properties_by_id", "id", "locale", "staff", "currency").columns(
    available_locales=JSON, price_converted=JSON, amenities=JSON, images=JSON, stay_rules=JSON, financials=JSON, attributes=JSON,
    agent=JSON)
DOCUMENT = statement("properties_document", "id", "locale")

engine = create_async_engine(os.environ["DATABASE_URL"], pool_size=10, max_overflow=10)
Session = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
app = FastAPI(openapi_url=None)


class Price(BaseModel):
    amount_minor: int
    currency: str
    period: str


class Address(BaseModel):
    district: Optional[str]
    city: Optional[str]
    province: Optional[str]
    country: str
    postal_code: Optional[str]


class Location(BaseModel):
    lat: Optional[float]
    lng: Optional[float]
    approximate: Optional[bool]


class Image(BaseModel):
    id: int
    url: str
    alt: Optional[str]
    order: int
    width: Optional[int]
    height: Optional[int]
    cover: bool


class Agent(BaseModel):
    id: int
    display_name: Optional[str]


def utc_text(moment):
    return moment.astimezone(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Property(BaseModel):
    id: int
    slug: str
    title: str
    description: str
    locale: str
    available_locales: List[str]
    listing_type: str
    property_type: str
    property_sub_type: Optional[str]
    status: str
    bedrooms_total: Optional[int]
    bathrooms_total: Optional[float]
    max_guests: Optional[int]
    living_area_m2: Optional[float]
    lot_size_m2: Optional[float]
    year_built: Optional[int]
    furnished: Optional[bool]
    price: Price
    address: Address
    location: Location
    amenities: List[str]
    images: List[Image]
    stay_rules: dict
    cancellation_policy: str
    financials: dict
    attributes: dict
    agent: Optional[Agent]
    version: int
    published_at: Optional[datetime]
    created_at: datetime
    updated_at: datetime

    class Config:
        json_encoders = {datetime: utc_text}


async def session():
    async with Session() as one:
        yield one


def nested(row):
    """Columns "price.currency" become price: {currency}."""
    out = {}
    for name, value in row.items():
        place, _, member = name.partition(".")
        if member:
            out.setdefault(place, {})[member] = value
        else:
            out[place] = value
    return out


@app.get("/api/v1/properties/{property_id}", response_model=Property)
async def read_property(property_id: int, db: AsyncSession = Depends(session)):
    found = await db.execute(BY_ID, {"id": property_id, "locale": "en", "staff": False, "currency": None})
    row = found.mappings().one_or_none()
    if row is None:
        raise HTTPException(404)
    return Property(**nested(row))


@app.get("/rendered/{property_id}")
async def read_rendered(property_id: int, db: AsyncSession = Depends(session)):
    row = (await db.execute(DOCUMENT, {"id": property_id, "locale": "en"})).one_or_none()
    if row is None:
        raise HTTPException(404)
    return Response(row.body, media_type="application/json")
