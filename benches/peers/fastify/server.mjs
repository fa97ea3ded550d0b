// The same figures over a table a grain with one row a period, as they are usually served from Node.

import cluster from "node:cluster";
import { createHash } from "node:crypto";
import fastify from "fastify";
import pg from "pg";

const WORKERS = 2;
// Two workers of five connections are the ten of the service's pool.
const CONNECTIONS = 5;
const NAMES = { measure: "synthetic_registrations", source: "synthetic" };
const UNIT = "vehicles";

const SERIES = {
  name: "series",
  text: `SELECT geo, maker, brand, model, vehicle_class, powertrain, period, value
    FROM peer.series JOIN peer.finest USING (series_id) WHERE series_id = $1 ORDER BY period`,
};
const AGGREGATE = {
  name: "aggregate",
  text: `SELECT geo, powertrain, period, value FROM peer.province_powertrain
    WHERE geo = $1 AND powertrain = ANY($2) ORDER BY powertrain, period`,
};
// The same with what the service tells of each figure.
const TOLD_SERIES = {
  name: "told_series",
  text: `SELECT geo, maker, brand, model, vehicle_class, powertrain, period, value, status, document
    FROM peer.series JOIN peer.finest_told USING (series_id) WHERE series_id = $1 ORDER BY period`,
};
const TOLD_AGGREGATE = {
  name: "told_aggregate",
  text: `SELECT geo, powertrain, period, value, status, document, parts FROM peer.province_powertrain_told
    WHERE geo = $1 AND powertrain = ANY($2) ORDER BY powertrain, period`,
};

// Figures are far below 2^53, where numbers are exact.
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

function month(period) {
  return `${Math.floor(period / 12)}-${String((period % 12) + 1).padStart(2, "0")}`;
}

// Rows are written field by field: with a spread in them three times as long is taken.
function row({ geo, powertrain, period, value }) {
  return {
    measure: NAMES.measure,
    source: NAMES.source,
    geo,
    powertrain,
    frequency: "M",
    period: month(period),
    value,
    unit: UNIT,
  };
}

function point({ period, value }) {
  return { period: month(period), value, source: NAMES.source };
}

function toldRow({ geo, powertrain, period, value, status, document, parts }) {
  return {
    series: `synthetic:M.${NAMES.measure}.${NAMES.source}.${geo}._T._T._T._T.${powertrain}`,
    measure: NAMES.measure,
    source: NAMES.source,
    geo,
    maker: "_T",
    brand: "_T",
    model: "_T",
    vehicle_class: "_T",
    powertrain,
    frequency: "M",
    period: month(period),
    value,
    status,
    document,
    note: null,
    low_trust: true,
    derived: true,
    coverage: `${parts}/${parts}`,
    reason: null,
  };
}

function toldPoint({ period, value, status, document }) {
  return {
    period: month(period),
    value,
    status,
    source: NAMES.source,
    document,
    note: null,
    low_trust: true,
    derived: false,
    coverage: null,
    reason: null,
  };
}

function series(rows, pointOf) {
  const { period, value, status, document, ...codes } = rows[0] ?? {};
  return { codes: { ...NAMES, ...codes }, frequency: "M", unit: UNIT, observations: rows.map(pointOf) };
}

async function serve() {
  // Where the database is stands in PGHOST, PGUSER and PGDATABASE.
  const pool = new pg.Pool({ max: CONNECTIONS });
  const rows = async (query, ...values) => (await pool.query({ ...query, values })).rows;
  const oneSeries = async (id, query = SERIES, pointOf = point) =>
    JSON.stringify({ data: series(await rows(query, id), pointOf) });
  const ready = new Map();
  // Of itself it writes two lines for each request, where others write one.
  const app = fastify({ logger: Boolean(process.env.LOGS), disableRequestLogging: true });
  if (process.env.LOGS) {
    app.addHook("onResponse", async (request, reply) => {
      request.log.info({ method: request.method, url: request.url, status: reply.statusCode, took: reply.elapsedTime });
    });
  }

  app.get("/aggregate", async (request, reply) => {
    reply.type("application/json");
    const { geo, powertrain } = request.query;
    return JSON.stringify({ data: (await rows(AGGREGATE, geo, powertrain.split(","))).map(row) });
  });

  app.get("/series/:id", async (request, reply) => {
    reply.type("application/json");
    return oneSeries(request.params.id);
  });

  app.get("/told/aggregate", async (request, reply) => {
    reply.type("application/json");
    const { geo, powertrain } = request.query;
    return JSON.stringify({ data: (await rows(TOLD_AGGREGATE, geo, powertrain.split(","))).map(toldRow) });
  });

  app.get("/told/series/:id", async (request, reply) => {
    reply.type("application/json");
    return oneSeries(request.params.id, TOLD_SERIES, toldPoint);
  });

  app.get("/cached/:id", async (request, reply) => {
    let kept = ready.get(request.url);
    if (kept === undefined) {
      // A body may be asked for that is at least so long: white space behind JSON changes nothing.
      const length = Number(request.query.length ?? 0);
      const body = Buffer.from((await oneSeries(request.params.id)).padEnd(length));
      kept = { body, tag: `"${createHash("sha256").update(body).digest("hex").slice(0, 32)}"` };
      ready.set(request.url, kept);
    }
    reply.header("etag", kept.tag);
    if (request.headers["if-none-match"] === kept.tag) return reply.code(304).send();
    return reply.type("application/json").send(kept.body);
  });

  await app.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker += 1) cluster.fork();
} else {
  await serve();
}
