-- The whole ordered list, first = cover. $1 bigint id, $2 jsonb array of {url, alt, width, height}
INSERT INTO property_images (property_id, url, alt, position, width, height)
SELECT $1::bigint, i.url, coalesce(i.alt, '{}'), i.n - 1, i.width, i.height
FROM ROWS FROM (jsonb_to_recordset($2::jsonb) AS (url text, alt jsonb, width int, height int)) WITH ORDINALITY
    AS i (url, alt, width, height, n)
