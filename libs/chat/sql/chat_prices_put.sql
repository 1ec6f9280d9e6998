-- Prices of models; those that stay the same keep their date. $1 jsonb list of objects with the table's columns
INSERT INTO model_prices AS p (model, input_microusd_per_mtok, output_microusd_per_mtok, cached_microusd_per_mtok)
SELECT r.model, r.input_microusd_per_mtok, r.output_microusd_per_mtok, r.cached_microusd_per_mtok
FROM jsonb_populate_recordset(NULL::model_prices, $1::jsonb) r
ON CONFLICT (model) DO UPDATE SET
    input_microusd_per_mtok = excluded.input_microusd_per_mtok, output_microusd_per_mtok = excluded.output_microusd_per_mtok,
    cached_microusd_per_mtok = excluded.cached_microusd_per_mtok, effective_from = now()
WHERE (p.input_microusd_per_mtok, p.output_microusd_per_mtok, p.cached_microusd_per_mtok)
      IS DISTINCT FROM (excluded.input_microusd_per_mtok, excluded.output_microusd_per_mtok, excluded.cached_microusd_per_mtok)
