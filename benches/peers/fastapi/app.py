"""The same figures over a table a grain with one row a period, as they are usually served from Python."""

import hashlib
from collections.abc import Callable
from contextlib import asynccontextmanager

import asyncpg
import orjson
from fastapi import FastAPI, Request, Response

# Two workers of five connections are the ten of the service's pool.
CONNECTIONS = 5
NAMES = {"measure": "synthetic_registrations", "source": "synthetic"}
CODES = ("geo", "maker", "brand", "model", "vehicle_class", "powertrain")
UNIT = "vehicles"

SERIES = """
    SELECT geo, maker, brand, model, vehicle_class, powertrain, period, value
    FROM peer.series JOIN peer.finest USING (series_id) WHERE series_id = $1 ORDER BY period"""
AGGREGATE = """
    SELECT geo, powertrain, period, value FROM peer.province_powertrain
    WHERE geo = $1 AND powertrain = ANY($2) ORDER BY powertrain, period"""
# The same with what the service tells of each figure.
TOLD_SERIES = """
    SELECT geo, maker, brand, model, vehicle_class, powertrain, period, value, status, document
    FROM peer.series JOIN peer.finest_told USING (series_id) WHERE series_id = $1 ORDER BY period"""
TOLD_AGGREGATE = """
    SELECT geo, powertrain, period, value, status, document, parts FROM peer.province_powertrain_told
    WHERE geo = $1 AND powertrain = ANY($2) ORDER BY powertrain, period"""

ready: dict[tuple[str, int], tuple[bytes, str]] = {}


@asynccontextmanager
async def lifespan(app: FastAPI):
    # Where the database is stands in PGHOST, PGUSER and PGDATABASE.
    app.state.pool = await asyncpg.create_pool(min_size=CONNECTIONS, max_size=CONNECTIONS)
    yield
    await app.state.pool.close()


app = FastAPI(lifespan=lifespan)


def month(period: int) -> str:
    return f"{period // 12}-{period % 12 + 1:02}"


def row(record: asyncpg.Record) -> dict:
    return {
        **NAMES,
        "geo": record["geo"],
        "powertrain": record["powertrain"],
        "frequency": "M",
        "period": month(record["period"]),
        "value": record["value"],
        "unit": UNIT,
    }


def point(record: asyncpg.Record) -> dict:
    return {"period": month(record["period"]), "value": record["value"], "source": NAMES["source"]}


def told_row(record: asyncpg.Record) -> dict:
    geo, powertrain, parts = record["geo"], record["powertrain"], record["parts"]
    return {
        "series": f"synthetic:M.{NAMES['measure']}.{NAMES['source']}.{geo}._T._T._T._T.{powertrain}",
        "measure": NAMES["measure"],
        "source": NAMES["source"],
        "geo": geo,
        "maker": "_T",
        "brand": "_T",
        "model": "_T",
        "vehicle_class": "_T",
        "powertrain": powertrain,
        "frequency": "M",
        "period": month(record["period"]),
        "value": record["value"],
        "status": record["status"],
        "document": record["document"],
        "note": None,
        "low_trust": True,
        "derived": True,
        "coverage": f"{parts}/{parts}",
        "reason": None,
    }


def told_point(record: asyncpg.Record) -> dict:
    return {
        "period": month(record["period"]),
        "value": record["value"],
        "status": record["status"],
        "source": NAMES["source"],
        "document": record["document"],
        "note": None,
        "low_trust": True,
        "derived": False,
        "coverage": None,
        "reason": None,
    }


async def one_series(series_id: int, query: str = SERIES, point: Callable = point) -> bytes:
    records = await app.state.pool.fetch(query, series_id)
    codes = {**NAMES, **{name: records[0][name] for name in CODES}} if records else {}
    observations = [point(record) for record in records]
    return orjson.dumps({"data": {"codes": codes, "frequency": "M", "unit": UNIT, "observations": observations}})


@app.get("/aggregate")
async def aggregate(geo: str, powertrain: str):
    records = await app.state.pool.fetch(AGGREGATE, geo, powertrain.split(","))
    return Response(orjson.dumps({"data": [row(record) for record in records]}), media_type="application/json")


@app.get("/series/{series_id}")
async def series(series_id: int):
    return Response(await one_series(series_id), media_type="application/json")


@app.get("/told/aggregate")
async def told_aggregate(geo: str, powertrain: str):
    records = await app.state.pool.fetch(TOLD_AGGREGATE, geo, powertrain.split(","))
    return Response(orjson.dumps({"data": [told_row(record) for record in records]}), media_type="application/json")


@app.get("/told/series/{series_id}")
async def told_series(series_id: int):
    return Response(await one_series(series_id, TOLD_SERIES, told_point), media_type="application/json")


@app.get("/cached/{series_id}")
async def cached(series_id: int, request: Request, length: int = 0):
    # A body may be asked for that is at least so long: white space behind JSON changes nothing.
    key = (request.url.path, length)
    kept = ready.get(key)
    if kept is None:
        body = (await one_series(series_id)).ljust(length)
        kept = ready[key] = (body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
    body, tag = kept
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(body, media_type="application/json", headers={"etag": tag})
