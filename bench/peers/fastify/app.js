// The same resource as an ordinary Fastify service: pg pool, prepared named statements, serialiser compiled from a schema,
// one process a core.
//
// GET /api/v1/properties/:id  the row of properties_by_id.sql through the schema
// GET /rendered/:id           the text of properties_document.sql as it is: what the framework alone costs
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import Fastify from 'fastify';
import pg from 'pg';

const sql = (name) =>
    readFileSync(new URL(`../../../libs/properties/sql/${name}.sql`, import.meta.url), 'utf8').replaceAll(/^--.*\n/gm, '');
const BY_ID = sql('properties_by_id');
const DOCUMENT = sql('properties_document');
const INT8 = 20;
const NUMERIC = 1700;

const text = { type: 'string' };
const maybeText = { type: 'string', nullable: true };
const number = { type: 'number', nullable: true };
const integer = { type: 'integer', nullable: true };
const flag = { type: 'boolean', nullable: true };
const time = { type: 'string', format: 'date-time', nullable: true };
const anything = { type: 'object', additionalProperties: true };
const object = (properties, nullable = false) => ({ type: 'object', properties, nullable });
const list = (items) => ({ type: 'array', items });

const property = object({
    id: integer, slug: text, title: text, description: text, locale: text, available_locales: list(text),
    listing_type: text, property_type: text, property_sub_type: maybeText, status: text,
    bedrooms_total: integer, bathrooms_total: number, max_guests: integer, living_area_m2: number, lot_size_m2: number,
    year_built: integer, furnished: flag,
    price: object({ amount_minor: integer, currency: text, period: text }),
    address: object({ district: maybeText, city: maybeText, province: maybeText, country: text, postal_code: maybeText }),
    location: object({ lat: number, lng: number, approximate: flag }),
    amenities: list(text),
    images: list(object({ id: integer, url: text, alt: maybeText, order: integer, width: integer, height: integer, cover: flag })),
    stay_rules: anything, cancellation_policy: text, financials: anything, attributes: anything,
    agent: object({ id: integer, display_name: maybeText }, true),
    version: integer, published_at: time, created_at: time, updated_at: time,
});

// Columns "price.currency" become price: {currency}.
function nested(row) {
    const out = {};
    for (const name in row) {
        const dot = name.indexOf('.');
        if (dot < 0) {
            out[name] = row[name];
        } else {
            (out[name.slice(0, dot)] ??= {})[name.slice(dot + 1)] = row[name];
        }
    }
    return out;
}

function serve() {
    pg.types.setTypeParser(INT8, Number);
    pg.types.setTypeParser(NUMERIC, Number);
    const { PGHOST: host, PGPORT: port, PGUSER: user, PGDATABASE: database } = process.env;
    const pool = new pg.Pool({ host, port: Number(port), user, database, max: 10 });
    const app = Fastify({ logger: false });
    app.get('/api/v1/properties/:id', { schema: { response: { 200: property } } }, async (request, reply) => {
        const { rows } = await pool.query({ name: 'by_id', text: BY_ID, values: [request.params.id, 'en', false, null] });
        return rows.length === 0 ? reply.code(404).send() : nested(rows[0]);
    });
    app.get('/rendered/:id', async (request, reply) => {
        const { rows } = await pool.query({ name: 'document', text: DOCUMENT, values: [request.params.id, 'en'] });
        return rows.length === 0 ? reply.code(404).send() : reply.type('application/json').send(rows[0].body);
    });
    app.listen({ host: '127.0.0.1', port: Number(process.env.PORT) });
}

if (cluster.isPrimary) {
    for (let left = Number(process.env.WORKERS); left > 0; left--) {
        cluster.fork();
    }
    cluster.on('exit', () => process.exit(1)); // a run with a worker less must not go on
} else {
    serve();
}
