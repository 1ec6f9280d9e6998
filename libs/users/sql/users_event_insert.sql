-- Remembers a delivery; no row changes if it was here before. $1 text id of the delivery, $2 text type
INSERT INTO webhook_events (provider, external_id, type, processed_at)
VALUES ('clerk', $1::text, $2::text, now())
ON CONFLICT DO NOTHING
