-- Prices of models not in the list go. $1 jsonb list of objects with the table's columns
DELETE FROM model_prices p
WHERE p.model NOT IN (SELECT r.model FROM jsonb_populate_recordset(NULL::model_prices, $1::jsonb) r)
