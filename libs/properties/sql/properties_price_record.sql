-- A new entry of the price history, as the property stands now. $1 bigint id, $2 bigint who
INSERT INTO property_price_history (property_id, price_minor, currency, changed_by)
SELECT id, price_minor, currency, $2::bigint FROM properties WHERE id = $1::bigint
