-- $1 jsonb array of {base, quote, rate, as_of, source}; what is there stays
WITH added AS (
    INSERT INTO fx_rates (base, quote, rate, as_of, source)
    SELECT r.base, r.quote, r.rate, r.as_of, r.source
    FROM jsonb_to_recordset($1::jsonb) AS r (base text, quote text, rate numeric, as_of date, source text)
    ON CONFLICT DO NOTHING
    RETURNING 1
)
SELECT count(*) AS count FROM added
